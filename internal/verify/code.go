package verify

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
	"takeback/internal/mail"
	"takeback/internal/seal"
	"takeback/internal/sms"
)

const (
	codeFor  = 10 * time.Minute
	tries    = 5 // at one code
	codesMax = 6 // of one case in a day: together with the tries, three chances in a hundred thousand
)

// purpose says in a letter what its code is for.
var purpose = map[string]string{"en": "to show that the account is yours", "ja": "アカウントがご本人のものであることを確認する"}

// SendCode sends a code to a contact that was good before the incident. The
// holder types it on the page of the case; the agent never sees it.
// reporter names for whom it is; empty for whoever speaks in the case.
func (x *Examiner) SendCode(ctx context.Context, by access.Actor, caseID string, rev int64, version, toReporter string) (err error) {
	defer fault.Wrap(&err, "verify.SendCode(%s)", caseID)
	return x.act(ctx, by, caseID, rev, func(tx *db.Tx, p picture) error {
		if err := reporter(tx, caseID, toReporter); err != nil {
			return err
		}
		to := append(slices.Clone(p.mail), x.texted(p.phones, p.began)...)
		i := slices.IndexFunc(to, func(c account.Contact) bool { return c.Version == version })
		if i < 0 || p.exposed[version] {
			return ErrUnclean
		}
		before, err := sent(tx, caseID)
		if err != nil {
			return err
		}
		if recent(before, tx.Now) >= codesMax {
			return ErrOften
		}
		return x.send(tx, p, to[i], toReporter, by)
	})
}

func recent(codes []Sent, now time.Time) (n int) {
	for _, c := range codes {
		if now.Sub(c.At) < 24*time.Hour {
			n++
		}
	}
	return n
}

func (x *Examiner) send(tx *db.Tx, p picture, to account.Contact, forReporter string, by access.Actor) error {
	if err := replaceSent(tx, p.c.ID, forReporter); err != nil {
		return err
	}
	s := Sent{ID: seal.ID("code"), Case: p.c.ID, Reporter: forReporter, Slot: to.Slot, Version: to.Version, SetSeq: to.SetSeq,
		Masked: mail.Mask(to.Address), At: tx.Now, Until: tx.Now.Add(codeFor)}
	code, err := x.Seal.IssueCode(tx, seal.Code, s.ID, p.c.Account, p.account.Epoch, codeFor, p.c.ID)
	if err != nil {
		return err
	}
	if err := insertSent(tx, s); err != nil {
		return err
	}
	if err := x.deliver(tx, p, to, code, s.Until); err != nil {
		return err
	}
	return x.Files.Note(tx, p.c.ID, by, "verify.code-sent", s.Masked)
}

// texted picks the numbers that a code can be sent to: confirmed ones. A call to
// a number is answered by a voice, a text by whoever has the card.
func (x *Examiner) texted(phones []account.Contact, in Incident) (out []account.Contact) {
	for _, c := range phones {
		if x.Texts != nil && textable(c, in) && x.Texts.Takes(c.Address) {
			out = append(out, c)
		}
	}
	return out
}

// deliver sends a code by letter or by text.
func (x *Examiner) deliver(tx *db.Tx, p picture, to account.Contact, code string, until time.Time) error {
	if !to.Mail() {
		return x.Texts.Queue(tx, sms.Message{Account: p.c.Account, Case: p.c.ID, Number: to.Address, Masked: mail.Mask(to.Address),
			Language: p.account.Language, Purpose: sms.Prove, Code: code, Until: until})
	}
	address, err := mail.ParseAddress(to.Address)
	if err != nil {
		return err
	}
	_, err = x.Post.Queue(tx, mail.Letter{Account: p.c.Account, Case: p.c.ID, To: address, Language: p.account.Language,
		Body: mail.Code{Code: code, Until: until, Purpose: purpose[p.account.Language]}})
	return err
}

// Enter takes a code that the holder typed on the page of the case. It returns
// ErrWrongCode for every code that does not count, without saying why.
func (x *Examiner) Enter(ctx context.Context, caseID, code string) error {
	return x.EnterAs(ctx, caseID, "", code)
}

// EnterAs is Enter where it is known which reporter typed. Who types a right
// code is believed to be the holder from then on.
func (x *Examiner) EnterAs(ctx context.Context, caseID, reporter, code string) (err error) {
	defer fault.Wrap(&err, "verify.Enter(%s)", caseID)
	right := false
	err = x.DB.Write(ctx, func(tx *db.Tx) (err error) {
		right, err = x.enter(tx, caseID, reporter, seal.Typed(code))
		return err
	})
	if err == nil && !right {
		err = ErrWrongCode // after the commit: a wrong try counts
	}
	return err
}

