package notice

import (
	"context"
	"errors"
	"strings"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/history"
	"takeback/internal/mail"
	"takeback/internal/seal"
	"takeback/internal/session"
)

// tryIn is how seldom it is told that somebody tried and did not come in.
const tryIn = 24 * time.Hour

const notMePath = "/not-me/"

// How often one client, and how often about one address, may ask whether a letter is ours.
const (
	checksFrom  = 30
	checksAbout = 10
	checksIn    = time.Hour
)

// Link is what the link of a notice carries. It is of one mailbox, so that the
// desk knows which one somebody read who used it. It gives no access.
type Link struct {
	Number  string `json:"number"`
	Seq     int64  `json:"seq"`     // the change the notice is about
	Version string `json:"version"` // of the contact that was written to
}

// Teller tells.
type Teller struct {
	DB    *db.DB
	Post  *mail.Post
	Seal  *seal.Keeper
	Kinds account.Kinds
	Place func(ip string) string // roughly where an address is, in words; may be nil
}

// Hear tells of a change, in its transaction. It is meant for history.Book.OnAppend.
func (t *Teller) Hear(tx *db.Tx, c history.Change) (err error) {
	defer fault.Wrap(&err, "notice.Hear(%s %d)", c.Account, c.Seq)
	if c.Erased {
		// Of all letters only the one after a case says values whole, and this may be one of them.
		if err := mail.Forget(tx, c.Account, mail.KindHandBack); err != nil {
			return err
		}
	}
	kind, _ := t.Kinds.Of(c.Path)
	known, first := false, false
	switch c.Verb {
	case history.Open, history.Recover, history.Handover:
		if known, first, err = familiar(tx, c); err != nil {
			return err
		}
	}
	event := eventOf(c, kind.Tell, known, first)
	if event == "" {
		return nil
	}
	n := news{
		event: event, path: c.Path, seq: c.Seq, epoch: c.Epoch, at: c.At, by: access.Actor{Role: c.Role, ID: c.Actor, Client: c.Client},
		from: masked(kind, account.Fact{Value: c.Before}), to: masked(kind, account.Fact{Value: c.After}),
	}
	if kind.Algebra == account.ContactOf && c.Before != nil {
		// From the change itself: what the account says now is already the new address.
		n.replaced = account.Contact{Account: c.Account, Slot: c.Path, Address: account.Fact{Value: c.Before}.Text()}
	}
	if id, ok := strings.CutPrefix(c.Path, "passkey/"); ok {
		name, err := account.FactAt(tx, c.Account, "passkey-name/"+id)
		if err != nil {
			return err
		}
		n.named = name.Text()
	}
	return t.tell(tx, c.Account, n)
}

// familiar tells whether the device of a session was used before, and whether
// the session is the first one after a registration.
func familiar(tx *db.Tx, c history.Change) (known, first bool, err error) {
	known, used, err := history.SeenDevice(tx, c.Account, c.Device, c.Seq)
	if err != nil || used {
		return known, false, err
	}
	a, err := account.Get(tx, c.Account)
	if err != nil {
		return known, false, err
	}
	facts, err := account.Facts(tx, c.Account)
	return known, firstOf(a.CreatedAt, c.At, facts), err
}

// Pending is a change that was asked for and waits, because the account is guarded.
type Pending struct {
	Account string
	Path    string
	To      string    // the new value; shown masked
	Due     time.Time // when it takes effect
	By      access.Actor
}

// TellRequested tells of a change that will take effect later: nobody may be
// surprised by it, and whoever did not ask for it can stop the account.
func (t *Teller) TellRequested(tx *db.Tx, p Pending) error {
	return t.pending(tx, p, mail.Requested)
}

// TellCancelled tells that a change which was asked for will not be made.
func (t *Teller) TellCancelled(tx *db.Tx, p Pending) error {
	p.Due = time.Time{}
	return t.pending(tx, p, mail.Cancelled)
}

// TellWrongSecond tells that a right password was followed by a wrong second
// step: somebody may know the password. Once a day and account is enough, or
// whoever tries could fill the holder's mailbox.
func (t *Teller) TellWrongSecond(tx *db.Tx, accountID string, from access.Client) (err error) {
	defer fault.Wrap(&err, "notice.TellWrongSecond(%s)", accountID)
	return t.tried(tx, accountID, mail.WrongSecond, tx.Now.Add(-tryIn), from)
}

