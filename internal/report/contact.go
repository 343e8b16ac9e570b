package report

import (
	"context"
	"errors"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/jobs"
	"takeback/internal/mail"
)

// How often one client may write from the contact page, how often about one
// sign-in name, and how often a call to one number may be asked for: a stranger
// must not make us ring somebody all night.
const (
	contactsFrom  = 5
	contactsAbout = 5
	callsTo       = 3
	phishingFrom  = 20
	doorTime      = time.Hour
)

// jobBooked sends the letter about a call that was booked. It is a job for
// known and unknown names alike, so that the page takes the same time for both.
const jobBooked = "report.booked"

// Word is what somebody writes on the contact page.
type Word struct {
	Login string // sign-in name or address; may be empty
	Story string
	Phone string // may be empty
	Best  string // when to call: "now", "18:30" or free words
	Email string // where to answer; may be empty
}

// Contact opens a case for what somebody writes. What it answers is the same
// whether the account he names exists or not, and whether it has a case: a
// stranger always gets a case of his own.
func (i *Intake) Contact(ctx context.Context, w Word, from access.Client) (r Receipt, err error) {
	defer fault.Wrap(&err, "report.Contact")
	if err := w.check(); err != nil {
		return r, err
	}
	by := stranger(from)
	err = i.DB.Write(ctx, func(tx *db.Tx) error {
		if err := i.admit(tx, w, from); err != nil {
			return err
		}
		known, busy, err := whose(tx, w.Login)
		if err != nil {
			return err
		}
		c := casefile.Case{Source: "contact", Language: from.Language, Story: w.Story}
		if !busy { // an open case is the holder's or the intruder's: nobody is let into it by a name
			c.Account = known
		}
		if c, _, err = i.Files.Open(tx, c, by); err != nil {
			return err
		}
		who, err := i.Files.AddReporter(tx, casefile.Reporter{Case: c.ID, Source: "contact", Language: from.Language,
			Login: w.Login, Claims: known, Address: w.Email}, by)
		if err != nil {
			return err
		}
		if _, err := casefile.Say(tx, i.Files, casefile.Message{Case: c.ID, Reporter: who.ID, Text: w.Story}, by); err != nil {
			return err
		}
		if w.Phone != "" {
			if err := i.book(tx, who, w.Phone, w.Best, by); err != nil {
				return err
			}
		}
		r.Case = c.ID
		r.Token, err = casefile.Page{Case: c.ID, Reporter: who.ID}.Link(tx, i.Seal)
		return err
	})
	return r, err
}

func (w Word) check() (err error) {
	if w.Phone != "" && !phoneLike(w.Phone) {
		err = ErrPhone
	}
	if w.Email != "" {
		_, e := mail.ParseAddress(w.Email)
		err = errors.Join(err, e)
	}
	return err
}

func (i *Intake) admit(tx *db.Tx, w Word, from access.Client) error {
	if err := i.knock(tx, "contact", from.Net(), contactsFrom); err != nil {
		return err
	}
	if w.Login == "" {
		return nil
	}
	return i.knock(tx, "contact-login", addressKey(w.Login), contactsAbout)
}

func (i *Intake) knock(tx *db.Tx, door, key string, most int) error {
	return casefile.Knock(tx, door, i.Seal.Hash("knock", key), most, doorTime)
}

func addressKey(s string) string {
	if a, err := mail.ParseAddress(s); err == nil {
		return a.Key()
	}
	return s
}

// whose finds the account that signs in with a name, or did until lately: the
// holder knows the one that the intruder replaced. busy is whether it has an open
// case. It asks the same questions whatever it finds.
func whose(tx *db.Tx, login string) (id string, busy bool, err error) {
	key := addressKey(login)
	held, err := account.HeldSince(tx, key, tx.Now.Add(-account.ToldFor))
	if err != nil {
		return "", false, err
	}
	now, err := account.ByLogin(tx, key)
	if err != nil && !errors.Is(err, account.ErrNone) {
		return "", false, err
	}
	if id = now.ID; id == "" && len(held) > 0 {
		id = held[0]
	}
	_, err = casefile.OfAccount(tx, id)
	if errors.Is(err, casefile.ErrNone) {
		return id, false, nil
	}
	return id, err == nil, err
}

