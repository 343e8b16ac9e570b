package ask

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/finding"
	"takeback/internal/history"
	"takeback/internal/mail"
	"takeback/internal/seal"
	"takeback/internal/session"
)

// Prover says how sure we are of a holder; package verify is one.
type Prover interface {
	// Sure tells whether the holder of a case is proved well enough to return the account, by which different proofs, and at which contacts nobody else can be.
	Sure(tx *db.Tx, caseID string) (proved bool, by []string, reach []account.Contact, err error)
}

// Finder is whoever investigates.
type Finder interface {
	// Findings gives the history of the account of a case, and what was found about it.
	Findings(tx *db.Tx, c casefile.Case) ([]history.Change, finding.Findings, error)
	// TakeWord keeps what the holder says of something suspect.
	TakeWord(tx *db.Tx, by access.Actor, c casefile.Case, mine bool, about ...finding.Node) error
}

// Planner is whoever restores.
type Planner interface {
	// Open gives what a plan would ask the holder now.
	Open(tx *db.Tx, c casefile.Case) ([]Open, error)
	// Answer keeps the holder's answer to one of these.
	Answer(tx *db.Tx, by access.Actor, c casefile.Case, q Open, answer string) error
	// Afresh does something and makes the plan of a case anew, if there is one, in the same transaction.
	Afresh(ctx context.Context, caseID string, do func(tx *db.Tx) error) error
}

// Asker asks holders.
type Asker struct {
	DB       *db.DB
	Book     *history.Book
	Files    *casefile.Files
	Sessions *session.Sessions
	Seal     *seal.Keeper
	Post     *mail.Post
	Prover   Prover
	Finder   Finder
	Planner  Planner
}

// The errors of this room besides seal.ErrNoLink, which is the answer to every link that opens nothing.
var (
	ErrForbidden = fault.New(fault.Forbidden, "ask.forbidden", "You may not do this.")
	ErrNoLook    = fault.New(fault.Forbidden, "ask.no-look", "Open the case first: every look at an account leaves an entry.")
	ErrUnproved  = fault.New(fault.Conflict, "ask.unproved", "The holder is not proved yet. Only a proved holder is asked.")
	ErrNotHeld   = fault.New(fault.Conflict, "ask.not-held", "The account is not held still, so there is nothing to ask.")
	ErrUnclean   = fault.New(fault.Conflict, "ask.unclean", "This address is not good for the link: somebody else may read it.")
	ErrClosed    = fault.New(fault.Unauthenticated, "recovery.over", "This page is closed now. Nothing that you told us is lost.")
	ErrUnasked   = fault.New(fault.Conflict, "recovery.unasked", "This is not asked any more, or it has changed. Please look at the questions as they are now.")
	ErrAnswer    = fault.New(fault.Invalid, "recovery.answer", "Please choose one of the answers.")
)

const (
	linkFor = 24 * time.Hour
	linksIn = 6 // of one case in a day
)

// invitation is what a link stands for.
type invitation struct {
	Case    string `json:"case"`
	Version string `json:"version"` // of the contact that it was sent to
}

// Invite sends the holder of a case the link to the questions, at an address
// that was good before the incident. by is the grant that opening the case gave. Only the newest link counts.
func (a *Asker) Invite(ctx context.Context, by access.Actor, caseID, version string) (err error) {
	defer fault.Wrap(&err, "ask.Invite(%s)", caseID)
	switch {
	case !by.May(access.DeskWork):
		return ErrForbidden
	case by.Case != caseID:
		return ErrNoLook
	}
	return a.DB.Write(ctx, func(tx *db.Tx) error {
		c, err := casefile.Get(tx, caseID)
		if err != nil {
			return err
		}
		of, to, err := a.may(tx, c, version)
		if err != nil {
			return err
		}
		address, err := mail.ParseAddress(to.Address)
		if err != nil {
			return ErrUnclean.Because(err)
		}
		if err := casefile.Knock(tx, "ask-invite", a.Seal.Hash("ask-invite", caseID), linksIn, 24*time.Hour); err != nil {
			return err
		}
		if err := seal.Void(tx, of.ID, seal.Questions); err != nil {
			return err
		}
		token, err := a.Seal.Issue(tx, seal.Questions, of.ID, of.Epoch, linkFor, invitation{caseID, version})
		if err != nil {
			return err
		}
		// Without a name: it may be what the intruder wrote.
		if _, err := a.Post.Queue(tx, mail.Letter{Account: of.ID, Case: caseID, To: address, Language: of.Language,
			Body: mail.Questions{Case: caseID, Link: "/recovery/" + token, Until: tx.Now.Add(linkFor)}}); err != nil {
			return err
		}
		return a.Files.Note(tx, caseID, by, "ask.sent", mail.Mask(to.Address))
	})
}