// TellCopied tells that a passkey was presented of which there seem to be two, as seldom.
func (t *Teller) TellCopied(tx *db.Tx, accountID string, from access.Client) (err error) {
	defer fault.Wrap(&err, "notice.TellCopied(%s)", accountID)
	return t.tried(tx, accountID, mail.CopiedKey, tx.Now.Add(-tryIn), from)
}

// tried tells of something that was tried, unless it was told since a time.
func (t *Teller) tried(tx *db.Tx, accountID string, e mail.Event, since time.Time, from access.Client) error {
	told, err := toldSince(tx, accountID, e, since)
	if err != nil || told {
		return err
	}
	// It is about no change, so its link names none.
	a, err := account.Get(tx, accountID)
	if err != nil {
		return err
	}
	return t.tell(tx, accountID, news{event: e, epoch: a.Epoch, at: tx.Now, by: access.Actor{Client: from}, asked: true})
}

// TellListed tells that the password was right and is on a list of intruders.
// Once for each password, which is known by since when it is kept.
func (t *Teller) TellListed(tx *db.Tx, accountID string, since time.Time, from access.Client) (err error) {
	defer fault.Wrap(&err, "notice.TellListed(%s)", accountID)
	return t.tried(tx, accountID, mail.Listed, since, from)
}

// ToldListed tells whether it was told of the password that is kept since a time.
func (t *Teller) ToldListed(tx *db.Tx, accountID string, since time.Time) (bool, error) {
	return toldSince(tx, accountID, mail.Listed, since)
}

// TellReplayed tells that a token was used twice by which a service kept the
// holder signed in: somebody may have copied it. The sign-in there is over.
func (t *Teller) TellReplayed(tx *db.Tx, accountID, service string, from access.Client) (err error) {
	defer fault.Wrap(&err, "notice.TellReplayed(%s)", accountID)
	a, err := account.Get(tx, accountID)
	if err != nil {
		return err
	}
	return t.tell(tx, accountID, news{event: mail.Replayed, seq: a.Head, epoch: a.Epoch, at: tx.Now, by: access.Actor{Client: from}, what: service, asked: true})
}

func (t *Teller) pending(tx *db.Tx, p Pending, e mail.Event) error {
	a, err := account.Get(tx, p.Account)
	if err != nil {
		return err
	}
	to := ""
	if kind, _ := t.Kinds.Of(p.Path); kind.Algebra == account.ContactOf {
		to = mail.Mask(p.To)
	}
	return t.tell(tx, p.Account, news{event: e, path: p.Path, seq: a.Head, epoch: a.Epoch, at: tx.Now, due: p.Due, by: p.By, to: to, asked: true})
}

// news is what one notice says.
type news struct {
	event    mail.Event
	path     string
	seq      int64
	epoch    int64 // of the account
	at, due  time.Time
	by       access.Actor
	from, to string          // masked
	replaced account.Contact // the contact that a change takes away
	what     string          // what it is about, where that is no path
	asked    bool            // no change yet: nothing that seq set is new
	named    string          // what its holder calls it, of things that have names
}

// tell writes one letter to every address that must hear, all with one number.
func (t *Teller) tell(tx *db.Tx, accountID string, n news) error {
	h, err := account.HearerOf(tx, accountID)
	if err != nil {
		return err
	}
	sets := n.seq
	if n.asked {
		sets = 0
	}
	if n.path == "name" {
		h.Name = "" // no reader is greeted by what an intruder wrote
	}
	to, untold := readers(h.Contacts, heldLately(h.Contacts, tx.Now), n.replaced, sets)
	number := mail.NewNumber()
	stops := account.StopFor(h.Contacts, tx.Now)
	for _, r := range to {
		token, err := t.Seal.Issue(tx, seal.NotMe, h.ID, n.epoch, stops, Link{number, n.seq, r.version})
		if err != nil {
			return err
		}
		body := t.body(tx, n, h.Language, token)
		body.NotMeUntil, body.Recovers = tx.Now.Add(stops), recovers(h.Contacts, r.version, tx.Now)
		l := mail.Letter{Account: h.ID, To: r.to, Name: h.Name, Language: h.Language, Number: number, Body: bodyOf(n, body)}
		if err := t.Post.QueueNew(tx, l); err != nil {
			return err
		}
	}
	return insert(tx, Told{Number: number, Account: h.ID, Seq: n.seq, Event: n.event, Path: n.path, Letters: len(to), Untold: untold})
}

