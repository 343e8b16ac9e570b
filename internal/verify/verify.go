package verify

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/history"
	"takeback/internal/mail"
	"takeback/internal/seal"
	"takeback/internal/sms"
)

// Post takes letters in.
type Post interface {
	Queue(tx *db.Tx, l mail.Letter) (id string, err error)
}

// Exposure knows what the intruder had in his hands; package investigate finds it out.
type Exposure interface {
	// Exposed gives the versions of contacts and secrets that prove nothing any more.
	Exposed(tx *db.Tx, account string) (map[string]bool, error)
}

// SavedCodes knows the codes that a holder keeps on paper, and those of his app.
type SavedCodes interface {
	// SpendSaved uses a saved code up and gives the secret it belongs to; ok is false if it is none.
	SpendSaved(tx *db.Tx, account string, code seal.Secret) (from account.Secret, ok bool, err error)
	// SpendApp is SpendSaved for a code of the authenticator app.
	SpendApp(tx *db.Tx, account string, code seal.Secret) (from account.Secret, ok bool, err error)
}

// Keys knows the passkeys of a holder.
type Keys interface {
	// AskKey asks a browser to present a passkey in a case.
	AskKey(tx *db.Tx, account, caseID, device string) (options json.RawMessage, err error)
	// TakeKey takes the answer and gives the secret that was presented; ok is false if it is none.
	TakeKey(tx *db.Tx, account, caseID, device, answer string) (from account.Secret, ok bool, err error)
}

// Texts sends codes to telephones.
type Texts interface {
	Takes(number string) bool
	Queue(tx *db.Tx, m sms.Message) error
}

// Undoer lets an account go that was stopped by mistake. Room freeze is one.
type Undoer interface {
	// MayUndo tells whether a case is one whose freeze its holder may undo.
	MayUndo(tx *db.Tx, caseID string) (bool, error)
	// Undo does it. It returns an error in public words if it may not be.
	Undo(tx *db.Tx, caseID string, by access.Actor) error
}

// Eyes knows whether two members of staff are two people. It is the desk.
type Eyes interface {
	// Apart returns an error in public words if one of the two may have the other in his hand.
	Apart(tx *db.Tx, one, other string, opened time.Time) error
}

// Examiner finds out who the holder is.
type Examiner struct {
	DB      *db.DB
	Files   *casefile.Files
	Seal    *seal.Keeper
	Post    Post
	Exposed Exposure   // may be nil: nothing is known to be exposed
	Saved   SavedCodes // may be nil: nobody has saved codes or an app
	Keys    Keys       // may be nil: nobody has passkeys
	Texts   Texts      // may be nil: nobody is texted
	Undoer  Undoer     // may be nil: no holder undoes a freeze himself
	Eyes    Eyes       // may be nil where nobody lets staff in
}

// The errors of this package.
var (
	ErrNoLook    = fault.New(fault.Forbidden, "verify.no-look", "Open the case first: every look at an account leaves an entry.")
	ErrStale     = fault.New(fault.Conflict, "case.stale", "Somebody else worked on this case meanwhile. Nothing of yours was done; please look at it as it is now.")
	ErrNoAccount = fault.New(fault.Conflict, "verify.no-account", "This case names no account yet.")
	ErrUnclean   = fault.New(fault.Conflict, "verify.unclean", "This contact is not good for a proof: it was set or changed too close to the incident.")
	ErrNotCalled = fault.New(fault.Conflict, "verify.not-called", "Nobody has looked at this number in this case within the last hour. Show it first, and call it.")
	ErrOften     = fault.New(fault.TooMany, "verify.often", "Too many codes were sent in this case today.").After(time.Hour)
	ErrWrongCode = fault.New(fault.Invalid, "verify.code", "This code is wrong, or no longer valid. Please look at the newest letter, or ask for a new code.").On("code")
	ErrAsked     = fault.New(fault.Conflict, "verify.asked", "This question was put already. A second try would be a guess.")
	ErrNoneSuch  = fault.New(fault.NotFound, "verify.none", "There is no such question or contact in this case.")
	ErrSame      = fault.New(fault.Forbidden, "verify.same", "This needs a second person.")
	ErrNoWaiver  = fault.New(fault.Conflict, "verify.no-waiver", "An exception is only for accounts that have no second method, after everything they have was proved.")
	ErrNotUndone = fault.New(fault.Forbidden, "verify.not-undone", "This does not suffice to undo it here. Nothing is lost: one of our people will help you, on this page or by telephone.")
	ErrProofs    = fault.New(fault.Invalid, "verify.proofs", "The password or the code is not right, or they were tried too often today.").On("code")
	ErrContested = fault.New(fault.Conflict, "verify.contested", "It is marked already that a second person says he is the holder.")
)

