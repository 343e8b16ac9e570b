package mail

import (
	"context"
	"errors"
	"fmt"
	"time"

	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/jobs"
	"takeback/internal/seal"
)

// The jobs of this package.
const (
	jobSend   = "letter.send"
	jobForget = "letter.forget"
)

const (
	// giveUp comes before the jobs' own limit, so that the letter knows it too.
	giveUp = 70 * time.Hour
	// lastTries is how often a letter is tried that staff revived after that.
	lastTries = 10
	// forgetAfter is how long the body of an undeliverable letter is kept for
	// staff to try again: as long as the longest of its links lasts.
	forgetAfter = 14 * 24 * time.Hour
	// asideFor is how long a letter waits that its mailbox did not take; the waits after that grow by themselves.
	asideFor = time.Second
)

// Topic is announced with the account when a letter was queued, sent or given up.
const Topic = "letter"

// Letter is one letter to one address.
type Letter struct {
	Account  string // letters of one account leave in order; empty for people without one
	Case     string // the case it belongs to; may be empty
	To       Address
	Name     string // what the reader is called; may be empty
	Language string // "ja" or "en"; anything else is read as "en"
	Zone     string // IANA zone of the reader; empty for the house's
	Number   string // from NewNumber, if the caller must know it; one notice to several addresses may share it
	Body     Body
}

// Post takes letters in and sees them off.
type Post struct {
	db     *db.DB
	keeper *seal.Keeper
	house  house
	// Keeps tells whether copies are kept of letters to an account; nil: of all. A closed one has no reader.
	Keeps func(tx *db.Tx, account string) (bool, error)
}

// New makes the post office of a house. It fails on settings that could not work.
func New(d *db.DB, k *seal.Keeper, c Config) (*Post, error) {
	h, err := c.check()
	if err != nil {
		return nil, err
	}
	return &Post{db: d, keeper: k, house: h}, nil
}

// Handle gives the runner the handlers of this package.
func (p *Post) Handle(r *jobs.Runner) {
	r.Handle(jobSend, jobs.With(p.send))
	r.Handle(jobForget, jobs.With(p.forget))
}

// errNoReader is a mistake of the caller: ParseAddress makes addresses.
var errNoReader = errors.New("mail: a letter needs an address")

// Queue writes a letter in the caller's transaction and queues it. The same
// number to the same mailbox is the same letter: Queue then gives the id of the
// one that is there already.
func (p *Post) Queue(tx *db.Tx, l Letter) (id string, err error) {
	w, err := p.Prepare(tx.Now, l)
	if err != nil {
		return "", err
	}
	return p.QueuePrepared(tx, w)
}

// QueueNew is Queue for a letter that nobody has queued before: without a number,
// or with one that was made for it. It asks the database nothing; should the
// number be there already, by a chance of one in a million millions, the
// caller's transaction fails.
func (p *Post) QueueNew(tx *db.Tx, l Letter) (err error) {
	w, err := p.Prepare(tx.Now, l)
	if err != nil {
		return err
	}
	defer fault.Wrap(&err, "mail.QueueNew")
	s := w.stored()
	if err := insertNew(tx, w, s); err != nil {
		return err
	}
	return w.queued(tx, s)
}

// Prepared is a letter that was written and not queued yet.
type Prepared struct {
	letter   Letter
	envelope envelope
	subject  string
	sealed   string
}

// Prepare takes a letter in without a transaction. The letter itself is rendered
// by the job that sends it: that takes longer than all the rest of the change it
// tells of, and on SQLite all other writers would wait for it.
func (p *Post) Prepare(now time.Time, l Letter) (_ Prepared, err error) {
	defer fault.Wrap(&err, "mail.Prepare")
	if l.To.IsZero() {
		return Prepared{}, errNoReader
	}
	if l.Body, err = cleaned(l.Body); err != nil {
		return Prepared{}, err
	}
	e, v, err := p.address(seal.ID("letter"), now, l)
	if err != nil {
		return Prepared{}, err
	}
	if err := v.checkLinks(); err != nil {
		return Prepared{}, err
	}
	subject, err := v.subject(e.language)
	if err != nil {
		return Prepared{}, err
	}
	text, err := draftOf(l).text()
	if err != nil {
		return Prepared{}, err
	}
	sealed, err := p.keeper.Seal(sealFor(e.id), seal.NewSecret(text))
	return Prepared{l, e, subject, sealed}, err
}

