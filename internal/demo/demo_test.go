package demo

import (
	"context"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/db/dbtest"
	"takeback/internal/history"
	"takeback/internal/mail/inbox"
	"takeback/internal/web/webtest"
)

// It comes first and alone: templates cannot be checked once a page was shown.
func TestPagesAreWhole(t *testing.T) {
	webtest.Templates(t, pages)
	webtest.Words(t, pages)
}

func TestTheSamePeopleEveryTime(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	if one, again := People(1, now), People(1, now); !reflect.DeepEqual(one, again) {
		t.Error(cmp.Diff(one, again))
	}
	if cmp.Equal(People(1, now)[3], People(2, now)[3]) {
		t.Error("another seed makes other people")
	}
}

func TestPeopleAreInventedAndLiveInOrder(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	all := People(seedOfAll, now)
	emails, japanese, deeds := map[string]bool{}, 0, map[history.Verb]int{}
	for _, p := range all {
		if emails[p.Email] {
			t.Errorf("%s has two accounts", p.Email)
		}
		emails[p.Email] = true
		if p.Language == "ja" {
			japanese++
		}
		for i, d := range p.Life {
			deeds[d.Verb]++
			if i > 0 && d.At.Before(p.Life[i-1].At) || d.At.After(now) {
				t.Fatalf("%s: deed %d is at %s", p.ID, i, d.At)
			}
		}
	}
	if len(all) != holders || japanese != inJapanese {
		t.Errorf("%d people, %d of them Japanese", len(all), japanese)
	}
	for _, v := range []history.Verb{history.Open, history.Order, history.Contact, history.SignOut, history.StepUp, history.Move, history.Add} {
		if deeds[v] < 50 {
			t.Errorf("only %d times %s in all lives", deeds[v], v)
		}
	}
}

func TestTheShopIsLivedInAndItsHistoryHolds(t *testing.T) {
	for _, e := range dbtest.Engines {
		t.Run(string(e), func(t *testing.T) {
			t.Parallel()
			h, err := Open(t.Context(), Options{DB: dbtest.Place(t, e)})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := h.Close(); err != nil {
					t.Error(err)
				}
			})
			if err := h.Settle(t.Context()); err != nil {
				t.Fatal(err)
			}
			checkHistory(t, h.App.DB)
			ctx, stop := context.WithCancel(t.Context())
			served := make(chan error, 1)
			go func() { served <- h.Serve(ctx) }()
			s := NewStage(t.Context(), h.Site)
			checkDesk(t, h, s)
			checkInbox(t, h, s)
			checkAccount(t, s)
			if s.Err() != nil {
				t.Error(s.Err())
			}
			stop()
			if err := <-served; err != nil {
				t.Error(err)
			}
		})
	}
}

// checkDesk looks at what a supervisor sees who has just opened the demo.
func checkDesk(t *testing.T, h *House, s *Stage) {
	t.Helper()
	m := Script{Stage: s, Means: must(h.Means(t.Context()))(t)}
	p := s.Player("supervisor", "en", "192.0.2.13", mac)
	m.staffSignsIn(p, access.Supervisor)
	if n := p.Page.Find("#queue tbody tr").Length(); n < 3 {
		t.Errorf("the queue has %d rows", n)
	}
	p.Opens("/desk/phishing")
	if !p.Page.Has("ポイントが失効します") {
		t.Error("nobody has reported a suspicious letter")
	}
	p.Opens("/desk/audit")
	if !p.Page.Has("佐藤 由紀") {
		t.Error("nobody has looked at anything")
	}
	p.Opens("/desk/post")
	if _, _, err := p.Page.Form("/revive"); err == nil {
		t.Errorf("jobs were given up: %s", p.Page.Says("main"))
	}
}

