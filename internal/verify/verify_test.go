package verify_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/db/dbtest"
	"takeback/internal/history"
	"takeback/internal/mail"
	"takeback/internal/seal"
	"takeback/internal/verify"
)

// box is a mail office that keeps what was handed in.
type box struct{ letters []mail.Letter }

func (b *box) Queue(tx *db.Tx, l mail.Letter) (string, error) {
	tx.OnCommit(func() { b.letters = append(b.letters, l) })
	return seal.ID("letter"), nil
}

func (b *box) code(t *testing.T) (code, to string) {
	t.Helper()
	if len(b.letters) == 0 {
		t.Fatal("no letter was queued")
	}
	l := b.letters[len(b.letters)-1]
	return l.Body.(mail.Code).Code, l.To.String()
}

// touched are the versions that the intruder had in his hands.
type touched map[string]bool

func (e touched) Exposed(*db.Tx, string) (map[string]bool, error) { return e, nil }

type bundle struct {
	*verify.Examiner
	t       *testing.T
	d       *db.DB
	clock   *dbtest.Clock
	book    *history.Book
	box     *box
	exposed touched
	c       casefile.Case
	rep     string
	thief   int64 // the change that was reported
}

const day = 24 * time.Hour

// setup makes an account with a year of life, an intruder who replaced its
// e-mail address, and a frozen case. phone tells whether it had a number.
func setup(t *testing.T, d *db.DB, clock *dbtest.Clock, phone bool) *bundle {
	t.Helper()
	kinds, err := account.NewKinds()
	if err != nil {
		t.Fatal(err)
	}
	keeper, err := seal.NewKeeper(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	b := &bundle{t: t, d: d, clock: clock, book: &history.Book{Kinds: kinds}, box: &box{}, exposed: touched{}}
	b.Examiner = &verify.Examiner{DB: d, Files: &casefile.Files{}, Seal: keeper, Post: b.box, Exposed: b.exposed}
	b.write(func(tx *db.Tx) error { return account.Create(tx, "acc", "ja") })
	holder := access.Actor{Role: access.Holder, ID: "acc", Account: "acc", Session: "home", Segment: 1, Client: access.Client{UserAgent: "Mozilla/5.0 (iPhone)"}}
	b.append(history.Entry{By: access.Do("register"), Verb: history.Contact, Path: "email", Value: json.RawMessage(`"hana@example.jp"`), Confirmed: true, Version: "mail-1"})
	b.append(history.Entry{By: holder, Verb: history.Open, Device: "d1"})
	if phone {
		b.append(history.Entry{By: holder, Verb: history.Contact, Path: "phone", Value: json.RawMessage(`"+81312345678"`), Version: "phone-1"})
	}
	clock.Advance(365 * day)
	thief := access.Actor{Role: access.Holder, ID: "acc", Account: "acc", Session: "thief", Segment: 1}
	b.append(history.Entry{By: thief, Verb: history.Open, Device: "d2"})
	clock.Advance(time.Minute)
	b.thief = b.append(history.Entry{By: thief, Verb: history.Contact, Path: "email", Value: json.RawMessage(`"thief@example.com"`), Confirmed: true, Version: "mail-2"}).Seq
	clock.Advance(time.Hour)
	b.write(func(tx *db.Tx) error {
		if _, err := account.Turn(tx, "acc", account.Frozen, time.Time{}, account.Open); err != nil {
			return err
		}
		b.c, _, err = b.Files.Open(tx, casefile.Case{Account: "acc", Step: casefile.Frozen, Source: "contact", Language: "ja", ReportedSeq: b.thief}, access.Actor{})
		if err != nil {
			return err
		}
		r, err := b.Files.AddReporter(tx, casefile.Reporter{Case: b.c.ID, Source: "contact", Language: "ja", Claims: "acc"}, access.Actor{})
		b.rep = r.ID
		return err
	})
	return b
}

func (b *bundle) write(fn func(tx *db.Tx) error) {
	b.t.Helper()
	if err := b.d.Write(b.t.Context(), fn); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bundle) append(e history.Entry) (c history.Change) {
	b.t.Helper()
	e.Account = "acc"
	b.write(func(tx *db.Tx) (err error) { c, err = b.book.Append(tx, e); return err })
	return c
}

// staff is a member of staff who has opened the case.
func (b *bundle) staff(id string, role access.Role) access.Actor {
	return access.Actor{Role: role, ID: id, Case: b.c.ID}
}

func (b *bundle) agent() access.Actor { return b.staff("staff_a", access.Agent) }

func (b *bundle) script() verify.Script {
	b.t.Helper()
	s, err := b.Script(b.t.Context(), b.agent(), b.c.ID)
	if err != nil {
		b.t.Fatal(err)
	}
	return s
}

func (b *bundle) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *bundle) want(err, want error) {
	b.t.Helper()
	if !errors.Is(err, want) {
		b.t.Errorf("got %v, want %v", err, want)
	}
}

