package desk

import (
	"context"
	"slices"
	"strings"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/jobs"
	"takeback/internal/mail"
)

// Item is an open case in the queue.
type Item struct {
	casefile.Case
	Urgency Urgency
	Waiting time.Duration // since it entered its step
	With    string        // name of who has it; empty if nobody
	Asked   bool          // a person waits for an answer
	Called  bool          // a call is open
}

// Call is an open call in the queue.
type Call struct {
	casefile.Callback
	Masked string
	Left   time.Duration // of the promise; negative when it is broken
	With   string
	Mine   bool
}

// Board is what waits.
type Board struct {
	Items    []Item
	Calls    []Call
	OnDuty   int
	OnBreak  int
	Mine     Duty
	Phishing int
	Dead     int
}

// Board gives the queue: open cases by urgency, calls by what is left of the promise.
func (d *Desk) Board(ctx context.Context, by access.Actor) (b Board, err error) {
	defer fault.Wrap(&err, "desk.Board")
	err = d.DB.Read(ctx, func(tx *db.Tx) error {
		b = Board{}
		who, err := names(tx)
		if err != nil {
			return err
		}
		if b.Mine, err = dutyOf(tx, by.ID); err != nil {
			return err
		}
		if err := d.fill(tx, &b, by, who); err != nil {
			return err
		}
		return count(tx, &b)
	})
	return b, err
}

func (d *Desk) fill(tx *db.Tx, b *Board, by access.Actor, who map[string]string) error {
	calls, err := casefile.Callbacks(tx)
	if err != nil {
		return err
	}
	due := map[string]time.Time{}
	for _, c := range calls {
		if _, earlier := due[c.Case]; !earlier && c.TakenBy == "" {
			due[c.Case] = c.DueAt
		}
		b.Calls = append(b.Calls, Call{Callback: c, Masked: mail.Mask(c.Phone), Left: c.DueAt.Sub(tx.Now), With: who[c.TakenBy], Mine: c.TakenBy == by.ID})
	}
	asked, err := casefile.Unanswered(tx)
	if err != nil {
		return err
	}
	cases, err := casefile.Waiting(tx)
	if err != nil {
		return err
	}
	for _, c := range cases {
		s := standing{step: c.Step, assigned: c.Assigned != "", call: due[c.ID], asked: asked[c.ID], waiting: tx.Now.Sub(c.MovedAt), now: tx.Now}
		b.Items = append(b.Items, Item{Case: c, Urgency: urgency(s), Waiting: s.waiting, With: who[c.Assigned], Asked: !s.asked.IsZero(), Called: !s.call.IsZero()})
	}
	sortItems(b.Items)
	return nil
}

func count(tx *db.Tx, b *Board) (err error) {
	if b.OnDuty, err = countDuty(tx, On); err != nil {
		return err
	}
	if b.OnBreak, err = countDuty(tx, Break); err != nil {
		return err
	}
	letters, err := casefile.PhishingReports(tx)
	if err != nil {
		return err
	}
	dead, err := jobs.Dead(tx)
	b.Phishing, b.Dead = len(letters), len(dead)
	return err
}

// Wall is what the big screen shows.
type Wall struct {
	Waiting  int           // calls that nobody has taken
	Longest  time.Duration // how long the first of them waits
	Kept     int           // of a hundred calls since yesterday, how many were taken in time
	Calls    int           // that share is of
	OnDuty   int
	OnBreak  int
	Open     int
	Stopped  int // accounts held still
	Unheld   int // stopped cases nobody works on
	Answers  int // people who wait for an answer
	HandedOn int // handed back since yesterday
}

// Wall gives the state of the desk in numbers, without names of holders.
func (d *Desk) Wall(ctx context.Context, by access.Actor) (w Wall, err error) {
	defer fault.Wrap(&err, "desk.Wall")
	b, err := d.Board(ctx, by)
	if err != nil {
		return w, err
	}
	w = Wall{OnDuty: b.OnDuty, OnBreak: b.OnBreak, Open: len(b.Items)}
	err = d.DB.Read(ctx, func(tx *db.Tx) error {
		kept, all, err := casefile.PromisesKept(tx, tx.Now.Add(-24*time.Hour))
		if err != nil {
			return err
		}
		w.Kept, w.Calls = keptShare(kept, all), all
		w.HandedOn, err = casefile.HandedBackSince(tx, tx.Now.Add(-24*time.Hour))
		for _, c := range b.Calls {
			if c.TakenBy == "" {
				w.Waiting, w.Longest = w.Waiting+1, max(w.Longest, tx.Now.Sub(c.RequestedAt))
			}
		}
		return err
	})
	for _, i := range b.Items {
		if i.Step != casefile.Reported && i.Step != casefile.HandedBack {
			w.Stopped++
		}
		if i.Urgency.Why == "frozen" {
			w.Unheld++
		}
		if i.Asked {
			w.Answers++
		}
	}
	return w, err
}

// Field is something of the account, hidden unless it was unmasked.
type Field struct {
	Path   string
	Masked string
	Clear  string // empty unless this session unmasked it
	Since  time.Time
	Never  bool // staff never see it in clear
}