// picture is all that a verdict is made from, read in one transaction.
type picture struct {
	c        casefile.Case
	account  account.Account
	began    Incident
	mail     []account.Contact
	phones   []account.Contact
	changes  []history.Change
	facts    []account.Fact
	exposed  map[string]bool
	contests []Contest
	judged   Facts // proofs with their worth
	verdict  Verdict
}

// look reads the picture of a case.
func (x *Examiner) look(tx *db.Tx, c casefile.Case) (p picture, err error) {
	p.c = c
	if c.Account == "" {
		return p, nil
	}
	if p.account, err = account.Get(tx, c.Account); err != nil {
		return p, err
	}
	if p.changes, err = history.Of(tx, c.Account); err != nil {
		return p, err
	}
	contacts, err := account.Contacts(tx, c.Account)
	if err != nil {
		return p, err
	}
	if p.facts, err = account.Facts(tx, c.Account); err != nil {
		return p, err
	}
	if x.Exposed != nil {
		if p.exposed, err = x.Exposed.Exposed(tx, c.Account); err != nil {
			return p, err
		}
	}
	p.began = began(p.changes, c.ReportedSeq, c.OpenedAt)
	p.mail, p.phones = cleanMail(contacts, p.began, c.OpenedAt), cleanPhones(contacts, p.began)
	return p, x.judge(tx, &p, contacts)
}

// judge fills in proofs and verdict.
func (x *Examiner) judge(tx *db.Tx, p *picture, contacts []account.Contact) (err error) {
	f := Facts{Suspect: p.began.Seq, Exposed: p.exposed, Settled: settledBy(p.changes, p.c.OpenedAt), Now: tx.Now}
	if f.Proofs, err = proofs(tx, p.c.ID); err != nil {
		return err
	}
	links, err := linkProofs(tx, *p, contacts)
	if err != nil {
		return err
	}
	f.Proofs = append(links, f.Proofs...)
	if f.Offers, err = x.offers(tx, *p); err != nil {
		return err
	}
	if f.Waiver, err = waiverOf(tx, p.c.ID); err != nil {
		return err
	}
	if p.contests, err = contests(tx, p.c.ID); err != nil {
		return err
	}
	f.Contest = slices.ContainsFunc(p.contests, func(c Contest) bool { return c.SettledBy == "" })
	p.verdict = Judge(f)
	p.judged = f
	return nil
}

// linkProofs finds who came by a link in a letter: that he had the letter shows that he reads the mailbox.
func linkProofs(tx *db.Tx, p picture, contacts []account.Contact) (out []Proof, err error) {
	reporters, err := casefile.Reporters(tx, p.c.ID)
	if err != nil {
		return nil, err
	}
	for _, r := range reporters {
		i := slices.IndexFunc(contacts, func(c account.Contact) bool { return r.Via != "" && c.Version == r.Via })
		if i < 0 {
			continue
		}
		proof := Proof{ID: r.ID, Case: p.c.ID, Reporter: r.ID, Method: Link, Path: contacts[i].Slot, Version: r.Via, SetSeq: contacts[i].SetSeq,
			Good: true, At: r.At, Role: string(access.Nobody), Until: r.At.Add(freshFor)}
		if !slices.ContainsFunc(p.mail, func(c account.Contact) bool { return c.Version == r.Via }) {
			proof.SetSeq = math.MaxInt64 // every contact of a month is told, also those given up long ago: a letter there proves little
		}
		out = append(out, proof)
	}
	return out, nil
}

// offers lists the classes that the account could be proved by.
func (x *Examiner) offers(tx *db.Tx, p picture) (out []Class, err error) {
	usable := func(c account.Contact) bool { return !p.exposed[c.Version] }
	if slices.ContainsFunc(p.mail, usable) {
		out = append(out, Mailbox)
	}
	if slices.ContainsFunc(p.phones, usable) {
		out = append(out, Phone)
	}
	if x.Saved == nil {
		return out, nil
	}
	secrets, err := account.Secrets(tx, p.c.Account)
	for _, s := range secrets {
		class, ours := secretClass(s.Slot)
		if ours && s.SetSeq < p.began.Seq && s.Until.IsZero() && !p.exposed[s.Version] && !slices.Contains(out, class) {
			out = append(out, class)
		}
	}
	return out, err
}

// Proved tells whether the holder of a case is proved well enough to return the account.
func (x *Examiner) Proved(tx *db.Tx, caseID string) (bool, error) {
	c, err := casefile.Get(tx, caseID)
	if err != nil {
		return false, err
	}
	p, err := x.look(tx, c)
	return p.verdict.Return, err
}