// bodyOf gives a notice the letter that it is about: the end of an account is no change of a thing in it.
func bodyOf(n news, b mail.Notice) mail.Body {
	if n.path != account.Closing || n.event == mail.Removed { // a case that took it away puts it back by letters of its own
		return b
	}
	c := mail.Closing{Event: n.event, At: b.At, Due: b.Due, IP: b.IP, Place: b.Place, Device: b.Device, NotMe: b.NotMe, NotMeUntil: b.NotMeUntil}
	if n.event == mail.Changed { // the day came by itself; who had asked for it was told two weeks ago
		c.IP, c.Place, c.Device = "", "", ""
	}
	return c
}

func (t *Teller) body(tx *db.Tx, n news, language, token string) mail.Notice {
	b := mail.Notice{Event: n.event, From: n.from, To: n.to, At: n.at, Due: n.due, ByStaff: n.by.Role.Staff(),
		NotMe: notMePath + token}
	switch n.event {
	case mail.SignedIn, mail.WrongSecond, mail.Listed, mail.CopiedKey:
	case mail.Replayed:
		b.What = n.what
	default:
		kind, _ := t.Kinds.Of(n.path)
		b.What = named(What(kind, n.path, language), n.named, language)
	}
	if !b.ByStaff { // where our own people sit is nobody's business
		b.IP, b.Device = n.by.Client.IP, session.Describe(n.by.Client.UserAgent)
		if b.Device == "?" {
			b.Device = ""
		}
		if t.Place != nil {
			b.Place = t.Place(b.IP)
		}
	}
	return b
}

// NotMe gives the path of a link "this was not me" for a letter that another
// room writes, and until when it lasts.
func (t *Teller) NotMe(tx *db.Tx, accountID string, epoch int64, l Link) (path string, until time.Time, err error) {
	contacts, err := account.Contacts(tx, accountID)
	if err != nil {
		return "", until, err
	}
	stops := account.StopFor(contacts, tx.Now)
	token, err := t.Seal.Issue(tx, seal.NotMe, accountID, epoch, stops, l)
	return notMePath + token, tx.Now.Add(stops), err
}

// TellFrozen tells every contact that the account of a case is held still, and
// which orders (their paths) with it. Every letter has a link of its own to the page of the case.
func (t *Teller) TellFrozen(tx *db.Tx, c casefile.Case, orders ...string) error {
	return t.about(tx, c, func(link, language string) mail.Body {
		b := mail.Frozen{Case: c.ID, At: tx.Now, Link: link}
		for _, path := range orders {
			b.Held = append(b.Held, order(path, language))
		}
		return b
	})
}

// TellFalseAlarm sends the letter that the account was let go to every contact.
func (t *Teller) TellFalseAlarm(tx *db.Tx, c casefile.Case, letter mail.FalseAlarm) error {
	return t.about(tx, c, func(link, _ string) mail.Body {
		letter.Link = link
		return letter
	})
}

// TellRecovery tells every contact that somebody wants back in without a second
// factor, each with a link that stops it; or, with no recovery named, that it was stopped.
func (t *Teller) TellRecovery(tx *db.Tx, accountID, recovery string, b mail.Recovering) (err error) {
	defer fault.Wrap(&err, "notice.TellRecovery(%s)", accountID)
	h, err := account.HearerOf(tx, accountID)
	if err != nil {
		return err
	}
	a, err := account.Get(tx, accountID)
	if err != nil {
		return err
	}
	to, _ := readers(h.Contacts, heldLately(h.Contacts, tx.Now), account.Contact{}, 0)
	number := mail.NewNumber()
	for _, r := range to {
		// It is about no change, so its link names none.
		if b.NotMe, b.NotMeUntil, err = t.NotMe(tx, h.ID, a.Epoch, Link{number, 0, r.version}); err != nil {
			return err
		}
		if recovery != "" {
			token, err := t.Seal.Issue(tx, seal.RecoverStop, h.ID, a.Epoch, b.Due.Add(24*time.Hour).Sub(tx.Now), recovery)
			if err != nil {
				return err
			}
			b.Stop = "/recover/stop/" + token
		}
		if err := t.Post.QueueNew(tx, mail.Letter{Account: h.ID, To: r.to, Language: h.Language, Number: number, Body: b}); err != nil {
			return err
		}
	}
	return nil
}

