package casefile

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"

	"takeback/internal/access"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/seal"
)

// Reporter is somebody who speaks in a case. Two people may report about one
// account, and one of them may be the intruder: each sees only what is said to him.
type Reporter struct {
	ID       string
	Case     string
	At       time.Time
	Source   string // "not-me", "contact"
	Language string
	Login    string    // the sign-in name he says he has
	Claims   string    // the account of that name; for staff, and no proof of anything
	Via      string    // version of the contact whose letter brought him; empty if none did
	Address  string    // where he wants an answer; empty if nowhere
	ProvedAt time.Time // when the desk was sure that he is the holder; zero until then
}

// Callback is a wish to be called.
type Callback struct {
	ID          string
	Case        string
	Reporter    string // who asked; may be empty
	Phone       string // as given: for staff, and no proof of anything
	Best        string // "now", a time "HH:MM", or free words
	RequestedAt time.Time
	DueAt       time.Time
	TakenBy     string // id of staff; empty while nobody has it
	TakenAt     time.Time
	DoneAt      time.Time // zero while it is open
	Outcome     string    // "reached", "no-answer", …
}

// Who says a message.
const (
	FromHolder   = "holder"   // a reporter of whom the desk is sure
	FromStaff    = "staff"    //
	FromStranger = "stranger" // any other reporter
)

// Message is something said to or by one reporter.
type Message struct {
	ID       string
	Case     string
	Reporter string // who says or hears it
	At       time.Time
	From     string // FromHolder, FromStaff or FromStranger
	Actor    string // id of staff; empty for a reporter
	Text     string
}

// Phishing is a letter or page that somebody thinks is not from us.
type Phishing struct {
	ID     string
	Case   string // may be empty
	At     time.Time
	Text   string
	Letter []byte // as uploaded, for staff to read as text; nil if none
	From   string // account of the holder who sent it; empty for a stranger
	SeenAt time.Time
	SeenBy string
}

// The errors of contact.
var (
	ErrTaken = fault.New(fault.Conflict, "callback.taken", "Somebody else has taken this call already.")
	ErrKnock = fault.New(fault.TooMany, "contact.too-many", "This was sent several times lately. Please wait a little, or use the link in our letter.")
	ErrWhom  = fault.New(fault.Invalid, "message.whom", "Several people speak in this case. Say whom you answer.").On("reporter")
)

// PhishingTopic is announced when a suspicious letter came in or was looked at.
const PhishingTopic = "phishing"

// AddReporter lets somebody speak in a case. Whoever comes through the same
// mailbox (Via) is the same reporter.
func (f *Files) AddReporter(tx *db.Tx, r Reporter, by access.Actor) (Reporter, error) {
	r.ID, r.At = seal.ID("rep"), tx.Now
	fresh, err := insertReporter(tx, r)
	if err != nil {
		return r, err
	}
	if !fresh {
		return ReporterVia(tx, r.Case, r.Via)
	}
	return r, f.Note(tx, r.Case, by, "reporter."+r.Source, r.ID)
}

// Cite keeps which notice a case began with, if none is known yet.
func Cite(tx *db.Tx, id, notice string, seq int64) error {
	return tx.Put(`UPDATE case_file SET notice = $1, reported_seq = $2 WHERE id = $3 AND notice = ''`, notice, seq, id)
}

// Prove keeps that the desk is sure of a reporter. He sees the whole course of the case from then on.
func (f *Files) Prove(tx *db.Tx, reporter string, by access.Actor) error {
	r, err := ReporterOf(tx, reporter)
	if err != nil {
		return err
	}
	if err := tx.Put(`UPDATE reporter SET proved_at = $1 WHERE id = $2`, tx.Now, reporter); err != nil {
		return err
	}
	return f.Note(tx, r.Case, by, "reporter.proved", reporter)
}

// RequestCallback books a call.
func RequestCallback(tx *db.Tx, f *Files, c Callback, by access.Actor) (Callback, error) {
	c.ID, c.RequestedAt = seal.ID("call"), tx.Now
	if c.DueAt.IsZero() {
		c.DueAt = tx.Now
	}
	if err := insertCallback(tx, c); err != nil {
		return c, err
	}
	return c, f.Note(tx, c.Case, by, "callback.requested", c.Best)
}

// TakeCallback gives an open call to the member of staff who takes it first;
// the others hear ErrTaken. Taking one's own again changes nothing.
func TakeCallback(tx *db.Tx, f *Files, id string, by access.Actor) (Callback, error) {
	n, err := tx.Exec(`UPDATE callback SET taken_by = $1, taken_at = $2 WHERE id = $3 AND taken_by = '' AND done_at IS NULL`, by.ID, tx.Now, id)
	if err != nil {
		return Callback{}, err
	}
	c, err := CallbackOf(tx, id)
	switch {
	case err != nil:
		return c, err
	case c.TakenBy != by.ID || !c.DoneAt.IsZero():
		return c, ErrTaken
	case n == 0:
		return c, nil
	}
	return c, f.Note(tx, c.Case, by, "callback.taken", "")
}