// QueuePrepared is Queue for a letter that was written before.
func (p *Post) QueuePrepared(tx *db.Tx, w Prepared) (id string, err error) {
	defer fault.Wrap(&err, "mail.Queue")
	s := w.stored()
	fresh, err := insert(tx, w, s)
	if err != nil {
		return "", err
	}
	if !fresh {
		return idOf(tx, w.envelope.number, s.mailbox)
	}
	return s.id, w.queued(tx, s)
}

func (w Prepared) stored() stored {
	return stored{id: w.envelope.id, account: w.letter.Account, address: w.letter.To.String(), mailbox: w.letter.To.Key(), raw: w.sealed}
}

// queued has a letter sent that is in the database now.
func (Prepared) queued(tx *db.Tx, s stored) error {
	tx.AnnounceHere(Topic, s.account)
	return jobs.Enqueue(tx, jobs.Job{Kind: jobSend, Key: line(s), Args: s.id})
}

// Preview gives a letter as it would be rendered, for staff to read before it
// is sent. Nothing is stored, and the number is not taken.
func (p *Post) Preview(now time.Time, l Letter) (subject, text, html string, err error) {
	defer fault.Wrap(&err, "mail.Preview")
	if l.Body, err = cleaned(l.Body); err != nil {
		return "", "", "", err
	}
	_, r, err := p.write(now, l)
	return r.subject, r.text, r.html, err
}

// write renders a letter and fixes what goes around it.
func (p *Post) write(now time.Time, l Letter) (e envelope, r rendered, err error) {
	e, v, err := p.address(seal.ID("letter"), now, l)
	if err != nil {
		return e, r, err
	}
	r, err = v.render(e.language)
	return e, r, err
}

// address fixes what goes around a letter, and what its templates see.
func (p *Post) address(id string, now time.Time, l Letter) (e envelope, v view, err error) {
	language := l.Language
	if _, known := wordsOf[language]; !known {
		language = languages[0]
	}
	zone := p.house.zone
	if l.Zone != "" {
		if z, err := time.LoadLocation(l.Zone); err == nil {
			zone = z // an unknown zone must not stop a warning
		}
	}
	number := l.Number
	if number == "" {
		number = NewNumber()
	}
	if normalNumber(number) != number {
		return e, v, fmt.Errorf("%.20q is no notice number", number)
	}
	v = view{Service: p.house.service, Name: greeting(l.Name), Number: number, Body: l.Body, site: p.house.site, zone: zone, words: wordsOf[language]}
	if v.Stranger() || l.Body.Kind() == KindAlreadyRegistered {
		v.Name = "" // whoever typed the address may have typed the name to be read by its owner
	}
	e = envelope{
		id: id, from: p.house.from, fromName: p.house.name, to: l.To, toName: v.Name, at: now, number: number,
		language: language, messageID: "<" + id + "@" + p.house.from.domain + ">",
	}
	return e, v, nil
}

// line is where a letter waits: behind the others of its account, or behind
// those of a mailbox that does not take letters now.
func line(s stored) string {
	if s.aside || s.account == "" {
		return "mailbox " + s.mailbox
	}
	return "letters " + s.account
}

func sealFor(id string) string { return "letter " + id }

// send is the job that brings a letter to the mail server.
func (p *Post) send(ctx context.Context, w jobs.Work, id string) (err error) {
	defer fault.Wrap(&err, "letter %s", id)
	var s stored
	var others bool
	err = p.db.Read(ctx, func(tx *db.Tx) (err error) {
		if s, err = load(tx, id); err != nil {
			return err
		}
		others, err = othersAside(tx, s)
		return err
	})
	if err != nil {
		return err
	}
	switch {
	case s.state == Delivered:
		return nil
	case s.raw == "":
		return jobs.Permanent(errors.New("its body was erased: ask the room to write it again"))
	case others && !s.aside:
		return p.stepAside(ctx, w, s, "behind earlier letters to the same mailbox", 0)
	}
	raw, err := p.open(ctx, &s)
	if err != nil {
		return err
	}
	to, err := ParseAddress(s.address)
	if err != nil {
		return jobs.Permanent(err)
	}
	became, err := p.house.server.handIn(ctx, p.house.from, to, raw)
	return p.settle(ctx, w, s, became, err)
}