// booked is what the job about a booked call gets.
type booked struct {
	Call     string `json:"call"`
	Reporter string `json:"reporter"`
}

func (i *Intake) book(tx *db.Tx, who casefile.Reporter, phone, best string, by access.Actor) error {
	if !phoneLike(phone) {
		return ErrPhone
	}
	if err := i.knock(tx, "call", digits(phone), callsTo); err != nil {
		return err
	}
	ways, err := i.channels(tx)
	if err != nil {
		return err
	}
	if best == "" {
		best = "now"
	}
	c, err := casefile.RequestCallback(tx, i.Files, casefile.Callback{Case: who.Case, Reporter: who.ID, Phone: phone, Best: best,
		DueAt: due(best, ways, tx.Now, i.zone())}, by)
	if err != nil {
		return err
	}
	return jobs.Enqueue(tx, jobs.Job{Kind: jobBooked, Args: booked{c.ID, who.ID}})
}

func digits(s string) string {
	var d []byte
	for n := range len(s) {
		if s[n] >= '0' && s[n] <= '9' {
			d = append(d, s[n])
		}
	}
	return string(d)
}

// Handle gives the runner the handlers of this room.
func (i *Intake) Handle(r *jobs.Runner) { r.Handle(jobBooked, jobs.With(i.tellBooked)) }

// tellBooked confirms a call by letter, if the address that was given is a
// contact of the account that is good for recovery. To any other address no
// letter goes: we are nobody's tool to write to strangers, and the page has it all.
func (i *Intake) tellBooked(ctx context.Context, w jobs.Work, b booked) error {
	return i.DB.Write(ctx, func(tx *db.Tx) error {
		who, err := casefile.ReporterOf(tx, b.Reporter)
		if err != nil {
			return err
		}
		call, err := casefile.CallbackOf(tx, b.Call)
		if err != nil {
			return err
		}
		to, err := goodAddress(tx, who)
		if err != nil {
			return err
		}
		if !to.IsZero() {
			if err := i.writeBooked(tx, who, call, to); err != nil {
				return err
			}
		}
		return w.Finish(tx)
	})
}

func (i *Intake) writeBooked(tx *db.Tx, who casefile.Reporter, call casefile.Callback, to mail.Address) error {
	token, err := casefile.Page{Case: who.Case, Reporter: who.ID}.Link(tx, i.Seal)
	if err != nil {
		return err
	}
	body := mail.CallbackBooked{Case: who.Case, Phone: mail.Mask(call.Phone), Link: casefile.PagePath(who.Case, token)}
	ways, err := i.channels(tx)
	if err != nil {
		return err
	}
	switch wait := call.DueAt.Sub(call.RequestedAt); {
	case wait > longCall:
		body.At = call.DueAt
	case ways.OnDuty > 0: // else nothing is promised that nobody is there to keep
		body.Within = wait
	}
	_, err = i.Post.Queue(tx, mail.Letter{Account: who.Claims, Case: who.Case, To: to, Language: who.Language, Body: body})
	return err
}

// goodAddress gives the address a reporter left, if the account he named has it among its good contacts.
func goodAddress(tx *db.Tx, who casefile.Reporter) (mail.Address, error) {
	to, err := mail.ParseAddress(who.Address)
	if err != nil || who.Claims == "" {
		return mail.Address{}, nil // nothing was given, or nothing that letters go to
	}
	contacts, err := account.Contacts(tx, who.Claims)
	if err != nil {
		return mail.Address{}, err
	}
	for _, k := range account.GoodForRecovery(contacts, tx.Now) {
		if addressKey(k.Address) == to.Key() {
			return to, nil
		}
	}
	return mail.Address{}, nil
}

// Phishing keeps a letter that somebody thinks is not from us, for the desk to look at.
func (i *Intake) Phishing(ctx context.Context, text string, letter []byte, by access.Actor) (err error) {
	defer fault.Wrap(&err, "report.Phishing")
	if text == "" && len(letter) == 0 {
		return ErrEmpty
	}
	return i.DB.Write(ctx, func(tx *db.Tx) error {
		if err := i.knock(tx, "phishing", by.Client.Net(), phishingFrom); err != nil {
			return err
		}
		_, err := casefile.ReportPhishing(tx, casefile.Phishing{Text: text, Letter: letter, From: by.Account})
		return err
	})
}
