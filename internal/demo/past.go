package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/investigate"
	"takeback/internal/mail/inbox"
	"takeback/internal/report"
	"takeback/internal/seal"
	"takeback/internal/signin"
	"takeback/internal/verify"
)

// The holders whose accounts have had a case. They have not been here since.
const (
	wasTaken   = 17 // taken over and handed back: case closed
	isWatched  = 44 // handed back yesterday, and watched since
	wasMistake = 58 // stopped, and it was the holder after all: case closed
	waitsCall  = 71 // has asked to be called this evening
	isStopped  = 96 // pressed the button in a letter just now, and wrote to us
)

// quiet tells how long before the demo somebody was here last.
var quiet = map[int]time.Duration{wasTaken: 37 * 24 * time.Hour, isWatched: 3 * 24 * time.Hour, wasMistake: 3 * 24 * time.Hour, waitsCall: 2 * 24 * time.Hour, isStopped: 2 * 24 * time.Hour}

// past writes cases that came before the reader: the rooms' own verbs, one
// after the other, at the times at which they are said to have happened.
type past struct {
	*House
	ctx context.Context
	at  time.Time
	err error
}

// remember writes them. It leaves the clock where it stands.
func (h *House) remember(ctx context.Context, people []Person, now time.Time) (err error) {
	defer fault.Wrap(&err, "demo.remember")
	p := &past{House: h, ctx: ctx}
	p.takenOver(people[wasTaken], now.Add(-36*24*time.Hour))
	p.set(now.Add(-24 * time.Hour)) // the watch has ended by then
	p.delivers()
	p.takenOver(people[isWatched], now.Add(-21*time.Hour))
	p.mistaken(people[wasMistake], now.Add(-5*time.Hour))
	p.waiting(people[waitsCall], now.Add(-50*time.Minute))
	p.stopped(people[isStopped], now.Add(-6*time.Minute))
	p.set(now.Add(-4 * time.Minute))
	p.do(func() error {
		return h.App.Intake.Phishing(ctx, "「ポイントが失効します」というメールが来ました。リンク先でパスワードを聞かれました。本物でしょうか？",
			[]byte("From: Awanami Books <info@awanami-points.example>\r\nTo: sachi@example.jp\r\nSubject: =?utf-8?B?44Od44Kk44Oz44OI5aSx5Yq544Gu44GK55+l44KJ44Gb?=\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nポイントが本日失効します。\r\nhttp://awanami-points.example/login\r\n"),
			access.Actor{Client: asked(access.Client{IP: "203.0.113.180", UserAgent: iPhone, Language: "ja"})})
	})
	return p.err
}

// set moves the clock to a time.
func (p *past) set(at time.Time) {
	p.at = at
	p.Clock.Stand(at)
}

// do acts, a while after what was done last, unless something has failed already.
func (p *past) do(act func() error) {
	p.set(p.at.Add(17 * time.Second))
	if p.err == nil {
		p.err = act()
	}
}

// delivers carries out what is due, letters above all.
func (p *past) delivers() { p.do(func() error { return p.App.Runner.Drain(p.ctx) }) }

// letter gives the latest letter to an address that is as wanted.
func (p *past) letter(to string, is func(inbox.Letter) bool) (l inbox.Letter) {
	p.delivers()
	p.do(func() error {
		for _, l = range slices.Backward(p.Inbox.To(to)) {
			if is(l) {
				return nil
			}
		}
		return fmt.Errorf("there is no such letter to %s", to)
	})
	return l
}

// token gives the token in the latest link of a kind to an address.
func (p *past) token(to, path string) string {
	link := p.letter(to, func(l inbox.Letter) bool { return l.Link(path) != "" }).Link(path)
	for i := len(link) - 1; i >= 0; i-- {
		if link[i] == '/' {
			return link[i+1:]
		}
	}
	return ""
}

