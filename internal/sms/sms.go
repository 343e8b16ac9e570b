package sms

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"time"

	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/jobs"
	"takeback/internal/seal"
)

const jobSend = "text.send"

// Text is what a Texter sends.
type Text struct {
	Number string // with + and the country
	Words  string
	Key    string // the same for every attempt at one text: a gateway that knows it sends it once
}

// Texter brings texts to telephones. Gateway is one.
type Texter interface {
	// Send hands a text over. Its errors name neither number nor words.
	Send(ctx context.Context, t Text) error
}

// Message is a code to one number.
type Message struct {
	Account  string
	Case     string // may be empty
	Number   string // as the account has it
	Masked   string // the same, as staff may see it
	Language string // "ja" or "en"
	Purpose  Purpose
	Code     string
	Until    time.Time // when the code ends, and trying with it
}

// Config is what a house knows of its texts.
type Config struct {
	Service   string   // who writes
	Site      string   // https://…: whose pages take the code
	Country   string   // of numbers that begin with 0; 81 if empty
	Countries []string // that texts may go to; the own one if empty
}

// Outbox takes texts in and sees them off.
type Outbox struct {
	db        *db.DB
	keeper    *seal.Keeper
	texter    Texter
	service   string
	host      string
	country   string
	countries []string
}

// New makes the outbox of a house.
func New(d *db.DB, k *seal.Keeper, t Texter, c Config) (*Outbox, error) {
	site, err := url.Parse(c.Site)
	if err != nil || site.Hostname() == "" {
		return nil, errors.New("texts need the address of the pages that take their codes")
	}
	o := &Outbox{db: d, keeper: k, texter: t, service: c.Service, host: site.Hostname(), country: c.Country, countries: c.Countries}
	if o.country == "" {
		o.country = "81"
	}
	if len(o.countries) == 0 {
		o.countries = []string{o.country}
	}
	for _, country := range append([]string{o.country}, o.countries...) {
		if country == "" || len(country) > 4 || strings.Trim(country, "0123456789") != "" {
			return nil, errors.New("country, countries: give the digits behind the +, such as 81")
		}
	}
	return o, nil
}

// Handle gives the runner the handlers of this package.
func (o *Outbox) Handle(r *jobs.Runner) { r.Handle(jobSend, jobs.With(o.send)) }

// Takes tells whether texts can go to a number.
func (o *Outbox) Takes(number string) bool {
	_, err := international(number, o.country, o.countries)
	return err == nil
}

// sealed is what only the job may read.
type sealed struct {
	Number string `json:"number"`
	Words  string `json:"words"`
}

// Queue writes a text in the caller's transaction and queues it. It returns
// ErrNumber for a number that texts do not go to, and ErrOften.
func (o *Outbox) Queue(tx *db.Tx, m Message) (err error) {
	defer fault.Wrap(&err, "sms.Queue")
	number, err := international(m.Number, o.country, o.countries)
	if err != nil {
		return err
	}
	s := stored{id: seal.ID("text"), account: m.Account, caseID: m.Case, purpose: m.Purpose, numberHash: o.keeper.Hash("text-number", number), masked: m.Masked, until: m.Until}
	at, account, err := lately(tx, s.numberHash, m.Account, tx.Now.Add(-24*time.Hour))
	if err != nil {
		return err
	}
	if often(at, account, tx.Now) {
		return ErrOften
	}
	plain, err := json.Marshal(sealed{number, words(o.service, o.host, m.Language, m.Purpose, m.Code)})
	if err != nil {
		return err
	}
	if s.sealed, err = o.keeper.Seal(sealFor(s.id), seal.NewSecret(string(plain))); err != nil {
		return err
	}
	if err := insert(tx, s); err != nil {
		return err
	}
	return jobs.Enqueue(tx, jobs.Job{Kind: jobSend, Args: s.id})
}

func sealFor(id string) string { return "text " + id }

// send is the job that brings a text to the gateway.
func (o *Outbox) send(ctx context.Context, w jobs.Work, id string) (err error) {
	defer fault.Wrap(&err, "text %s", id)
	var s stored
	if err = o.db.Read(ctx, func(tx *db.Tx) (err error) { s, err = load(tx, id); return err }); err != nil {
		return err
	}
	if s.sealed == "" {
		return o.settle(ctx, w, func(*db.Tx) error { return nil }) // it went: we were killed before the job ended
	}
	if !o.db.Now().Before(s.until) {
		return o.settle(ctx, w, func(tx *db.Tx) error { return end(tx, id, Late, "") })
	}
	plain, err := o.keeper.Unseal(sealFor(id), s.sealed)
	if err != nil {
		return jobs.Permanent(err)
	}
	var text sealed
	if err := json.Unmarshal([]byte(plain.Reveal()), &text); err != nil {
		return jobs.Permanent(errors.New("what was sealed is no text"))
	}
	err = o.texter.Send(ctx, Text{text.Number, text.Words, id})
	var final refusal
	switch {
	case err == nil:
		return o.settle(ctx, w, func(tx *db.Tx) error { return end(tx, id, Sent, "") })
	case errors.As(err, &final):
		return o.settle(ctx, w, func(tx *db.Tx) error { return end(tx, id, Refused, final.Error()) })
	}
	return errors.Join(err, o.db.Write(ctx, func(tx *db.Tx) error { return markTried(tx, id, err.Error()) }))
}

// settle ends the job with what it came to, also when we are being stopped.
func (o *Outbox) settle(ctx context.Context, w jobs.Work, mark func(*db.Tx) error) error {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), 4*time.Second)
	defer stop()
	return o.db.Write(ctx, func(tx *db.Tx) error { return errors.Join(mark(tx), w.Finish(tx)) })
}