// may tells whether the holder of a case can be asked now, by way of a contact version.
func (a *Asker) may(tx *db.Tx, c casefile.Case, version string) (of account.Account, to account.Contact, err error) {
	if c.Account == "" || c.Step.Over() {
		return of, to, ErrNotHeld
	}
	if of, err = account.Get(tx, c.Account); err != nil {
		return of, to, err
	}
	if of.State != account.Frozen && of.State != account.Restoring {
		return of, to, ErrNotHeld
	}
	proved, _, reach, err := a.Prover.Sure(tx, c.ID)
	if err != nil {
		return of, to, err
	}
	if !proved {
		return of, to, ErrUnproved
	}
	i := slices.IndexFunc(reach, func(k account.Contact) bool { return k.Version == version })
	if i < 0 {
		return of, to, ErrUnclean
	}
	return of, reach[i], nil
}

// Peek tells whether a link would open a session. It uses nothing up: programs that scan mail open every link.
func (a *Asker) Peek(ctx context.Context, token string) (err error) {
	defer fault.Wrap(&err, "ask.Peek")
	return a.DB.Read(ctx, func(tx *db.Tx) error {
		_, err := a.invited(tx, token)
		return err
	})
}

// guest is who a good link lets in.
type guest struct {
	link seal.Link
	c    casefile.Case
	of   account.Account
	via  account.Contact
}

// invited finds what a link opens; whatever is wrong with it, a stranger hears one thing.
func (a *Asker) invited(tx *db.Tx, token string) (g guest, err error) {
	none := func(err error) error {
		if kind := fault.KindOf(err); err != nil && kind == fault.Internal {
			return err
		}
		return seal.ErrNoLink.Because(err)
	}
	if g.link, err = a.Seal.Peek(tx, seal.Questions, token); err != nil {
		return g, none(err)
	}
	var said invitation
	if err := g.link.Read(&said); err != nil {
		return g, err
	}
	if g.c, err = casefile.Get(tx, said.Case); err != nil {
		return g, none(err)
	}
	if g.of, g.via, err = a.may(tx, g.c, said.Version); err != nil {
		return g, none(err)
	}
	if g.c.Account != g.link.Account {
		return g, seal.ErrNoLink
	}
	if err := g.link.Check(tx.Now, g.of.Epoch); err != nil {
		return g, none(err)
	}
	return g, nil
}

// Enter uses a link up and opens the limited session that it stands for, bound to the present epoch of the account.
func (a *Asker) Enter(ctx context.Context, token string, from access.Client) (opened session.Session, key string, err error) {
	defer fault.Wrap(&err, "ask.Enter")
	err = a.DB.Write(ctx, func(tx *db.Tx) error {
		g, err := a.invited(tx, token)
		if err != nil {
			return err
		}
		if err := a.Seal.Spend(tx, g.link); err != nil {
			return seal.ErrNoLink.Because(err)
		}
		if opened, key, _, err = a.Sessions.Open(tx, session.Opening{Account: g.of, Verb: history.Recover, Limited: true, Case: g.c.ID, Client: from,
			Factors: []history.Factor{{Path: g.via.Slot, Version: g.via.Version, Proof: "link"}}}); err != nil {
			return err
		}
		return a.Files.Note(tx, g.c.ID, opened.Actor(from), "ask.opened", mail.Mask(g.via.Address))
	})
	return opened, key, err
}

// Language gives the language that the holder of an account reads.
func (a *Asker) Language(ctx context.Context, accountID string) (language string, err error) {
	err = a.DB.Read(ctx, func(tx *db.Tx) error {
		of, err := account.Get(tx, accountID)
		language = of.Language
		return err
	})
	return language, err
}

// Leave ends a limited session.
func (a *Asker) Leave(ctx context.Context, by access.Actor) (err error) {
	defer fault.Wrap(&err, "ask.Leave")
	return a.DB.Write(ctx, func(tx *db.Tx) error {
		err := a.Sessions.End(tx, by, by.Account, by.Session, "left")
		if errors.Is(err, db.ErrNone) {
			return nil
		}
		return err
	})
}

// table is the case that a limited session sits at, with everything that is asked there.
type table struct {
	c        casefile.Case
	of       account.Account
	sure     []string
	found    finding.Findings
	items    []Item
	contacts []account.Contact
}