func (b *bundle) proved() (ok bool, step casefile.Step) {
	b.t.Helper()
	b.must(b.d.Read(b.t.Context(), func(tx *db.Tx) (err error) {
		if ok, err = b.Proved(tx, b.c.ID); err != nil {
			return err
		}
		c, err := casefile.Get(tx, b.c.ID)
		step = c.Step
		return err
	}))
	return ok, step
}

// byCode proves the mailbox, byPhone the number.
func (b *bundle) byCode() {
	b.t.Helper()
	b.must(b.SendCode(b.t.Context(), b.agent(), b.c.ID, 0, "mail-1", b.rep))
	code, _ := b.box.code(b.t)
	b.must(b.Enter(b.t.Context(), b.c.ID, code))
}

func (b *bundle) byPhone() {
	b.t.Helper()
	b.shows("phone-1")
	b.must(b.Reached(b.t.Context(), b.agent(), b.c.ID, 0, "phone-1", true, b.rep))
}

// unreached checks what restore hears of the last call at the number on file.
func (b *bundle) unreached(want bool) {
	b.t.Helper()
	b.must(b.DB.Read(b.t.Context(), func(tx *db.Tx) error {
		for version, want := range map[string]bool{"phone-1": want, "phone-2": false} {
			if got, err := b.Unreached(tx, b.c.ID, version); err != nil || got != want {
				b.t.Errorf("unreached at %s is %t, %v", version, got, err)
			}
		}
		return nil
	}))
}

// shows enters that the agent was shown a number, as the desk does.
func (b *bundle) shows(version string) {
	b.t.Helper()
	b.append(history.Entry{By: b.agent(), Verb: history.View, Path: "phone", Version: version, Case: b.c.ID})
}

func each(t *testing.T, fn func(t *testing.T, d *db.DB, clock *dbtest.Clock)) {
	t.Parallel()
	dbtest.EachWithClock(t, fn)
}

func TestTwoMethodsReturnAnAccount(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		b := setup(t, d, clock, true)
		s := b.script()
		if len(s.Mail) != 1 || s.Mail[0].Version != "mail-1" || s.Mail[0].Masked != "h***@e***.jp" {
			t.Errorf("codes may go to %+v, want only the address of before, masked", s.Mail)
		}
		if !s.Began.Equal(clock.Now().Add(-time.Hour - time.Minute)) {
			t.Errorf("the incident began at %s, not when the intruder signed in", s.Began)
		}
		b.byCode()
		if _, to := b.box.code(t); to != "hana@example.jp" {
			t.Errorf("the code went to %s", to)
		}
		if ok, step := b.proved(); ok || step != casefile.Frozen {
			t.Errorf("proved by one method: %t, %s", ok, step)
		}
		b.byPhone()
		if ok, step := b.proved(); !ok || step != casefile.Verified {
			t.Errorf("after two methods: proved %t, step %s", ok, step)
		}
		b.must(d.Read(t.Context(), func(tx *db.Tx) error {
			r, err := casefile.ReporterOf(tx, b.rep)
			if r.ProvedAt.IsZero() {
				t.Error("who proved it may not see the course of the case")
			}
			return err
		}))
		b.exposed["phone-1"] = true
		if ok, _ := b.proved(); ok {
			t.Error("still proved after the number turned out to be the intruder's")
		}
		delete(b.exposed, "phone-1")
		clock.Advance(15 * day)
		if ok, _ := b.proved(); ok {
			t.Error("still proved when the proofs were no longer fresh")
		}
	})
}