// takenOver is a case from the first letter to the new password.
func (p *past) takenOver(victim Person, at time.Time) {
	thief := asked(access.Client{IP: "198.51.100.201", UserAgent: linux, Device: "THIEFTHIEFTHIEFTHIEFTHIEFX", Language: "en"})
	mailbox, secret := "collector."+victim.ID+"@intruder.example", "copper-81-window-sail"
	a := p.App
	p.set(at)
	var who access.Actor
	p.do(func() error {
		in, err := a.Life.SignIn(p.ctx, p.present(victim), seal.NewSecret(Password), thief)
		who = in.Session.Actor(thief)
		return err
	})
	email := p.present(victim)
	p.do(func() error { return a.Life.ChangeEmail(p.ctx, who, mailbox, seal.NewSecret(Password)) })
	confirm := p.token(mailbox, "/confirm/")
	p.do(func() error { _, _, err := a.Life.Confirm(p.ctx, confirm, signin.Given{}, thief); return err })
	notMe := p.token(email, "/not-me/")
	p.do(func() error {
		return a.Life.ChangePassword(p.ctx, who, seal.NewSecret(Password), seal.NewSecret(secret))
	})
	p.set(p.at.Add(11 * time.Minute))
	var r report.Receipt
	p.do(func() (err error) { r, err = a.Intake.NotMe(p.ctx, notMe, asked(victim.Devices[0])); return err })
	p.do(func() error {
		return a.Intake.AskCall(p.ctx, r.Case, r.Token, "090-0000-7700", "now", asked(victim.Devices[0]))
	})
	grant := p.verifies(r, email)
	p.investigates(r.Case, grant)
	p.do(func() error { return a.Life.AskReset(p.ctx, email, asked(victim.Devices[0])) })
	reset := p.token(email, "/reset/")
	p.do(func() error {
		return a.Life.Reset(p.ctx, reset, seal.NewSecret("violet-44-harbour-train"), asked(victim.Devices[0]))
	})
}

// present is the address that somebody signs in with by now.
func (p *past) present(who Person) string {
	email := who.Email
	for _, d := range who.Life {
		if d.Path == "email" && d.Value != nil {
			email = account.Fact{Value: d.Value}.Text()
		}
	}
	return email
}

// verifies takes the call of a case and proves the holder by a code and at the number on file.
func (p *past) verifies(r report.Receipt, email string) (grant access.Actor) {
	agent, a := p.employee(access.Agent).Actor(), p.App
	var calls []casefile.Callback
	p.do(func() (err error) {
		return a.DB.Read(p.ctx, func(tx *db.Tx) error { calls, err = casefile.CallbacksIn(tx, r.Case); return err })
	})
	p.do(func() error { _, err := a.Desk.TakeCall(p.ctx, agent, calls[0].ID); return err })
	p.do(func() (err error) { grant, err = a.Desk.Enter(p.ctx, agent, r.Case, ""); return err })
	var script verify.Script
	p.do(func() (err error) { script, err = a.Examiner.Script(p.ctx, grant, r.Case); return err })
	p.do(func() error {
		if len(script.Mail) == 0 || len(script.Phones) == 0 {
			return errors.New("the holder has no clean address or no clean number")
		}
		return a.Examiner.SendCode(p.ctx, grant, r.Case, 0, script.Mail[0].Version, "")
	})
	code := codeIn(p.letter(email, func(l inbox.Letter) bool { return codeIn(l) != "" }))
	p.do(func() error { return a.Examiner.Enter(p.ctx, r.Case, code) })
	p.do(func() error {
		return a.Desk.UnmaskContact(p.ctx, agent, r.Case, script.Phones[0].Version)
	})
	p.do(func() error {
		return a.Examiner.Reached(p.ctx, grant, r.Case, 0, script.Phones[0].Version, true, "")
	})
	p.do(func() error { return a.Desk.FinishCall(p.ctx, agent, calls[0].ID, "reached") })
	return grant
}