// checkInbox looks at the letters, and at what a letter may do in its window.
func checkInbox(t *testing.T, h *House, s *Stage) {
	t.Helper()
	if _, err := h.Inbox.Wait(t.Context(), func(l inbox.Letter) bool { return l.Link("/not-me/") != "" }); err != nil {
		t.Fatal(err)
	}
	p := s.Player("reader", "ja", "", android)
	p.Opens("/inbox")
	letter := p.Page.Link("/inbox/")
	p.Opens(letter)
	frame, _ := p.Page.Find("iframe").Attr("src")
	answer, err := http.Get(h.Site + frame)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	policy := answer.Header.Get("Content-Security-Policy")
	if !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "sandbox ") || strings.Contains(policy, "allow-scripts") || strings.Contains(policy, "allow-same-origin") {
		t.Errorf("a letter in its window may do: %s", policy)
	}
	p.Opens(letter + "?part=text")
	if p.Page.Find("pre a").Length() == 0 {
		t.Error("the text of the letter has no link to press")
	}
	p.Tries("/inbox/none")
	if p.Page.Status != http.StatusNotFound {
		t.Errorf("a letter that is not there: %d", p.Page.Status)
	}
}

// checkAccount looks at the guide, and signs in as it says.
func checkAccount(t *testing.T, s *Stage) {
	t.Helper()
	p := s.Player("newcomer", "en", "", windows)
	p.Opens("/demo")
	if p.Page.Find("li.now h3").Length() != 1 || !p.Page.Has(Known[1].Email) || !p.Page.Has(Password) {
		t.Errorf("the guide does not say where to begin: %s", p.Page.Says("main"))
	}
	p.Opens("/sign-in")
	p.Sends("", "email="+Known[1].Email, "password="+Password)
	p.Opens("/demo")
	if p.Page.Find("#step-take .ticks li.done").Length() != 1 {
		t.Error("the guide has not seen that somebody signed in")
	}
	p.Opens("/history")
	if n := p.Page.Find("ol.history li").Length(); n < 10 {
		t.Errorf("the history of the account has %d entries", n)
	}
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func TestTheGuideTicksOffWhatHasHappened(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	change := func(v history.Verb, path string, minutes int) history.Change {
		return history.Change{Verb: v, Path: path, Role: access.Holder, At: at.Add(time.Duration(minutes) * time.Minute)}
	}
	handed := casefile.Entry{What: "step.handed-back", At: at.Add(time.Hour)}
	for _, c := range []struct {
		name    string
		changes []history.Change
		entries []casefile.Entry
		told    bool
		now     string // the step that comes next; empty at the end
		done    int    // ticks
	}{
		{name: "nothing yet", now: "take"},
		{name: "somebody is in", changes: []history.Change{change(history.Open, "", 0)}, now: "take", done: 1},
		{name: "the account is taken", changes: []history.Change{change(history.Open, "", 0), change(history.Contact, "email", 1), change(history.Credential, "password", 2)}, now: "warn", done: 3},
		{name: "the letter came first", changes: []history.Change{change(history.Open, "", 0)}, told: true, now: "take", done: 2},
		{name: "a password from before the hand-back is no reset", changes: []history.Change{change(history.Credential, "password", 59)}, entries: []casefile.Entry{handed}, now: "take", done: 3},
		{name: "one from after it is", changes: []history.Change{change(history.Credential, "password", 61)}, entries: []casefile.Entry{handed}, now: "take", done: 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			steps, all := stepsOf(ticks(c.changes, c.entries, c.told))
			now, done := "", 0
			for _, s := range steps {
				if s.State == "now" {
					now = s.Name
				}
				for _, k := range s.Ticks {
					if k.Done {
						done++
					}
				}
			}
			if now != c.now || done != c.done || all != (c.now == "") {
				t.Errorf("next is %q with %d ticks", now, done)
			}
		})
	}
}

func checkHistory(t *testing.T, d *db.DB) {
	t.Helper()
	accounts, changes := 0, 0
	err := d.Read(t.Context(), func(tx *db.Tx) error {
		if known, err := history.CoverageOf(tx); err != nil || known.Share() < 100 {
			t.Errorf("provenance is not complete: %+v, %v", known, err)
		}
		return history.VerifyAll(tx, func(_ account.Account, n int, err error) {
			accounts, changes = accounts+1, changes+n
			if err != nil {
				t.Error(err)
			}
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	if accounts < holders || changes < 20*holders {
		t.Errorf("%d accounts with %d changes is not lived in", accounts, changes)
	}
}
