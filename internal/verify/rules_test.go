package verify

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"takeback/internal/account"
	"takeback/internal/history"
)

var now = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func good(m Method, version string, seq int64) Proof {
	return Proof{Method: m, Version: version, SetSeq: seq, Good: true, At: now, Until: now.Add(freshFor)}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	var (
		both   = []Class{Mailbox, Phone}
		code   = good(Code, "v1", 3)
		link   = good(Link, "v1", 3)
		call   = good(Callback, "v2", 4)
		known  = Proof{Method: Question, Path: "opened", Good: true, Until: now.Add(freshFor)}
		seen   = Proof{Method: Question, Path: "last-order", Good: true, Visible: true, Until: now.Add(freshFor)}
		wrong  = Proof{Method: Question, Path: "old-mail", Until: now.Add(freshFor)}
		waiver = Waiver{AskedBy: "a", AgreedBy: "s", Reason: "no phone", AgreedWords: "seen", AgreedAt: now}
	)
	old := code
	old.Until = now
	alone := waiver
	alone.AgreedBy = "a"
	for name, c := range map[string]struct {
		f          Facts
		stop, back bool
	}{
		"nothing proves nothing":                           {Facts{Offers: both}, false, false},
		"one right answer is too little even to stop":      {Facts{Offers: both, Proofs: []Proof{seen}}, false, false},
		"one answer from before suffices to stop":          {Facts{Offers: both, Proofs: []Proof{known}}, true, false},
		"as many wrong answers as right ones do not":       {Facts{Offers: both, Proofs: []Proof{known, wrong}}, false, false},
		"no number of answers returns an account":          {Facts{Offers: both, Proofs: []Proof{known, seen, known, known}}, true, false},
		"one method stops and does not return":             {Facts{Offers: both, Proofs: []Proof{code}}, true, false},
		"one method and answers do not return":             {Facts{Offers: both, Proofs: []Proof{code, known, seen}}, true, false},
		"two methods of one class are one":                 {Facts{Offers: both, Proofs: []Proof{code, link}}, true, false},
		"two classes return":                               {Facts{Offers: both, Proofs: []Proof{code, call}}, true, true},
		"a proof that is too old counts nothing":           {Facts{Offers: both, Proofs: []Proof{old, call}}, true, false},
		"an exposed contact counts nothing":                {Facts{Offers: both, Proofs: []Proof{code, call}, Exposed: map[string]bool{"v1": true}}, true, false},
		"a contact set in the incident counts nothing":     {Facts{Offers: both, Proofs: []Proof{good(Code, "v9", 10), call}}, true, false},
		"two people who claim it stop every verification":  {Facts{Offers: both, Proofs: []Proof{code, call}, Contest: true}, true, false},
		"an exception carries an account with one method":  {Facts{Offers: []Class{Mailbox}, Proofs: []Proof{code}, Waiver: waiver}, true, true},
		"an exception still wants the method there is":     {Facts{Offers: []Class{Mailbox}, Proofs: []Proof{known}, Waiver: waiver}, true, false},
		"no exception where there are two methods":         {Facts{Offers: both, Proofs: []Proof{code}, Waiver: waiver}, true, false},
		"nobody agrees to his own exception":               {Facts{Offers: []Class{Mailbox}, Proofs: []Proof{code}, Waiver: alone}, true, false},
		"an exception does not go before a contested case": {Facts{Offers: []Class{Mailbox}, Proofs: []Proof{code}, Waiver: waiver, Contest: true}, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			c.f.Suspect, c.f.Now = 10, now
			v := Judge(c.f)
			if v.Stop != c.stop || v.Return != c.back {
				t.Errorf("stop %t, return %t; want %t, %t", v.Stop, v.Return, c.stop, c.back)
			}
		})
	}
}

func genProof(t *rapid.T) Proof {
	m := rapid.SampledFrom([]Method{Link, Code, Callback, Saved, Question}).Draw(t, "method")
	return Proof{Method: m, Version: rapid.SampledFrom([]string{"", "v1", "v2", "v3"}).Draw(t, "version"), SetSeq: int64(rapid.IntRange(1, 20).Draw(t, "seq")),
		Good: rapid.Bool().Draw(t, "good"), Visible: rapid.Bool().Draw(t, "visible"), At: now,
		Until: now.Add(time.Duration(rapid.IntRange(-2, 2).Draw(t, "days")) * 24 * time.Hour)}
}

