package signin

import (
	"context"
	"errors"
	"slices"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/history"
	"takeback/internal/jobs"
	"takeback/internal/mail"
	"takeback/internal/proof"
	"takeback/internal/seal"
	"takeback/internal/sms"
)

const (
	recoverFor = time.Hour      // the letter's link, and the page behind it
	readyFor   = 24 * time.Hour // the link of the letter after the wait
	jobRecover = "signin.recovery-due"
	jobAskBack = "signin.recover"
)

// The faults of getting back in.
var (
	ErrShown = fault.New(fault.Invalid, "recover.wrong", "What you typed is not right, or it was tried too often. Nothing was used up.").On("code")
	ErrEnded = fault.New(fault.Conflict, "recover.ended", "This was stopped, or it is over.")
	ErrDesk  = fault.New(fault.Forbidden, "recover.desk", "This was stopped twice lately, so it cannot go on by itself. One of our people will help you.")
)

// Herald tells the holder's contacts that somebody wants back into his account.
// Room notice is one.
type Herald interface {
	// TellRecovery writes to every contact held in the last 30 days; each letter has a link that stops it, unless it is over.
	TellRecovery(tx *db.Tx, account, recovery string, letter mail.Recovering) error
}

// recovery is somebody's wish to get back in without his second factor.
type recovery struct {
	id, account   string
	epoch         int64
	slot, version string
	address       string
	factors       []history.Factor
	state         string
	asked, due    time.Time
}

// AskRecovery is AskReset for somebody who lost his second factor, too. An
// account that has none gets the letter of AskReset.
func (l *Life) AskRecovery(ctx context.Context, email string, client access.Client) error {
	return l.ask(ctx, email, client, jobAskBack)
}

// sendRecovery is sendReset for AskRecovery.
func (l *Life) sendRecovery(ctx context.Context, w jobs.Work, asked resetAsked) error {
	return l.answer(ctx, w, asked, func(tx *db.Tx, p person, good []account.Contact, asked resetAsked) error {
		factors, err := factorsOf(tx, p.account.ID)
		if err != nil {
			return err
		}
		if len(factors) == 0 {
			return l.mailLinks(tx, p, good, asked)
		}
		return l.mailEach(tx, p, good, seal.Recover, recoverFor, func(token string, until time.Time) mail.Body {
			return mail.Recover{Link: "/recover/" + token, Until: until, IP: asked.IP}
		})
	})
}

// post queues a letter to an address of the account; one that today's rules refuse gets none.
func (l *Life) post(tx *db.Tx, p person, address string, body mail.Body) error {
	to, err := mail.ParseAddress(address)
	if err != nil {
		return nil
	}
	_, err = l.Post.Queue(tx, mail.Letter{Account: p.account.ID, To: to, Name: p.name, Language: p.account.Language, Body: body})
	return err
}

// factorsOf lists the slots of an account's second factors. Saved codes are none of their own: they stand in for one.
func factorsOf(tx *db.Tx, accountID string) (slots []string, err error) {
	all, err := account.Secrets(tx, accountID)
	for _, s := range all {
		if s.Until.IsZero() && strong(s.Slot) {
			slots = append(slots, s.Slot)
		}
	}
	return slots, err
}

// Recovering is what the page of a recovery link shows.
type Recovering struct {
	Address string // masked: the mailbox that the link came to
	Phone   string // masked: a number that a code can go to; empty if there is none
	Saved   bool   // there are saved codes
}

// PeekRecovery tells what can be shown besides the mailbox. It changes nothing.
func (l *Life) PeekRecovery(ctx context.Context, token string) (r Recovering, err error) {
	err = l.DB.Read(ctx, func(tx *db.Tx) error {
		p, _, to, err := l.recoveryLink(tx, seal.Recover, token)
		if err != nil {
			return err
		}
		r.Address = mail.Mask(to.Address)
		if c, ok := l.cleanPhone(tx, p); ok {
			r.Phone = mail.Mask(c.Address)
		}
		saved, err := account.SecretIn(tx, p.account.ID, "codes")
		r.Saved = saved.Version != ""
		return err
	})
	return r, err
}

// recoveryLink finds the account of a link that counts.
func (l *Life) recoveryLink(tx *db.Tx, purpose, token string) (p person, link seal.Link, to resetLink, err error) {
	if p, link, err = l.behind(tx, purpose, token); err != nil {
		return p, link, to, err
	}
	if p.account.State != account.Open && p.account.State != account.Guarded {
		return p, link, to, seal.ErrOldEpoch
	}
	return p, link, to, link.Read(&to)
}

// cleanPhone gives a number that a code proves something at: good for recovery, which one that changed lately is not.
func (l *Life) cleanPhone(tx *db.Tx, p person) (account.Contact, bool) {
	good := account.GoodForRecovery(p.contacts, tx.Now)
	i := slices.IndexFunc(good, func(c account.Contact) bool { return !c.Mail() && l.reaches(c) })
	if i < 0 {
		return account.Contact{}, false
	}
	return good[i], true
}