func TestCodesCannotBeGuessed(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		b := setup(t, d, clock, true)
		send := func() string {
			t.Helper()
			b.must(b.SendCode(t.Context(), b.agent(), b.c.ID, 0, "mail-1", b.rep))
			code, _ := b.box.code(t)
			return code
		}
		other := func(code string) string { return fmt.Sprintf("%06d", (atoi(code)+1)%1_000_000) }
		enter := func(code string) error { return b.Enter(t.Context(), b.c.ID, code) }

		code := send()
		for range 5 {
			b.want(enter(other(code)), verify.ErrWrongCode)
		}
		b.want(enter(code), verify.ErrWrongCode)
		first := send()
		second := send()
		if first != second {
			b.want(enter(first), verify.ErrWrongCode)
		}
		clock.Advance(10 * time.Minute)
		b.want(enter(second), verify.ErrWrongCode)
		third := send()
		b.must(enter(" " + third[:3] + " " + third[3:]))
		b.want(enter(third), verify.ErrWrongCode)
		fourth := send()
		b.write(func(tx *db.Tx) error {
			_, err := account.Turn(tx, "acc", account.Frozen, time.Time{}, account.Frozen)
			return err
		})
		b.want(enter(fourth), verify.ErrWrongCode)
		b.want(b.Enter(t.Context(), "case_unknown", fourth), verify.ErrWrongCode)
		send()
		b.want(b.SendCode(t.Context(), b.agent(), b.c.ID, 0, "mail-1", b.rep), verify.ErrOften)
	})
}

func atoi(s string) (n int) {
	for _, r := range s {
		n = n*10 + int(r-'0')
	}
	return n
}

func TestManyTriesAtOnceAreFive(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		b := setup(t, d, clock, true)
		b.must(b.SendCode(t.Context(), b.agent(), b.c.ID, 0, "mail-1", ""))
		code, _ := b.box.code(t)
		var all sync.WaitGroup
		for i := range 12 {
			all.Go(func() { _ = b.Enter(t.Context(), b.c.ID, fmt.Sprintf("%06d", (atoi(code)+1+i)%1_000_000)) })
		}
		all.Wait()
		if s := b.script(); s.Codes[0].Tries != 5 || s.Codes[0].Ended != "spent" {
			t.Errorf("%d tries were let through, the code is %q", s.Codes[0].Tries, s.Codes[0].Ended)
		}
	})
}

func TestWhatTheIntruderSetIsNoSource(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		b := setup(t, d, clock, true)
		b.want(b.SendCode(t.Context(), b.agent(), b.c.ID, 0, "mail-2", ""), verify.ErrUnclean)
		b.want(b.Reached(t.Context(), b.agent(), b.c.ID, 0, "mail-1", true, ""), verify.ErrUnclean)
		b.exposed["mail-1"] = true
		b.want(b.SendCode(t.Context(), b.agent(), b.c.ID, 0, "mail-1", ""), verify.ErrUnclean)
	})
}

// An agent who calls the number that the caller gave him has never asked for the one on file.
func TestNobodyAnsweredAtANumberThatNobodySaw(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		b := setup(t, d, clock, true)
		reached := func(answered bool) error {
			return b.Reached(t.Context(), b.agent(), b.c.ID, 0, "phone-1", answered, "")
		}
		b.want(reached(true), verify.ErrNotCalled)
		b.shows("phone-2")
		b.append(history.Entry{By: b.agent(), Verb: history.View, Path: "phone", Version: "phone-1", Case: "case_other"})
		b.append(history.Entry{By: access.Actor{Role: access.System, ID: "restore"}, Verb: history.View, Path: "phone", Version: "phone-1", Case: b.c.ID})
		b.want(reached(true), verify.ErrNotCalled)
		b.must(reached(false))
		b.unreached(true)
		b.shows("phone-1")
		clock.Advance(time.Hour + time.Second)
		b.want(reached(true), verify.ErrNotCalled)
		b.append(history.Entry{By: b.staff("staff_b", access.Agent), Verb: history.View, Path: "phone", Version: "phone-1", Case: b.c.ID})
		b.must(reached(true))
		b.unreached(false)
	})
}