func genFacts(t *rapid.T) Facts {
	f := Facts{Now: now, Suspect: int64(rapid.IntRange(1, 20).Draw(t, "suspect")), Exposed: map[string]bool{}, Contest: rapid.Bool().Draw(t, "contest"),
		Proofs: rapid.SliceOfN(rapid.Custom(genProof), 0, 8).Draw(t, "proofs"),
		Offers: rapid.SliceOfNDistinct(rapid.SampledFrom([]Class{Mailbox, Phone, Paper}), 0, 3, func(c Class) Class { return c }).Draw(t, "offers")}
	for _, v := range []string{"v1", "v2", "v3"} {
		f.Exposed[v] = rapid.Bool().Draw(t, "exposed "+v)
	}
	return f
}

func TestJudgeProperties(t *testing.T) {
	t.Parallel()
	t.Run("a return without an exception rests on two classes, none exposed, none set in the incident, none a question", rapid.MakeCheck(func(t *rapid.T) {
		f := genFacts(t)
		v := Judge(f)
		if !v.Return {
			return
		}
		classes := map[Class]bool{}
		for _, p := range f.Proofs {
			if p.Good && p.Method != Question && p.Version != "" && !f.Exposed[p.Version] && p.SetSeq < f.Suspect && p.Until.After(now) {
				classes[p.Method.Class()] = true
			}
		}
		if len(classes) < 2 || f.Contest {
			t.Fatalf("returned on %v, contest %t", classes, f.Contest)
		}
	}))
	t.Run("finding out more about the intruder never makes anybody surer", rapid.MakeCheck(func(t *rapid.T) {
		f := genFacts(t)
		worse := f
		worse.Proofs = slices.Clone(f.Proofs)
		worse.Exposed = map[string]bool{"v1": true, "v2": f.Exposed["v2"], "v3": f.Exposed["v3"]}
		worse.Suspect = max(1, f.Suspect-3)
		if !Judge(f).Return && Judge(worse).Return {
			t.Fatal("a proof was worth more after its source was exposed")
		}
	}))
}

func text(s string) json.RawMessage {
	b, _ := json.Marshal(s)
	return b
}

func TestBegan(t *testing.T) {
	t.Parallel()
	day := 24 * time.Hour
	all := []history.Change{
		{Seq: 1, At: now.Add(-90 * day), Verb: history.Contact, Path: "email", After: text("a@example.jp")},
		{Seq: 2, At: now.Add(-90 * day), Verb: history.Open, Session: "home"},
		{Seq: 3, At: now.Add(-2 * day), Verb: history.Open, Session: "thief"},
		{Seq: 4, At: now.Add(-2 * day), Verb: history.Set, Path: "name", Session: "home"},
		{Seq: 5, At: now.Add(-1 * day), Verb: history.Contact, Path: "email", Before: text("a@example.jp"), After: text("t@example.com"), Session: "thief"},
		{Seq: 6, At: now.Add(time.Hour), Verb: history.Look},
	}
	for name, c := range map[string]struct {
		reported int64
		opened   time.Time
		want     int64
	}{
		"the session of the reported change began it":               {5, now, 3},
		"without a report the session that replaced a contact did":  {0, now, 3},
		"a replacement long before the case is no part of it":       {0, now.Add(30 * day), 7},
		"with nothing replaced it begins with the case":             {0, now.Add(-80 * day), 3},
		"what staff did after the case was opened is not good, too": {0, now.Add(-36 * time.Hour), 5},
	} {
		t.Run(name, func(t *testing.T) {
			if got := began(all, c.reported, c.opened); got.Seq != c.want {
				t.Errorf("began with change %d, want %d", got.Seq, c.want)
			}
		})
	}
}