// Summary is what staff see of an account.
type Summary struct {
	ID     string
	State  account.State
	Since  time.Time
	Guard  time.Time
	Fields []Field
	Left   int               // fields that may still be seen in clear in this hour
	Clear  map[string]string // versions of contacts that this session unmasked, with their addresses
}

// File is a case as staff see it.
type File struct {
	casefile.Case
	Entries   []casefile.Entry
	Reporters []casefile.Reporter
	Messages  []casefile.Message
	Calls     []Call
	Letters   []mail.Record
	Account   Summary
	Others    []casefile.Case // former ones of the same account
	Names     map[string]string
	Codes     map[string]string // by reporter: what an agent says first, so that the person knows him for one of us
}

// File shows a case. grant is what Enter gave: who left no entry sees nothing.
// session is the one that unmasked what is shown in clear.
func (d *Desk) File(ctx context.Context, by, grant access.Actor, caseID string) (f File, err error) {
	defer fault.Wrap(&err, "desk.File(%s)", caseID)
	if grant.Case != caseID || grant.ID != by.ID {
		return f, ErrNotYours
	}
	err = d.DB.Read(ctx, func(tx *db.Tx) (err error) {
		f = File{}
		if f.Case, err = casefile.Get(tx, caseID); err != nil {
			return err
		}
		if f.Names, err = names(tx); err != nil {
			return err
		}
		if f.Entries, err = casefile.Entries(tx, caseID); err != nil {
			return err
		}
		if f.Reporters, err = casefile.Reporters(tx, caseID); err != nil {
			return err
		}
		f.Codes = map[string]string{}
		for _, r := range f.Reporters {
			f.Codes[r.ID] = casefile.CallCode(d.Seal, r.ID)
		}
		if f.Messages, err = casefile.Messages(tx, caseID); err != nil {
			return err
		}
		if err := d.calls(tx, &f, by); err != nil {
			return err
		}
		if f.Letters, err = mail.OfCase(tx, caseID); err != nil || f.Case.Account == "" {
			return err
		}
		if f.Others, err = casefile.Recent(tx, f.Case.Account, 20); err != nil {
			return err
		}
		f.Others = slices.DeleteFunc(f.Others, func(c casefile.Case) bool { return c.ID == caseID })
		f.Account, err = d.summary(tx, by, f.Case)
		return err
	})
	return f, err
}

func (d *Desk) calls(tx *db.Tx, f *File, by access.Actor) error {
	all, err := casefile.CallbacksIn(tx, f.ID)
	for _, c := range all {
		f.Calls = append(f.Calls, Call{Callback: c, Masked: mail.Mask(c.Phone), Left: c.DueAt.Sub(tx.Now), With: f.Names[c.TakenBy], Mine: c.TakenBy == by.ID})
	}
	return err
}

// summary reads an account for staff. What is hidden is hidden here and not on the page.
func (d *Desk) summary(tx *db.Tx, by access.Actor, c casefile.Case) (s Summary, err error) {
	if c.Account == "" {
		return s, nil
	}
	a, err := account.Get(tx, c.Account)
	if err != nil {
		return s, err
	}
	facts, err := account.Facts(tx, a.ID)
	if err != nil {
		return s, err
	}
	clear, err := unmasked(tx, by.Session, c.ID)
	if err != nil {
		return s, err
	}
	seen, lifts, err := cleared(tx, by.ID)
	s = Summary{ID: a.ID, State: a.State, Since: a.CreatedAt, Guard: a.GuardedUntil, Left: max(0, clearQuota*(1+lifts)-seen)}
	for _, f := range facts {
		if field, shown := fieldOf(f); shown {
			if slices.Contains(clear, f.Path) && !field.Never {
				field.Clear = textOf(f)
			}
			s.Fields = append(s.Fields, field)
		}
	}
	if err != nil || len(clear) == 0 {
		return s, err
	}
	contacts, err := account.Contacts(tx, a.ID)
	s.Clear = map[string]string{}
	for _, k := range contacts {
		if slices.Contains(clear, k.Version) {
			s.Clear[k.Version] = k.Address
		}
	}
	return s, err
}

// fieldOf says how staff see a fact; false for what has no place on the desk.
func fieldOf(f account.Fact) (Field, bool) {
	out := Field{Path: f.Path, Since: f.Since}
	kind, _, _ := strings.Cut(f.Path, "/")
	switch kind {
	case "email", "phone":
		out.Masked = mail.Mask(f.Text())
	case "name":
		out.Masked = hide(f.Text())
	case "address", "profile":
		out.Masked = hide(textOf(f))
	case "card":
		p := f.Parts()
		out.Masked, out.Never = p["brand"]+" •••• "+p["last4"], true
	default:
		return out, false
	}
	return out, out.Masked != ""
}

// textOf gives a value as one line.
func textOf(f account.Fact) string {
	if s := f.Text(); s != "" {
		return s
	}
	p := f.Parts()
	var words []string
	for _, part := range []string{"post", "line", "to", "family", "given", "kana"} {
		if p[part] != "" {
			words = append(words, p[part])
		}
	}
	return strings.Join(words, " ")
}
