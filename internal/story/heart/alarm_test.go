package heart

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/freeze"
	"takeback/internal/history"
	"takeback/internal/mail"
)

// revision gives the number of the last mark.
func (h *house) revision() int64 {
	h.t.Helper()
	tl, err := h.Timeline(h.t.Context(), ken, h.caseID)
	if err != nil {
		h.t.Fatal(err)
	}
	return tl.Revision
}

// carries has a plan approved, begins it and carries it out.
func (h *house) carries(hash string) {
	h.t.Helper()
	for _, err := range []error{h.Approve(h.t.Context(), yuki, h.caseID, hash), h.Start(h.t.Context(), ken, h.caseID), h.runner.Drain(h.t.Context())} {
		if err != nil {
			h.t.Fatal(err)
		}
	}
}

func TestAFalseAlarmAfterThePlanIsUndoneAndItsLetterSaysSo(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.stopped()
		before := h.facts()
		h.markSuggested()
		p, err := h.MakePlan(t.Context(), ken, h.caseID, "")
		if err != nil {
			t.Fatal(err)
		}
		h.carries(p.Hash)
		if _, err := h.DeclareFalse(t.Context(), ken, h.caseID, h.revision()-1, "it was her sister"); fault(err) != "restore.marked" {
			t.Errorf("declared by somebody who has not seen the marks: %v", err)
		}
		if _, err := h.DeclareFalse(t.Context(), aoi, h.caseID, h.revision(), ""); fault(err) != "restore.forbidden" {
			t.Errorf("an agent undid a plan: %v", err)
		}
		back, err := h.DeclareFalse(t.Context(), ken, h.caseID, h.revision(), "it was her sister")
		if err != nil || h.step() != casefile.Planned {
			t.Fatalf("the case is %s (%v)", h.step(), err)
		}
		h.carries(back.Hash)
		after := h.facts()
		for _, stays := range []string{"password", "token/t1", "order/o1", "order/o2"} {
			delete(before, stays)
			delete(after, stays)
		}
		if d := cmp.Diff(before, after); d != "" {
			t.Errorf("it is not as she left it:\n%s", d)
		}
		letter, err := h.returner.Preview(t.Context(), mika, h.caseID, "ご連絡ありがとうございました。")
		if err != nil || !letter.Ready {
			t.Fatalf("the letter: %v %v", err, letter.Why)
		}
		for _, want := range []string{"いずれもお客様ご自身によるもの", "ご連絡ありがとうございました。", "ご注文（o1）：4,980円（取り消し済み）", "ご注文（o2）：10,000円（返金済み）",
			"・お名前\n", "・メールアドレス\n", "・ポイント\n", "パスワードを無効にし", "・アプリ用アクセスキー", "担当：Mika Ono"} {
			if !strings.Contains(letter.Text, want) {
				t.Errorf("the letter lacks %q:\n%s", want, letter.Text)
			}
		}
		for _, never := range []string{"何者か", "第三者に不正に", "元に戻したもの", "再開いたしました", "何も変わっておりません", "もう一度ご登録"} {
			if strings.Contains(letter.Text, never) {
				t.Errorf("the letter says %q:\n%s", never, letter.Text)
			}
		}
		if err := h.returner.HandBack(t.Context(), mika, h.caseID, ""); err != nil {
			t.Fatal(err)
		}
		h.read(func(tx *db.Tx) error {
			sent, err := mail.Sent(tx, hanako, 10)
			if len(sent) != 1 || sent[0].Kind != mail.KindFalseAlarm || sent[0].To != mail.Mask("thief@mail.example") {
				t.Errorf("the letters are %+v", sent)
			}
			return err
		})
	})
}

// TestASecondAlarmThatWasFalseLeavesTheFirstTakeoverAsItWas: an account that went
// back after a takeover and is stopped again keeps what was found out about that.
func TestASecondAlarmThatWasFalseLeavesTheFirstTakeoverAsItWas(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.started()
		for _, err := range []error{h.runner.Drain(t.Context()), h.returner.HandBack(t.Context(), ken, h.caseID, "")} {
			if err != nil {
				t.Fatal(err)
			}
		}
		h.tick(24 * time.Hour)
		holder := h.signIn(client("device-home", "192.0.2.10"), history.Factor{Path: "passkey/k1", Version: "k1", Proof: "passkey"})
		h.does(holder, history.Order, "order/o3", history.Entry{Value: []byte(`{"effect":"undo","amount":700,"currency":"JPY"}`)})
		h.write(func(tx *db.Tx) error {
			c, err := casefile.Get(tx, h.caseID)
			if err == nil {
				_, err = h.freezer.Stop(tx, c, aoi)
			}
			return err
		})
		before, marks := h.facts(), h.revision()
		h.Restorer.OnFalse = func(tx *db.Tx, c casefile.Case, by access.Actor) error {
			if _, err := h.freezer.Files.Advance(tx, c.ID, casefile.Verified, by); err != nil {
				return err
			}
			_, err := h.freezer.LetGo(tx, c.ID, by)
			return err
		}
		if p, err := h.DeclareFalse(t.Context(), aoi, h.caseID, marks, "it was herself"); err != nil || p.ID != "" {
			t.Fatalf("a plan %q (%v)", p.ID, err)
		}
		if d := cmp.Diff(before, h.facts()); d != "" {
			t.Errorf("something was undone:\n%s", d)
		}
		h.read(func(tx *db.Tx) error {
			c, err := casefile.Get(tx, h.caseID)
			if err != nil {
				return err
			}
			now, err := h.Marked(tx, h.caseID)
			if now != marks || c.Step != casefile.FalseAlarm {
				t.Errorf("%d marks instead of %d, the case is %s", now, marks, c.Step)
			}
			a, err2 := account.Get(tx, hanako)
			held, err3 := freeze.Held(tx, hanako)
			if a.State != account.Guarded || len(held) > 0 || err2 != nil || err3 != nil {
				t.Errorf("the account is %s, held are %v (%v, %v)", a.State, held, err2, err3)
			}
			letter, err4 := h.returner.Alarm(tx, c, "Aoi Kato")
			want := mail.FalseAlarm{Case: c.ID, Stopped: tx.Now, At: tx.Now, Held: []string{"ご注文（o3）"}, Signed: "Aoi Kato", SignedAs: "アカウント保護窓口"}
			if d := cmp.Diff(want, letter); d != "" || err4 != nil {
				t.Errorf("the letter (%v):\n%s", err4, d)
			}
			return err
		})
	})
}