func TestAnswersOnlyStop(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		b := setup(t, d, clock, true)
		s := b.script()
		if len(s.Questions) < 2 {
			t.Fatalf("only %d questions", len(s.Questions))
		}
		right := map[string]string{"opened": "2026-03", "first-device": "iphone"}
		for _, q := range s.Questions {
			answer, known := right[q.ID]
			if !known {
				continue
			}
			ok, err := b.Answer(t.Context(), b.agent(), b.c.ID, 0, q.ID, answer, b.rep)
			b.must(err)
			if !ok {
				t.Errorf("%s: %s was not right", q.ID, answer)
			}
			_, err = b.Answer(t.Context(), b.agent(), b.c.ID, 0, q.ID, answer, b.rep)
			b.want(err, verify.ErrAsked)
		}
		if v := b.script().Verdict; !v.Stop || v.Return {
			t.Errorf("answers suffice to stop: %t, to return: %t", v.Stop, v.Return)
		}
		_, err := b.Answer(t.Context(), b.agent(), b.c.ID, 0, "shoe-size", "42", b.rep)
		b.want(err, verify.ErrNoneSuch)
	})
}

func TestTheLinkInALetterIsTheMailbox(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		b := setup(t, d, clock, true)
		b.write(func(tx *db.Tx) error {
			_, err := b.Files.AddReporter(tx, casefile.Reporter{Case: b.c.ID, Source: "not-me", Via: "mail-2"}, access.Actor{})
			return err
		})
		b.byPhone()
		if ok, _ := b.proved(); ok {
			t.Error("the intruder's own letter proved him")
		}
		b.write(func(tx *db.Tx) error {
			_, err := b.Files.AddReporter(tx, casefile.Reporter{Case: b.c.ID, Source: "not-me", Via: "mail-1"}, access.Actor{})
			return err
		})
		if ok, _ := b.proved(); !ok {
			t.Error("a link from the old mailbox and the old number did not suffice")
		}
		b.must(b.d.Write(t.Context(), func(tx *db.Tx) error { return b.Consider(tx, b.c.ID, access.Do("test")) }))
		if _, step := b.proved(); step != casefile.Verified {
			t.Errorf("considered, the case is %s", step)
		}
	})
}

func TestASecondClaimantBlocks(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		b := setup(t, d, clock, true)
		b.must(b.Mark(t.Context(), b.agent(), b.c.ID, 0, "a man calls and says he is Hana's husband"))
		b.want(b.Mark(t.Context(), b.agent(), b.c.ID, 0, "again"), verify.ErrContested)
		b.byCode()
		b.byPhone()
		if ok, step := b.proved(); ok || step != casefile.Frozen {
			t.Errorf("proved %t, step %s while two say it is theirs", ok, step)
		}
		b.want(b.Settle(t.Context(), b.agent(), b.c.ID, 0, "it is fine"), verify.ErrSame)
		b.must(b.Settle(t.Context(), b.staff("staff_b", access.Agent), b.c.ID, 0, "the second one hung up"))
		if ok, step := b.proved(); !ok || step != casefile.Verified {
			t.Errorf("after a second person looked: proved %t, step %s", ok, step)
		}
	})
}

func TestTheException(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		b := setup(t, d, clock, false)
		boss := b.staff("staff_s", access.Supervisor)
		ask := func(by access.Actor) error { return b.AskWaiver(t.Context(), by, b.c.ID, 0, "no phone on file") }
		agree := func(by access.Actor) error { return b.AnswerWaiver(t.Context(), by, b.c.ID, 0, true, "seen") }
		b.want(ask(b.agent()), verify.ErrNoWaiver)
		b.byCode()
		b.must(ask(boss))
		b.want(agree(b.agent()), verify.ErrSame)
		b.want(agree(boss), verify.ErrSame)
		b.must(ask(b.agent()))
		b.must(b.AnswerWaiver(t.Context(), boss, b.c.ID, 0, false, "ask for a copy of the invoice first"))
		b.want(agree(boss), verify.ErrSame)
		if ok, _ := b.proved(); ok {
			t.Error("a refused exception carried the account")
		}
		b.must(ask(b.agent()))
		b.must(agree(boss))
		if ok, step := b.proved(); !ok || step != casefile.Verified {
			t.Errorf("two people agreed: proved %t, step %s", ok, step)
		}
	})
}