// sit gives the table of a limited session, or ErrClosed: the case it was opened
// in must be open still, the holder proved, and the address the link went to as
// good as it was. What was found since may say otherwise.
func (a *Asker) sit(tx *db.Tx, by access.Actor) (t table, err error) {
	if !by.Limited || by.Account == "" {
		return t, ErrClosed
	}
	t.c, err = casefile.OfAccount(tx, by.Account)
	if errors.Is(err, casefile.ErrNone) {
		return t, ErrClosed
	}
	if err != nil {
		return t, err
	}
	h, found, err := a.Finder.Findings(tx, t.c)
	if err != nil {
		return t, err
	}
	i := slices.IndexFunc(h, func(c history.Change) bool { return c.Session == by.Session && c.Verb == history.Recover })
	if i < 0 || h[i].Case != t.c.ID || len(h[i].Factors) == 0 {
		return t, ErrClosed
	}
	proved, sure, reach, err := a.Prover.Sure(tx, t.c.ID)
	if err != nil {
		return t, err
	}
	via := func(k account.Contact) bool { return k.Version == h[i].Factors[0].Version }
	if !proved || !slices.ContainsFunc(reach, via) || found.Sessions[by.Session].Label() != finding.Clean {
		return t, ErrClosed
	}
	t.sure, t.found = sure, found
	if t.of, err = account.Get(tx, by.Account); err != nil {
		return t, err
	}
	facts, err := account.Facts(tx, by.Account)
	if err != nil {
		return t, err
	}
	open, err := a.Planner.Open(tx, t.c)
	if err != nil {
		return t, err
	}
	t.items = items(h, &found, open, facts, t.c.ID)
	all, err := account.Contacts(tx, by.Account)
	t.contacts = confirmable(all, &found)
	return t, err
}

// View is what the holder sees.
type View struct {
	Case     string
	Step     casefile.Step
	Items    []Item // what waits for an answer first
	Contacts []Contact
	Language string
}

// Waiting counts the questions that wait for an answer.
func (v View) Waiting() (n int) {
	for _, i := range v.Items {
		if !i.Unsure {
			n++
		}
	}
	return n
}

// Show gives the page of a limited session, or ErrClosed.
func (a *Asker) Show(ctx context.Context, by access.Actor) (v View, err error) {
	defer fault.Wrap(&err, "ask.Show")
	err = a.DB.Read(ctx, func(tx *db.Tx) error {
		t, err := a.sit(tx, by)
		if err != nil {
			return err
		}
		v = View{Case: t.c.ID, Step: t.c.Step, Items: t.items, Language: t.of.Language}
		for _, k := range t.contacts {
			v.Contacts = append(v.Contacts, Contact{Slot: k.Slot, Version: k.Version, Masked: mail.Mask(k.Address), Confirmed: k.ConfirmedAt})
		}
		return nil
	})
	return v, err
}

// Answer keeps what the holder says to a question that is asked, as a statement
// in the history and as evidence for whoever investigates; the plan is made anew in the same transaction.
func (a *Asker) Answer(ctx context.Context, by access.Actor, id, word string) (err error) {
	defer fault.Wrap(&err, "ask.Answer(%s)", word)
	var caseID string
	err = a.DB.Read(ctx, func(tx *db.Tx) error {
		c, err := casefile.OfAccount(tx, by.Account)
		caseID = c.ID
		return err
	})
	if errors.Is(err, casefile.ErrNone) || !by.Limited {
		return ErrClosed
	}
	if err != nil {
		return err
	}
	return a.Planner.Afresh(ctx, caseID, func(tx *db.Tx) error {
		t, err := a.sit(tx, by)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(t.items, func(i Item) bool { return i.ID == id })
		if i < 0 {
			return ErrUnasked
		}
		if !slices.Contains(t.items[i].Answers, word) {
			return ErrAnswer
		}
		return a.keep(tx, by, t, t.items[i], word)
	})
}

// keep enters an answer and hands it to whom it concerns.
func (a *Asker) keep(tx *db.Tx, by access.Actor, t table, item Item, word string) (err error) {
	if word == leave {
		word = history.Unsure
	}
	value, err := json.Marshal(history.Said{Word: word, About: item.names(), Sure: t.sure})
	if err != nil {
		return err
	}
	if _, err := a.Book.Append(tx, history.Entry{Account: t.of.ID, By: by, Verb: history.Statement, Value: value, Case: t.c.ID}); err != nil {
		return err
	}
	switch {
	case word == history.Unsure:
		return a.Files.Note(tx, t.c.ID, by, "said.unsure", "")
	case len(item.about) > 0:
		return a.Finder.TakeWord(tx, by, t.c, word == history.Mine, item.about...)
	}
	return a.Planner.Answer(tx, by, t.c, item.open, word)
}