// Sure tells how sure we are of the holder of a case: whether well enough to
// return the account, by which different proofs, and at which of her contacts
// nobody else can be: those that were good before the incident and are not exposed.
func (x *Examiner) Sure(tx *db.Tx, caseID string) (proved bool, by []string, reach []account.Contact, err error) {
	defer fault.Wrap(&err, "verify.Sure(%s)", caseID)
	c, err := casefile.Get(tx, caseID)
	if err != nil {
		return false, nil, nil, err
	}
	p, err := x.look(tx, c)
	if err != nil {
		return false, nil, nil, err
	}
	for _, class := range p.verdict.Classes {
		by = append(by, string(class))
	}
	if p.verdict.Waived {
		by = append(by, "waiver")
	}
	reach = slices.DeleteFunc(p.mail, func(c account.Contact) bool { return p.exposed[c.Version] })
	return p.verdict.Return, by, reach, nil
}

// Consider moves a case to Verified if its holder is proved and the case may go
// there. Every verb of this package calls it; so should who freezes an account
// whose holder was proved before.
func (x *Examiner) Consider(tx *db.Tx, caseID string, by access.Actor) error {
	c, err := casefile.Get(tx, caseID)
	if err != nil || !casefile.May(c.Step, casefile.Verified) {
		return err
	}
	// Every account that is stopped comes by here, most of them with nothing to consider yet.
	if n, err := pieces(tx, caseID); err != nil || n == 0 {
		return err
	}
	p, err := x.look(tx, c)
	if err != nil || !p.verdict.Return {
		return err
	}
	_, err = x.Files.Advance(tx, caseID, casefile.Verified, by)
	return err
}

// Channel is a contact that a proof may come from.
type Channel struct {
	Slot, Version, Masked string
	Since                 time.Time
	Exposed               bool
}

// Asked is a question of the script, with what came of it.
type Asked struct {
	Asking
	Put   bool // it was put
	Right bool
}

// Script is what an agent follows to find out who the holder is. Nothing in it
// helps a caller: no answer, no code, no contact in clear.
type Script struct {
	Began     time.Time // when the incident began, as far as is known
	Questions []Asked
	Mail      []Channel
	Phones    []Channel
	Codes     []Sent
	Proofs    []Proof
	Verdict   Verdict
	Waiver    Waiver
	Contests  []Contest
}

// Script gives the script of a case. by must be the grant that opening the
// case gave (package desk): who left no entry sees nothing.
func (x *Examiner) Script(ctx context.Context, by access.Actor, caseID string) (s Script, err error) {
	defer fault.Wrap(&err, "verify.Script(%s)", caseID)
	if by.Case != caseID {
		return s, ErrNoLook
	}
	err = x.DB.Read(ctx, func(tx *db.Tx) error {
		c, err := casefile.Get(tx, caseID)
		if err != nil || c.Account == "" {
			return err
		}
		p, err := x.look(tx, c)
		if err != nil {
			return err
		}
		s = Script{Began: p.began.At, Mail: p.channels(p.mail), Phones: p.channels(p.phones), Proofs: p.judged.Proofs, Verdict: p.verdict,
			Waiver: p.judged.Waiver, Contests: p.contests}
		for _, q := range questions(p.changes, p.facts, p.began.Seq, caseID) {
			a := Asked{Asking: q}
			for _, proof := range s.Proofs {
				if proof.Method == Question && proof.Path == q.ID {
					a.Put, a.Right = true, proof.Good
				}
			}
			s.Questions = append(s.Questions, a)
		}
		s.Codes, err = sent(tx, caseID)
		return err
	})
	return s, err
}

func (p picture) channels(from []account.Contact) (out []Channel) {
	for _, c := range from {
		out = append(out, Channel{Slot: c.Slot, Version: c.Version, Masked: mail.Mask(c.Address), Since: c.From, Exposed: p.exposed[c.Version]})
	}
	return out
}

// act runs an act of staff on a case: the look was entered, the case is as the
// page showed it (rev 0 asks for no check), an account is named.
func (x *Examiner) act(ctx context.Context, by access.Actor, caseID string, rev int64, do func(tx *db.Tx, p picture) error) error {
	if by.Case != caseID {
		return ErrNoLook
	}
	return x.DB.Write(ctx, func(tx *db.Tx) error {
		c, err := casefile.Get(tx, caseID)
		switch {
		case err != nil:
			return err
		case rev != 0 && c.Revision != rev:
			return ErrStale
		case c.Account == "":
			return ErrNoAccount
		case c.Step.Over():
			return casefile.ErrStep
		}
		p, err := x.look(tx, c)
		if err != nil {
			return err
		}
		if err := do(tx, p); err != nil {
			return err
		}
		return x.Consider(tx, caseID, by)
	})
}

// reporter checks who is meant: one who speaks in the case, or nobody.
func reporter(tx *db.Tx, caseID, id string) error {
	if id == "" {
		return nil
	}
	r, err := casefile.ReporterOf(tx, id)
	if err == nil && r.Case != caseID || errors.Is(err, casefile.ErrNone) {
		return casefile.ErrWhom
	}
	return err
}