func TestWhoReportsALateChangeOfHisOwnDoesNotMoveTheBeginning(t *testing.T) {
	t.Parallel()
	day := 24 * time.Hour
	all := []history.Change{
		{Seq: 1, At: now.Add(-90 * day), Verb: history.Contact, Path: "email", After: text("a@example.jp")},
		{Seq: 2, At: now.Add(-3 * day), Verb: history.Open, Session: "thief"},
		{Seq: 3, At: now.Add(-3 * day), Verb: history.Contact, Path: "email", Before: text("a@example.jp"), After: text("t@example.com"), Session: "thief"},
		{Seq: 4, At: now.Add(-3 * day), Verb: history.Credential, Path: "codes", Session: "thief"},
		{Seq: 5, At: now.Add(-1 * day), Verb: history.Open, Session: "again"},
		{Seq: 6, At: now.Add(-1 * day), Verb: history.Contact, Path: "email", Before: text("t@example.com"), After: text("u@example.com"), Session: "again"},
	}
	if got := began(all, 6, now); got.Seq != 2 {
		t.Errorf("began with change %d, want 2: codes made in between would prove the thief", got.Seq)
	}
}

func TestCleanPhones(t *testing.T) {
	t.Parallel()
	day := 24 * time.Hour
	in := Incident{Seq: 10, At: now}
	phone := func(from time.Duration, seq int64, until time.Duration) account.Contact {
		c := account.Contact{Slot: "phone", Version: "v", SetSeq: seq, From: now.Add(from)}
		if until != 0 {
			c.Until = now.Add(until)
		}
		return c
	}
	for name, c := range map[string]struct {
		c    account.Contact
		want bool
	}{
		"a number of years":                        {phone(-900*day, 2, 0), true},
		"one that the intruder replaced":           {phone(-900*day, 2, time.Hour), true},
		"one that the intruder set":                {phone(time.Hour, 12, 0), false},
		"one set in the quarantine":                {phone(-3*day, 8, 0), false},
		"one that was given up before":             {phone(-900*day, 2, -30*day), false},
		"one set in the incident, dated before it": {phone(-900*day, 10, 0), false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := len(cleanPhones([]account.Contact{c.c}, in)) == 1; got != c.want {
				t.Errorf("good is %t, want %t", got, c.want)
			}
		})
	}
}

func TestAContactThatWasPutBackIsAsGoodAsBefore(t *testing.T) {
	t.Parallel()
	day := 24 * time.Hour
	hers := account.Contact{Slot: "email", Version: "e1", Address: "a@example.jp", SetSeq: 1, From: now.Add(-90 * day), ConfirmedAt: now.Add(-90 * day), Until: now.Add(-time.Hour)}
	his := account.Contact{Slot: "email", Version: "e2", Address: "t@example.com", SetSeq: 5, From: now.Add(-time.Hour), ConfirmedAt: now.Add(-time.Hour)}
	before := []account.Contact{hers, his}
	his.Until = now.Add(2 * time.Hour)
	back := hers
	back.SetSeq, back.From, back.Until = 9, now.Add(3*time.Hour), time.Time{}
	for name, all := range map[string][]account.Contact{"before the plan": before, "after it": {hers, his, back}} {
		got := cleanMail(all, Incident{Seq: 4, At: now.Add(-time.Hour)}, now)
		if len(got) != 1 || got[0].Version != "e1" {
			t.Errorf("%s a code may go to %+v", name, got)
		}
	}
}

func TestCity(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"東京都目黒区中目黒1-2-3":              "目黒区",
		"神奈川県横浜市西区みなとみらい2-2":          "横浜市",
		"大阪府堺市堺区1-1":                  "堺市",
		"北海道札幌市中央区北1条西2":              "札幌市",
		"12 High Street, Bristol":     "Bristol",
		"1 Main St, Denver, CO 80202": "Denver",
		"somewhere":                   "",
		"":                            "",
	} {
		if got := city(line); got != want {
			t.Errorf("city(%q) = %q, want %q", line, got, want)
		}
	}
}