func TestActsNeedTheOpenCase(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		b := setup(t, d, clock, true)
		stranger := access.Actor{Role: access.Agent, ID: "staff_a", Case: "case_other"}
		s, err := b.Script(t.Context(), stranger, b.c.ID)
		b.want(err, verify.ErrNoLook)
		if len(s.Mail)+len(s.Questions)+len(s.Proofs) > 0 {
			t.Error("data without an entry")
		}
		b.want(b.SendCode(t.Context(), stranger, b.c.ID, 0, "mail-1", ""), verify.ErrNoLook)
		b.want(b.SendCode(t.Context(), b.agent(), b.c.ID, 77, "mail-1", ""), verify.ErrStale)
		if len(b.box.letters) > 0 {
			t.Error("a letter was sent all the same")
		}
		b.want(b.SendCode(t.Context(), b.agent(), b.c.ID, 0, "mail-1", "rep_of_another_case"), casefile.ErrWhom)
	})
}

// paper knows one saved code.
type paper struct{ used bool }

func (p *paper) SpendSaved(tx *db.Tx, accountID string, code seal.Secret) (account.Secret, bool, error) {
	s, err := account.SecretIn(tx, accountID, "codes")
	if err != nil || code.Reveal() != "alpha-bravo" || p.used {
		return s, false, err
	}
	tx.OnCommit(func() { p.used = true })
	return s, true, nil
}

func (p *paper) SpendApp(tx *db.Tx, accountID string, code seal.Secret) (account.Secret, bool, error) {
	s, err := account.SecretIn(tx, accountID, "totp")
	return s, err == nil && s.Version != "" && code.Reveal() == "246810", err
}

func TestSavedCodes(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		b := setup(t, d, clock, true)
		b.Saved = &paper{}
		enter := func(code string) error { return b.EnterSaved(t.Context(), b.c.ID, b.rep, seal.NewSecret(code)) }
		b.append(history.Entry{By: access.Do("test"), Verb: history.Credential, Path: "codes", SecretID: "s", Stored: "x"})
		b.must(enter("alpha-bravo"))
		proofs := b.script().Proofs
		if i := slices.IndexFunc(proofs, func(p verify.Proof) bool { return p.Method == verify.Saved }); i < 0 || proofs[i].Worth != verify.Nothing {
			t.Error("codes made in the incident prove something")
		}
		for range 5 {
			b.want(enter("guess"), verify.ErrWrongCode)
		}
		b.want(enter("alpha-bravo"), verify.ErrWrongCode)
	})
}

func TestAnotherReporterDoesNotUseUpTheTriesOfTheHolder(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		b := setup(t, d, clock, true)
		b.Saved = &paper{}
		b.append(history.Entry{By: access.Do("test"), Verb: history.Credential, Path: "codes", SecretID: "s", Stored: "x"})
		var other casefile.Reporter
		b.must(d.Write(t.Context(), func(tx *db.Tx) (err error) {
			other, err = (&casefile.Files{}).AddReporter(tx, casefile.Reporter{Case: b.c.ID, Source: "not-me", Language: "en", Via: "mail-9"}, access.Actor{})
			return err
		}))
		for range 5 {
			b.want(b.EnterSaved(t.Context(), b.c.ID, other.ID, seal.NewSecret("guess")), verify.ErrWrongCode)
		}
		b.want(b.EnterSaved(t.Context(), b.c.ID, other.ID, seal.NewSecret("alpha-bravo")), verify.ErrWrongCode)
		b.must(b.EnterSaved(t.Context(), b.c.ID, b.rep, seal.NewSecret("alpha-bravo")))
	})
}