// TextRecovery sends a code to the number that PeekRecovery showed.
func (l *Life) TextRecovery(ctx context.Context, token string) (err error) {
	defer fault.Wrap(&err, "signin.TextRecovery")
	return l.DB.Write(ctx, func(tx *db.Tx) error {
		p, _, _, err := l.recoveryLink(tx, seal.Recover, token)
		if err != nil {
			return err
		}
		c, ok := l.cleanPhone(tx, p)
		if !ok {
			return ErrNoTexts
		}
		code, err := l.Seal.IssueCode(tx, seal.Code, "recover "+l.Seal.Hash("recover", token), p.account.ID, p.account.Epoch, codeFor,
			history.Factor{Path: c.Slot, Version: c.Version, Proof: "code"})
		if err != nil {
			return err
		}
		return l.sendCode(tx, p.account, c, sms.Recover, code, tx.Now.Add(codeFor))
	})
}

// Shown is what somebody shows who wants back in, besides the mailbox.
type Shown struct {
	Password seal.Secret // may be empty
	Code     string      // by text, or a saved one; may be empty
}

// Recovered is what comes of it.
type Recovered struct {
	Token string    // of the page that sets the new password; empty: it waits
	Due   time.Time // until when
}

// Recover takes what is shown. With two different proofs it goes on at once; with
// less it waits, and every contact is told and can stop it.
func (l *Life) Recover(ctx context.Context, token string, shown Shown, client access.Client) (r Recovered, err error) {
	defer fault.Wrap(&err, "signin.Recover")
	var p person
	err = l.DB.Read(ctx, func(tx *db.Tx) (err error) {
		p, _, _, err = l.recoveryLink(tx, seal.Recover, token)
		return err
	})
	if err != nil {
		return r, err
	}
	known := false
	if !shown.Password.Empty() {
		if known, err = l.Seal.CheckPassword(ctx, p.password.Stored, shown.Password); err != nil {
			return r, err
		}
	}
	right := false
	err = l.DB.Write(ctx, func(tx *db.Tx) error {
		right, r = false, Recovered{}
		p, link, to, err := l.recoveryLink(tx, seal.Recover, token)
		if err != nil {
			return err
		}
		if err := casefile.Knock(tx, "recover", l.Seal.Hash("recover", token), triesAtCode, recoverFor); err != nil {
			return err
		}
		methods, factors := []proof.Method{proof.Link}, []history.Factor{{Path: to.Slot, Version: to.Version, Proof: "link"}}
		if !shown.Password.Empty() {
			if !known {
				return nil
			}
			methods, factors = append(methods, proof.Password), append(factors, history.Factor{Path: "password", Version: p.password.Version, Proof: "password"})
		}
		if shown.Code != "" {
			m, f, ok, err := l.shownCode(tx, p, token, shown.Code)
			if err != nil || !ok {
				return err
			}
			methods, factors = append(methods, m), append(factors, f)
		}
		right = true
		if err := l.Seal.Spend(tx, link); err != nil {
			return err
		}
		r, err = l.begin(tx, p, to, methods, factors, client)
		return err
	})
	if err == nil && !right {
		err = ErrShown // after the commit: a wrong try counts
	}
	return r, err
}

// shownCode checks a code: six digits came by text, anything longer is a saved one.
func (l *Life) shownCode(tx *db.Tx, p person, token, code string) (m proof.Method, f history.Factor, ok bool, err error) {
	if code = seal.Typed(code); len(code) > 6 {
		from, ok, err := l.SpendSaved(tx, p.account.ID, seal.NewSecret(code))
		return proof.Saved, history.Factor{Path: "codes", Version: from.Version, Proof: "code"}, ok, err
	}
	link, err := l.Seal.Peek(tx, seal.Code, "recover "+l.Seal.Hash("recover", token)+" "+code)
	if errors.Is(err, seal.ErrNoLink) || err == nil && link.Check(tx.Now, p.account.Epoch) != nil {
		return m, f, false, nil
	}
	if err == nil {
		err = l.Seal.Spend(tx, link)
	}
	if err != nil {
		return m, f, false, err
	}
	return proof.Text, f, true, link.Read(&f)
}

// begin goes on at once, or waits.
func (l *Life) begin(tx *db.Tx, p person, to resetLink, methods []proof.Method, factors []history.Factor, client access.Client) (r Recovered, err error) {
	second, err := factorsOf(tx, p.account.ID)
	if err != nil {
		return r, err
	}
	wait, ok := proof.Wait(methods, len(second) > 0)
	if !ok {
		return r, ErrShown
	}
	x := recovery{id: seal.ID("back"), account: p.account.ID, epoch: p.account.Epoch, slot: to.Slot, version: to.Version, address: to.Address, factors: factors,
		state: "ready", asked: tx.Now, due: tx.Now.Add(wait)}
	if wait == 0 {
		if err := insertRecovery(tx, x); err != nil {
			return r, err
		}
		r.Token, err = l.Seal.Issue(tx, seal.Recovered, x.account, x.epoch, recoverFor, x.id)
		return r, err
	}
	stopped, err := stoppedSince(tx, x.account, tx.Now.Add(-stoppedFor))
	if err != nil {
		return r, err
	}
	if stopped >= stoppedMost {
		return r, ErrDesk
	}
	x.state, r.Due = "waiting", x.due
	if err := insertRecovery(tx, x); err != nil {
		return r, err
	}
	if err := jobs.Enqueue(tx, jobs.Job{Kind: jobRecover, Args: x.id, At: x.due}); err != nil {
		return r, err
	}
	return r, l.Herald.TellRecovery(tx, x.account, x.id, mail.Recovering{At: tx.Now, Due: x.due, IP: client.IP, Device: device(client.UserAgent)})
}