// TellUndone tells every contact that an account was let go by its holder
// himself, by what (paths of secrets), with a link that stops it once more.
func (t *Teller) TellUndone(tx *db.Tx, c casefile.Case, stopped time.Time, by []string) (err error) {
	defer fault.Wrap(&err, "notice.TellUndone(%s)", c.ID)
	h, err := account.HearerOf(tx, c.Account)
	if err != nil {
		return err
	}
	a, err := account.Get(tx, c.Account)
	if err != nil {
		return err
	}
	var with []string
	for _, path := range by {
		kind, _ := t.Kinds.Of(path)
		with = append(with, What(kind, path, h.Language))
	}
	to, _ := readers(h.Contacts, heldLately(h.Contacts, tx.Now), account.Contact{}, 0)
	number := mail.NewNumber()
	for _, r := range to {
		link, until, err := t.NotMe(tx, h.ID, a.Epoch, Link{number, a.Head, r.version})
		if err != nil {
			return err
		}
		l := mail.Letter{Account: h.ID, Case: c.ID, To: r.to, Language: h.Language, Number: number,
			Body: mail.Undone{Case: c.ID, Stopped: stopped, At: tx.Now, By: with, NotMe: link, NotMeUntil: until}}
		if err := t.Post.QueueNew(tx, l); err != nil {
			return err
		}
	}
	return nil
}

func (t *Teller) about(tx *db.Tx, c casefile.Case, body func(link, language string) mail.Body) (err error) {
	defer fault.Wrap(&err, "notice(%s)", c.ID)
	h, err := account.HearerOf(tx, c.Account)
	if err != nil {
		return err
	}
	to, _ := readers(h.Contacts, heldLately(h.Contacts, tx.Now), account.Contact{}, 0)
	for _, r := range to {
		token, err := casefile.Page{Case: c.ID, Via: r.version}.Link(tx, t.Seal)
		if err != nil {
			return err
		}
		l := mail.Letter{Account: h.ID, Case: c.ID, To: r.to, Language: h.Language, Body: body(casefile.PagePath(c.ID, token), h.Language)}
		if err := t.Post.QueueNew(tx, l); err != nil {
			return err
		}
	}
	return nil
}

// Check answers "is this letter from you?" with one shape for every answer. It
// refuses (casefile.ErrKnock) who asks too often, or too often about one address.
func (t *Teller) Check(ctx context.Context, number, email string, by access.Actor) (c mail.Checked, err error) {
	defer fault.Wrap(&err, "notice.Check")
	about := email
	if a, err := mail.ParseAddress(email); err == nil {
		about = a.Key()
	}
	err = t.DB.Write(ctx, func(tx *db.Tx) error {
		if err := casefile.Knock(tx, "check", t.Seal.Hash("knock", by.Client.Net()), checksFrom, checksIn); err != nil {
			return err
		}
		if err := casefile.Knock(tx, "check-address", t.Seal.Hash("knock", about), checksAbout, checksIn); err != nil {
			return err
		}
		c, err = mail.Check(tx, number, email)
		return err
	})
	return c, err
}

// lettersShown is how many letters a page lists.
const lettersShown = 50

// Letters lists what was sent to the holder who asks, newest first, a page at a
// time: before is empty or the letter at which the page before ended, older the one at
// which this one ends, or empty if it is the last. What is no letter of theirs begins at the newest.
func (t *Teller) Letters(ctx context.Context, by access.Actor, before string) (page []mail.Record, older string, err error) {
	err = t.DB.Read(ctx, func(tx *db.Tx) error {
		last, err := mail.SentAs(tx, by.Account, before)
		switch {
		case errors.Is(err, db.ErrNone):
			page, err = mail.Sent(tx, by.Account, lettersShown+1)
		case err == nil:
			page, err = mail.SentBefore(tx, by.Account, last, lettersShown+1)
		}
		return err
	})
	if len(page) > lettersShown {
		page = page[:lettersShown]
		older = page[lettersShown-1].ID
	}
	return page, older, err
}