func TestQuestions(t *testing.T) {
	t.Parallel()
	client := history.Change{}.Client
	client.UserAgent = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)"
	at := func(m time.Month) time.Time { return time.Date(2025, m, 9, 1, 0, 0, 0, time.UTC) }
	all := []history.Change{
		{Seq: 1, At: at(2), Verb: history.Contact, Path: "email", After: text("hana@ezweb.ne.jp")},
		{Seq: 2, At: at(2), Verb: history.Open, Client: client},
		{Seq: 3, At: at(3), Verb: history.Add, Path: "address/a1", After: json.RawMessage(`{"line":"東京都目黒区1-1"}`)},
		{Seq: 4, At: at(4), Verb: history.Set, Path: "address/a1", After: json.RawMessage(`{"line":"神奈川県横浜市西区2-2"}`)},
		{Seq: 5, At: at(5), Verb: history.Contact, Path: "email", After: text("hana@example.jp")},
		{Seq: 6, At: at(6), Verb: history.Order, Path: "order/o1"},
		{Seq: 7, At: at(7), Verb: history.Set, Path: "address/a1", After: json.RawMessage(`{"line":"大阪府堺市1-1"}`)},
	}
	facts := []account.Fact{{Path: "email", Value: text("hana@example.jp")}, {Path: "address/a1", Value: json.RawMessage(`{"line":"神奈川県横浜市西区2-2"}`)}}
	want := map[string]string{"opened": "2025-02", "first-device": "iphone", "old-address": "目黒区", "old-mail": "ezweb.ne.jp", "last-order": "2025-06"}
	qs := questions(all, facts, 7, "case_1")
	if len(qs) != len(want) {
		t.Fatalf("%d questions, want %d", len(qs), len(want))
	}
	for _, q := range qs {
		if !q.Right(want[q.ID]) || !slices.Contains(q.Options, want[q.ID]) {
			t.Errorf("%s: %q is not right among %q", q.ID, want[q.ID], q.Options)
		}
		if len(q.Options) != offered {
			t.Errorf("%s offers %d answers, want %d", q.ID, len(q.Options), offered)
		}
		if q.Visible != (q.ID == "last-order") {
			t.Errorf("%s: visible inside is %t", q.ID, q.Visible)
		}
		if !slices.Equal(q.Options, func() []string {
			for _, again := range questions(all, facts, 7, "case_1") {
				if again.ID == q.ID {
					return again.Options
				}
			}
			return nil
		}()) {
			t.Errorf("%s: the answers stand in another order at the second look", q.ID)
		}
	}
}

func TestWhatTheIntruderRemovedHeHasSeen(t *testing.T) {
	t.Parallel()
	all := []history.Change{
		{Seq: 1, Verb: history.Contact, Path: "email", After: text("hana@example.jp")},
		{Seq: 2, Verb: history.Add, Path: "address/a1", After: json.RawMessage(`{"line":"東京都目黒区1-1"}`)},
		{Seq: 3, Verb: history.Contact, Path: "email", After: text("thief@example.com"), Session: "thief"},
		{Seq: 4, Verb: history.Remove, Path: "address/a1", Session: "thief"},
	}
	for _, q := range questions(all, []account.Fact{{Path: "email", Value: text("thief@example.com")}}, 3, "case_1") {
		if q.ID == "old-mail" || q.ID == "old-address" && !q.Visible {
			t.Errorf("%s is asked, although he saw the answer", q.ID)
		}
	}
}

func TestOptionsTellNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		all := []history.Change{{Seq: 1, At: now.Add(-time.Duration(rapid.IntRange(1, 5000).Draw(t, "days")) * 24 * time.Hour)}}
		q := questions(all, nil, 2, rapid.StringMatching(`case_[a-z0-9]{26}`).Draw(t, "case"))[0]
		n := 0
		for _, o := range q.Options {
			if q.Right(o) {
				n++
			}
			if len(o) != len("2025-01") || strings.Contains(o, "-00") {
				t.Fatalf("%q is no month", o)
			}
		}
		if n != 1 || len(q.Options) != offered {
			t.Fatalf("%d of %d answers are right", n, len(q.Options))
		}
	})
}

func TestEvidenceIsWhatWasShownAndNotWhatWasAnswered(t *testing.T) {
	t.Parallel()
	got := evidence([]Proof{
		{Method: Link, Path: "email", Version: "v1", Good: true},
		{Method: Question, Path: "first-order", Good: true},
		{Method: Code, Path: "email", Version: "v1"},
		{Method: Code, Path: "email", Version: "v1", Good: true},
		{Method: Code, Path: "email", Version: "v1", Good: true},
		{Method: Callback, Path: "phone", Version: "v2", Good: true},
		{Method: Saved, Path: "codes", Version: "v3", Good: true},
	})
	want := []history.Factor{{Path: "email", Version: "v1", Proof: "link"}, {Path: "email", Version: "v1", Proof: "code"},
		{Path: "phone", Version: "v2", Proof: "call"}, {Path: "codes", Version: "v3", Proof: "code"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