func (x *Examiner) enter(tx *db.Tx, caseID, reporter, code string) (right bool, err error) {
	c, err := casefile.Get(tx, caseID)
	if errors.Is(err, casefile.ErrNone) || err == nil && (c.Account == "" || c.Step.Over()) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	s, err := countTry(tx, caseID, reporter)
	if errors.Is(err, db.ErrNone) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	by := access.Actor{Role: access.Nobody, ID: reporter, Account: c.Account, Case: caseID}
	ok, err := x.spend(tx, c.Account, s, code)
	if err != nil {
		return false, err
	}
	if !ok {
		if s.Tries >= tries {
			if err := endSent(tx, s.ID, "spent"); err != nil {
				return false, err
			}
		}
		return false, x.Files.Note(tx, caseID, by, "verify.code-wrong", s.Masked)
	}
	if err := endSent(tx, s.ID, "used"); err != nil {
		return false, err
	}
	if s.Reporter != "" {
		reporter = s.Reporter
	}
	method := Text
	if (account.Contact{Slot: s.Slot}).Mail() {
		method = Code
	}
	if err := x.keep(tx, by, Proof{Case: caseID, Reporter: reporter, Method: method, Path: s.Slot, Version: s.Version, SetSeq: s.SetSeq, Good: true}); err != nil {
		return false, err
	}
	return true, x.Consider(tx, caseID, by)
}

// spend uses the code of a request up, if it is the right one.
func (x *Examiner) spend(tx *db.Tx, accountID string, s Sent, code string) (bool, error) {
	a, err := account.Get(tx, accountID)
	if err != nil {
		return false, err
	}
	link, err := x.Seal.Peek(tx, seal.Code, s.ID+" "+code)
	if errors.Is(err, seal.ErrNoLink) || err == nil && link.Check(tx.Now, a.Epoch) != nil {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, x.Seal.Spend(tx, link)
}

// keep enters a proof, and lets the reporter see the course of his case if he is proved by it.
func (x *Examiner) keep(tx *db.Tx, by access.Actor, p Proof) error {
	p.ID, p.At, p.Until, p.Role, p.Actor = seal.ID("proof"), tx.Now, tx.Now.Add(freshFor), string(by.Role), by.ID
	if p.Reporter == "" {
		only, err := onlyReporter(tx, p.Case)
		if err != nil {
			return err
		}
		p.Reporter = only.ID
	}
	fresh, err := insertProof(tx, p)
	if err != nil {
		return err
	}
	if !fresh {
		return ErrAsked
	}
	what := "verify." + string(p.Method)
	if !p.Good {
		what += "-wrong"
	}
	if err := x.Files.Note(tx, p.Case, by, what, p.Path); err != nil {
		return err
	}
	if p.Good && p.Method != Question && p.Reporter != "" {
		r, err := casefile.ReporterOf(tx, p.Reporter)
		if err != nil {
			return err
		}
		if r.ProvedAt.IsZero() {
			return x.Files.Prove(tx, r.ID, by)
		}
	}
	return nil
}

// onlyReporter gives the one who speaks in a case; the zero one if there are none or several.
func onlyReporter(tx *db.Tx, caseID string) (casefile.Reporter, error) {
	all, err := casefile.Reporters(tx, caseID)
	if err != nil || len(all) != 1 {
		return casefile.Reporter{}, err
	}
	return all[0], nil
}

// EnterSaved takes a code that the holder kept on paper, typed on the page of the case.
func (x *Examiner) EnterSaved(ctx context.Context, caseID, reporter string, code seal.Secret) (err error) {
	defer fault.Wrap(&err, "verify.EnterSaved(%s)", caseID)
	right := false
	err = x.DB.Write(ctx, func(tx *db.Tx) (err error) {
		right, err = x.enterSaved(tx, caseID, reporter, code)
		return err
	})
	if err == nil && !right {
		err = ErrWrongCode
	}
	return err
}

func (x *Examiner) enterSaved(tx *db.Tx, caseID, reporter string, code seal.Secret) (bool, error) {
	c, err := casefile.Get(tx, caseID)
	if errors.Is(err, casefile.ErrNone) || err == nil && (c.Account == "" || c.Step.Over() || x.Saved == nil) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	all, err := proofs(tx, caseID)
	if err != nil {
		return false, err
	}
	wrong := 0 // of this reporter: the intruder, who speaks in the case too, must not use up the holder's tries
	for _, p := range all {
		if p.Method == Saved && !p.Good && p.Reporter == reporter && tx.Now.Sub(p.At) < 24*time.Hour {
			wrong++
		}
	}
	if wrong >= tries {
		return false, nil
	}
	from, ok, err := x.Saved.SpendSaved(tx, c.Account, code)
	if err != nil {
		return false, err
	}
	by := access.Actor{Role: access.Nobody, ID: reporter, Account: c.Account, Case: caseID}
	if err := x.keep(tx, by, Proof{Case: caseID, Reporter: reporter, Method: Saved, Path: "codes", Version: from.Version, SetSeq: from.SetSeq, Good: ok}); err != nil {
		return false, err
	}
	return ok, x.Consider(tx, caseID, by)
}