// open gives the bytes to send. They are written once and kept before the first
// attempt: a signature names its time, and the next version of the program may
// have other words, but a second attempt must send the same bytes.
func (p *Post) open(ctx context.Context, s *stored) ([]byte, error) {
	plain, err := p.keeper.Unseal(sealFor(s.id), s.raw)
	if err != nil {
		return nil, jobs.Permanent(err)
	}
	if s.fixed {
		return []byte(plain.Reveal()), nil
	}
	raw, copied, err := p.rendered(s, plain.Reveal())
	if err != nil {
		return nil, err
	}
	if p.house.signer != nil {
		if raw, err = p.house.signer.sign(raw); err != nil {
			return nil, err
		}
	}
	sealed, err := p.keeper.Seal(sealFor(s.id), seal.NewSecret(string(raw)))
	if err != nil {
		return nil, err
	}
	return raw, p.db.Write(ctx, func(tx *db.Tx) error {
		kept, err := p.sealCopy(tx, s, copied)
		if err != nil {
			return err
		}
		return keepFixed(tx, s.id, sealed, kept)
	})
}

// settle keeps what an attempt came to.
func (p *Post) settle(ctx context.Context, w jobs.Work, s stored, became verdict, why error) error {
	// What the mail server said is kept also when the job's time is up or we are being stopped.
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), 4*time.Second)
	defer stop()
	if became == taken {
		return p.settleSent(ctx, w, s)
	}
	said := plain(why.Error(), maxLine)
	if became != refused && (p.db.Now().Sub(s.at) < giveUp || s.state == Undelivered && w.Attempt < lastTries) {
		if became == mailboxBusy && !s.aside {
			return p.stepAside(ctx, w, s, said, asideFor)
		}
		return errors.Join(why, p.db.Write(ctx, func(tx *db.Tx) error { return markTried(tx, s.id, said) }))
	}
	err := p.db.Write(ctx, func(tx *db.Tx) error {
		tx.AnnounceHere(Topic, s.account)
		return errors.Join(markUndeliverable(tx, s.id, said),
			jobs.Enqueue(tx, jobs.Job{Kind: jobForget, Args: s.id, At: tx.Now.Add(forgetAfter)}))
	})
	return jobs.Permanent(errors.Join(why, err))
}

// settleSent marks a letter as sent. If the job went to somebody else meanwhile
// the letter is marked all the same, so that it is not sent once more.
func (p *Post) settleSent(ctx context.Context, w jobs.Work, s stored) error {
	mark := func(tx *db.Tx) error {
		tx.AnnounceHere(Topic, s.account)
		return markSent(tx, s.id)
	}
	err := p.db.Write(ctx, func(tx *db.Tx) error { return errors.Join(mark(tx), w.Finish(tx)) })
	if err != nil {
		err = p.db.Write(ctx, mark)
	}
	return err
}

// stepAside moves a letter from its account's line into its mailbox's, so that
// letters to other mailboxes of the account need not wait for this one.
func (p *Post) stepAside(ctx context.Context, w jobs.Work, s stored, why string, wait time.Duration) error {
	s.aside = true
	return p.db.Write(ctx, func(tx *db.Tx) error {
		return errors.Join(
			putAside(tx, s.id, why),
			jobs.Enqueue(tx, jobs.Job{Kind: jobSend, Key: line(s), Args: s.id, At: tx.Now.Add(wait)}),
			w.Finish(tx))
	})
}

// forget erases the body of a letter that could not be delivered.
func (p *Post) forget(ctx context.Context, w jobs.Work, id string) error {
	return p.db.Write(ctx, func(tx *db.Tx) error { return errors.Join(erase(tx, id), w.Finish(tx)) })
}