// investigates marks what the report suggests, plans, approves, restores and hands back.
func (p *past) investigates(caseID string, grant access.Actor) {
	v, second, a := p.employee(access.Investigator).Actor(), p.employee(access.Supervisor).Actor(), p.App
	v.Case, second.Case = caseID, caseID
	p.set(p.at.Add(40 * time.Minute))
	var t investigate.Timeline
	p.do(func() error { _, err := a.Desk.Enter(p.ctx, v, caseID, ""); return err })
	p.do(func() (err error) { t, err = a.Investigator.Timeline(p.ctx, v, caseID); return err })
	p.do(func() error {
		if t.Suggests == nil {
			return errors.New("the report suggests no session to mark")
		}
		return a.Investigator.Mark(p.ctx, v, caseID, *t.Suggests, t.Revision)
	})
	hash := ""
	p.do(func() error { plan, err := a.Restorer.MakePlan(p.ctx, v, caseID, ""); hash = plan.Hash; return err })
	p.do(func() error { _, err := a.Desk.Enter(p.ctx, second, caseID, ""); return err })
	p.do(func() error { return a.Restorer.Approve(p.ctx, second, caseID, hash) })
	p.do(func() error { return a.Restorer.Start(p.ctx, v, caseID) })
	p.delivers()
	p.do(func() error { return a.Returner.HandBack(p.ctx, v, caseID, "") })
	p.delivers()
}

// mistaken is a case that ended well at once: she had moved the sofa and forgotten the address.
func (p *past) mistaken(holder Person, at time.Time) {
	a, email := p.App, p.present(holder)
	p.set(at)
	var r report.Receipt
	p.do(func() (err error) {
		r, err = a.Intake.Contact(p.ctx, report.Word{Login: email, Phone: "080-0000-2310", Best: "now",
			Story: "お届け先が変わっているようなのですが、変更した覚えがありません。念のため止めていただけますか。"}, asked(holder.Devices[0]))
		return err
	})
	agent := p.employee(access.Agent).Actor()
	p.do(func() error {
		grant, err := a.Desk.Enter(p.ctx, agent, r.Case, "")
		if err != nil {
			return err
		}
		return a.Desk.Stop(p.ctx, grant, r.Case)
	})
	p.verifies(r, email)
	p.do(func() error {
		return a.Desk.Note(p.ctx, agent, r.Case, "ご家族が変更されたとのこと。ご本人と確認済み。")
	})
	p.do(func() error {
		grant, err := a.Desk.Enter(p.ctx, agent, r.Case, "")
		if err != nil {
			return err
		}
		_, err = a.Restorer.DeclareFalse(p.ctx, grant, r.Case, 0, "ご家族が変更されたとのこと。")
		return err
	})
	p.delivers()
}

// waiting is somebody who wants to be called in some hours.
func (p *past) waiting(holder Person, at time.Time) {
	p.set(at)
	p.do(func() error {
		_, err := p.App.Intake.Contact(p.ctx, report.Word{Login: p.present(holder), Phone: "070-0000-5512",
			Best:  p.at.Add(4 * time.Hour).In(time.FixedZone("JST", 9*3600)).Format("15:04"),
			Story: "注文した覚えのない本の発送メールが届きました。仕事のあとに電話をいただけると助かります。"}, asked(holder.Devices[0]))
		return err
	})
}

// stopped is somebody who has stopped his account and waits for an answer.
func (p *past) stopped(holder Person, at time.Time) {
	a := p.App
	p.set(at)
	p.do(func() error {
		stranger := asked(access.Client{IP: "203.0.113.231", UserAgent: windows, Device: "STRANGERSTRANGERSTRANGERXX", Language: "ja"})
		_, err := a.Life.SignIn(p.ctx, p.present(holder), seal.NewSecret(Password), stranger)
		return err
	})
	notMe := p.token(p.present(holder), "/not-me/")
	var r report.Receipt
	p.do(func() (err error) { r, err = a.Intake.NotMe(p.ctx, notMe, asked(holder.Devices[0])); return err })
	p.do(func() error {
		return a.Intake.Say(p.ctx, r.Case, r.Token, "見覚えのない端末からのログインのお知らせが届いたので、止めました。今夜中に使えるようになりますか？", asked(holder.Devices[0]))
	})
}