// ReleaseCallbacks gives the open calls of somebody back to the others.
func ReleaseCallbacks(tx *db.Tx, staff string) error {
	return tx.Put(`UPDATE callback SET taken_by = '', taken_at = NULL WHERE taken_by = $1 AND done_at IS NULL`, staff)
}

// FinishCallback ends a call with what came of it. Only who took it may; anybody else hears ErrTaken.
func FinishCallback(tx *db.Tx, f *Files, id, outcome string, by access.Actor) error {
	n, err := tx.Exec(`UPDATE callback SET done_at = $1, outcome = $2 WHERE id = $3 AND taken_by = $4 AND done_at IS NULL`, tx.Now, outcome, id, by.ID)
	if err != nil {
		return err
	}
	c, err := CallbackOf(tx, id)
	if err == nil && n == 0 {
		err = ErrTaken
	}
	if err != nil {
		return err
	}
	return f.Note(tx, c.Case, by, "callback."+outcome, "")
}

// Say enters a message. Staff who name no reporter answer the only one there
// is; where several speak they must say whom (ErrWhom), because what is meant
// for the holder must not reach the intruder.
func Say(tx *db.Tx, f *Files, m Message, by access.Actor) (Message, error) {
	if m.Reporter == "" {
		all, err := Reporters(tx, m.Case)
		if err != nil {
			return m, err
		}
		if len(all) != 1 {
			return m, ErrWhom
		}
		m.Reporter = all[0].ID
	}
	r, err := ReporterOf(tx, m.Reporter)
	if err != nil {
		return m, err
	}
	if r.Case != m.Case {
		return m, ErrNone
	}
	m.ID, m.At, m.From = seal.ID("msg"), tx.Now, FromStranger
	switch {
	case by.Role.Staff():
		m.From, m.Actor = FromStaff, by.ID
	case !r.ProvedAt.IsZero():
		m.From = FromHolder
	}
	if err := insertMessage(tx, m); err != nil {
		return m, err
	}
	return m, f.Note(tx, m.Case, by, "message."+m.From, "")
}

// ReportPhishing keeps a suspicious letter for the desk to look at.
func ReportPhishing(tx *db.Tx, p Phishing) (Phishing, error) {
	p.ID, p.At = seal.ID("phish"), tx.Now
	if err := insertPhishing(tx, p); err != nil {
		return p, err
	}
	return p, tx.Announce(PhishingTopic, p.ID)
}

// SeePhishing takes a suspicious letter off the desk's list.
func SeePhishing(tx *db.Tx, id string, by access.Actor) error {
	n, err := tx.Exec(`UPDATE phishing SET seen_at = $1, seen_by = $2 WHERE id = $3 AND seen_at IS NULL`, tx.Now, by.ID, id)
	if err == nil && n == 0 {
		err = ErrNone
	}
	if err != nil {
		return err
	}
	return tx.Announce(PhishingTopic, id)
}

// Page is what a link to the page of a case stands for: the case, and as whom
// its reader speaks. He is Reporter or, before he ever spoke, whoever reads
// the mailbox of the contact version Via.
type Page struct {
	Case     string `json:"case"`
	Reporter string `json:"reporter,omitempty"`
	Via      string `json:"via,omitempty"`
}

// pageFor is how long a link to the page of a case lasts: a case is watched for so long after its end.
const pageFor = 60 * 24 * time.Hour

// PagePath is where the page of a case is. Without a token it tells nobody anything.
func PagePath(id, token string) string {
	if token == "" {
		return "/contact/" + id
	}
	return "/contact/" + id + "?k=" + token
}

// Link gives the token for the page of a case. It is bound to no account and no
// epoch: it shows, it does not act, and must survive the freezing it tells of.
func (p Page) Link(tx *db.Tx, k *seal.Keeper) (token string, err error) {
	return k.Issue(tx, seal.CaseLink, "", 0, pageFor, p)
}

// PageOf tells what a token stands for, or ErrNone for whatever reason it is not good.
func PageOf(tx *db.Tx, k *seal.Keeper, token string) (p Page, err error) {
	l, err := k.Peek(tx, seal.CaseLink, token)
	if err != nil {
		return p, ErrNone.Because(err)
	}
	if err := l.Check(tx.Now, 0); err != nil {
		return p, ErrNone.Because(err)
	}
	return p, l.Read(&p)
}

// Knock counts a visit to a public door and refuses (fault.TooMany) more than
// most within a time. key is hashed by the caller: the table names nobody.
func Knock(tx *db.Tx, door, key string, most int, within time.Duration) error {
	n, until, err := knock(tx, door, key, within)
	if err != nil {
		return err
	}
	if n > int64(most) {
		return ErrKnock.After(until.Sub(tx.Now))
	}
	return nil
}

// CallCode is what a caller from the desk has to say so that the person knows
// him for one: the person's page shows it, and the agent's page does. It is of
// one reporter, so that nobody else in the case can pass himself off with it.
func CallCode(k *seal.Keeper, reporter string) string {
	sum := sha256.Sum256([]byte(k.Hash("call-code", reporter)))
	n := binary.BigEndian.Uint32(sum[:]) % 10_000
	return fmt.Sprintf("%02d-%02d", n/100, n%100)
}
