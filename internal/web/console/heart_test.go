package console_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/db/dbtest"
	"takeback/internal/freeze"
	"takeback/internal/history"
	"takeback/internal/restore"
	"takeback/internal/session"
	"takeback/internal/story/browser"
)

// Proved stands in for the talk with the holder, which other tests have.
func (h *house) Proved(*db.Tx, string) (bool, error) { return true, nil }

// night is an account of a year, one bad night in it, and the case that stopped it.
func (h *house) night() {
	h.t.Helper()
	h.ret.Prover = h
	h.write(func(tx *db.Tx) error { return account.Create(tx, "acc_hana", "ja") })
	home := access.Client{Device: "device-home", IP: "192.0.2.10", UserAgent: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Safari/605.1.15"}
	away := access.Client{Device: "device-x", IP: "203.0.113.66", UserAgent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"}
	sessions := session.New(h.db, h.book, h.keeper)
	open := func(c access.Client, factors ...history.Factor) (by access.Actor) {
		h.write(func(tx *db.Tx) error {
			a, err := account.Get(tx, "acc_hana")
			if err != nil {
				return err
			}
			s, _, _, err := sessions.Open(tx, session.Opening{Account: a, Verb: history.Open, Factors: factors, Client: c})
			by = s.Actor(c)
			return err
		})
		return by
	}
	does := func(by access.Actor, verb history.Verb, path string, e history.Entry) (seq int64) {
		e.Account, e.By, e.Verb, e.Path = "acc_hana", by, verb, path
		h.write(func(tx *db.Tx) error {
			c, err := h.book.Append(tx, e)
			seq = c.Seq
			return err
		})
		h.clock.Advance(40 * time.Second)
		return seq
	}
	value := func(s string) json.RawMessage { b, _ := json.Marshal(s); return b }
	holder := open(home)
	does(holder, history.Set, "name", history.Entry{Value: value("佐藤 花子")})
	does(holder, history.Contact, "email", history.Entry{Value: value("hana@example.jp"), Confirmed: true})
	does(holder, history.Credential, "password", history.Entry{Version: "p1", SecretID: "s1", Stored: "stored-one"})
	does(holder, history.Add, "address/home", history.Entry{Value: json.RawMessage(`{"to":"佐藤 花子","post":"153-0061","line":"東京都目黒区中目黒1-2-3"}`)})
	does(holder, history.Set, "default/address", history.Entry{Value: value("home")})
	does(holder, history.Add, "card/c1", history.Entry{Value: json.RawMessage(`{"token":"tok_secret","brand":"Visa","last4":"4242"}`)})
	h.clock.Advance(90 * day)
	thief := open(away, history.Factor{Path: "password", Version: "p1", Proof: "password"})
	reported := does(thief, history.Contact, "email", history.Entry{Value: value("thief@mail.example"), Confirmed: true})
	does(thief, history.Credential, "password", history.Entry{Version: "p2", SecretID: "s2", Stored: "stored-two"})
	does(thief, history.Patch, "address/home", history.Entry{Part: "line", Value: value("大阪市北区梅田3-4-5")})
	does(holder, history.Patch, "address/home", history.Entry{Part: "to", Value: value("佐藤 花子様")})
	again := open(away, history.Factor{Path: "password", Version: "p2", Proof: "password"})
	does(again, history.Order, "order/o7", history.Entry{Value: json.RawMessage(`{"effect":"undo","ship_to":"address/home","amount":49800}`), Reads: []history.Read{{Path: "address/home"}}})
	h.write(func(tx *db.Tx) (err error) {
		z := &freeze.Freezer{Files: h.files, Book: h.book}
		h.c, err = z.Stop(tx, casefile.Case{Account: "acc_hana", Source: "not-me", Language: "ja", ReportedSeq: reported, Story: "自分では何も変えていません。"}, access.Actor{})
		if err != nil {
			return err
		}
		return casefile.Cite(tx, h.c.ID, "", reported)
	})
}

// send posts the first form of the page whose action ends so, with all that is
// in it and the fields besides.
func (b *clerk) send(action string, fields ...string) *httptest.ResponseRecorder {
	b.t.Helper()
	form := doc(b.t, b.get(b.page())).Find(`form[action$="` + action + `"]`).First()
	if form.Length() == 0 {
		b.t.Fatalf("the page has no form for %s", action)
	}
	for _, n := range form.Find("input[type=hidden]").Nodes {
		var name, value string
		for _, a := range n.Attr {
			switch a.Key {
			case "name":
				name = a.Val
			case "value":
				value = a.Val
			}
		}
		fields = append([]string{name, value}, fields...)
	}
	return b.post(b.page()+action, fields...)
}

// fits looks at the page of the case in every window.
func (b *clerk) fits(name, query string) {
	b.t.Helper()
	b.looks(map[string]string{name: b.page() + "?" + query})
}

// looks looks at pages, named for their pictures, in every window, as b is signed in.
func (b *clerk) looks(pages map[string]string) {
	b.t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/desk/sign-in") && !strings.HasPrefix(r.URL.Path, "/desk/welcome") {
			r.AddCookie(&http.Cookie{Name: "__Host-desk", Value: b.cookie})
		}
		b.site.ServeHTTP(w, r)
	}))
	b.t.Cleanup(func() { srv.CloseClientConnections(); srv.Close() }) // after the windows, which keep listening for what happens
	browser.Windows(b.t, func(t *testing.T, tab *browser.Tab) {
		for name, path := range pages {
			way := "?"
			if strings.Contains(path, "?") {
				way = "&"
			}
			tab.Navigate(srv.URL + path + way + "lang=" + tab.Lang)
			tab.Look(name)
		}
	})
}

// ok fails the test unless a POST was taken.
func ok(t *testing.T, w *httptest.ResponseRecorder, done string) {
	t.Helper()
	if w.Code != http.StatusSeeOther || !strings.HasSuffix(w.Header().Get("Location"), "done="+done) {
		t.Fatalf("answered %d to %q: %s", w.Code, w.Header().Get("Location"), text(t, w))
	}
}

func (b *clerk) has(want ...string) string {
	b.t.Helper()
	w := b.get(b.page() + "?lang=en")
	got := text(b.t, w)
	for _, s := range want {
		if !strings.Contains(got, s) {
			b.t.Errorf("the page does not say %q:\n%s", s, got)
		}
	}
	for _, never := range []string{"tok_secret", "thief@mail.example", "stored-", "hana@example.jp", "中目黒1-2-3"} {
		if strings.Contains(w.Body.String(), never) {
			b.t.Errorf("the page shows %q", never)
		}
	}
	return got
}

func TestTheMiddleOfTheStoryOnPages(t *testing.T) {
	t.Parallel()
	h := build(t, db.SQLite)
	h.night()
	ken, yuki, aoi := h.staff("Ken", access.Investigator), h.staff("Yuki", access.Supervisor), h.staff("Aoi", access.Agent)

	if w := aoi.post(aoi.page()+"/mark", "verdict", "intruder", "change", "9", "revision", "0"); w.Code != http.StatusForbidden {
		t.Errorf("an agent marked: %d", w.Code)
	}
	ken.has("The report points at:", "Session 2 · Chrome, Windows", "h***@e***.jp → t***@m***.example")
	ok(t, ken.send("/mark", "verdict", "intruder"), "heart.marked")
	if w := yuki.post(yuki.page()+"/mark", "verdict", "holder", "change", "9", "revision", "0"); w.Code != http.StatusConflict {
		t.Errorf("a mark by somebody who had not seen the newest one: %d", w.Code)
	}
	ken.has("Intruder's", "Marked by an investigator.", "Opened with something only the intruder had, from change 10 (Password set).", "Evidence: changes 8 → 10", "Marked as the intruder's by Ken")

	ok(t, ken.send("/plan"), "heart.planned")
	got := yuki.has("Made by Ken", "The holder mended a part of what the intruder had written.", "Write the proposal", "There are questions that nobody has answered yet", "void, enrolled again by the holder", "cancelled")
	if strings.Contains(got, "Approve this plan") {
		t.Error("a plan with an open question can be approved")
	}
	ok(t, ken.send("/plan/answer", "decision", "proposal"), "heart.answered")
	ken.has("You made this plan yourself.")
	yuki.has("Approve this plan")
	ok(t, yuki.send("/plan/approve"), "heart.approved")
	ken.has("by Yuki", "Carry it out")
	ok(t, ken.send("/plan/start"), "heart.started")
	ken.has("Being restored")
	s, err := h.rest.Status(t.Context(), access.Actor{Role: access.Investigator, ID: ken.id}, h.c.ID)
	must(t, err)
	must(t, h.rest.Carry(t.Context(), s.Stored.ID))
	ken.has(fmt.Sprintf("Progress: %d of %d steps read back", len(s.Lines), len(s.Lines)), "dead, and proved", "It goes to h***@e***.jp and to nobody else.", "お届け先住所")
	if w := ken.send("/hand-back", "sentence", "Look at www.evil.example"); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("a letter with a link: %d", w.Code)
	}
	ok(t, ken.send("/hand-back", "sentence", "お待たせいたしました。"), "heart.handed-back")
	ken.has("Handed back", "The account is watched until")
	if s.Lines[0].Op != restore.Cancel {
		t.Errorf("the first step is %s, not the order that can still be stopped", s.Lines[0].Op)
	}
}

func TestWhoAppointedTheOtherIsNoSecondPairOfEyes(t *testing.T) {
	t.Parallel()
	h := build(t, db.SQLite)
	h.night()
	ken, yuki, naomi := h.staff("Ken", access.Investigator), h.staff("Yuki", access.Supervisor), h.staff("Naomi", access.Supervisor)
	ok(t, ken.send("/mark", "verdict", "intruder"), "heart.marked")
	ok(t, ken.send("/plan"), "heart.planned")
	ok(t, ken.send("/plan/answer", "decision", "proposal"), "heart.answered")
	yuki.has("Approve this plan")
	h.done(yuki.post("/desk/staff/"+ken.id+"/role", "role", "supervisor"), "staff.role")
	yuki.has("One of you let the other in within the last seven days")
	s, err := h.rest.Status(t.Context(), access.Actor{Role: access.Investigator, ID: naomi.id}, h.c.ID)
	must(t, err)
	if w := yuki.post(yuki.page()+"/plan/approve", "hash", s.Hash); w.Code != http.StatusForbidden {
		t.Errorf("who appointed the maker of a plan approved it: %d", w.Code)
	}
	h.want(yuki.get("/desk/staff?lang=en"), http.StatusOK, "Let in by Yuki")
	ok(t, naomi.send("/plan/approve"), "heart.approved")
}

func TestWhateverCanBeMarkedIsOffered(t *testing.T) {
	t.Parallel()
	h := build(t, db.SQLite)
	h.night()
	ken := h.staff("Ken", access.Investigator)
	revision := func() string {
		v, _ := doc(t, ken.get(ken.page())).Find("#timeline [name=revision]").First().Attr("value")
		return v
	}
	says := func(fields ...string) {
		t.Helper()
		ok(t, ken.post(ken.page()+"/mark", append(fields, "revision", revision())...), "heart.marked")
	}
	takesBack := func() {
		t.Helper()
		ok(t, ken.post(ken.page()+"/false-alarm", "alarm", "She had lent it to her brother.", "revision", revision()), "heart.declared-false")
		if n := doc(t, ken.get(ken.page())).Find("ol.timeline li.tainted").Length(); n > 0 {
			t.Errorf("%d changes are still called the intruder's", n)
		}
	}
	says("verdict", "intruder", "device", "device-x")
	ken.has("Session 2", "Marked as the intruder's by Ken", "It was a false alarm")
	if n := doc(t, ken.get(ken.page())).Find("#lanes .tainted").Length(); n != 2 {
		t.Errorf("of the device's two sessions %d are the intruder's", n)
	}
	takesBack()
	says("verdict", "intruder", "window-from", "", "network", "203.0.113.0/24", "view", "change=10")
	takesBack()
	picked := doc(t, ken.get(ken.page()+"?lang=en&change=10"))
	if got := picked.Find("#why form").Length(); got != 3 {
		t.Errorf("a password that was set offers %d forms: for itself, the session from there on, and the password", got)
	}
	slot := picked.Find("#why [name=path]")
	version, _ := picked.Find("#why [name=version]").Attr("value")
	if path, _ := slot.Attr("value"); path != "password" || version != "p2" {
		t.Errorf("it offers to mark %q %q", path, version)
	}
	says("verdict", "intruder", "path", "password", "version", "p2")
	why := text(t, ken.get(ken.page()+"?lang=en&change=14"))
	for _, want := range []string{"Path of evidence", "Opened from a new device with nothing but what the intruder knows too", "the intruder and the holder know it"} {
		if !strings.Contains(why, want) {
			t.Errorf("the change does not say %q:\n%s", want, why)
		}
	}
	takesBack()
	for _, bad := range [][]string{{"network", "somewhere"}, {"window-from", "yesterday"}, {"window-from", "2026-01-02T00:00", "window-till", "2026-01-01T00:00"}} {
		if w := ken.post(ken.page()+"/mark", append(bad, "verdict", "intruder", "revision", revision())...); w.Code != http.StatusUnprocessableEntity {
			t.Errorf("%v was answered %d", bad, w.Code)
		}
	}
	if w := ken.post(ken.page()+"/false-alarm", "alarm", "again", "revision", "1"); w.Code != http.StatusConflict {
		t.Errorf("the marks were other ones, and it was answered %d", w.Code)
	}
	ken.has("Declared a false alarm by Ken", "She had lent it to her brother.")
}

// called enters two orders in the journal of the lane that does not wait for the plan.
func (h *house) called() {
	h.t.Helper()
	h.write(func(tx *db.Tx) error {
		for i, state := range []restore.State{restore.Verified, restore.Skipped} {
			note := map[restore.State]string{restore.Skipped: "deadline"}[state]
			if err := tx.Put(`INSERT INTO restore_loss (id, case_id, path, pre, want, because, until_at, state, at, seen, note)
				VALUES ($1, $2, $3, '{}', '{}', '[]', $4, $5, $6, NULL, $7)`, fmt.Sprint("loss_", i), h.c.ID, fmt.Sprint("order/lane", i), tx.Now.Add(20*time.Minute), state, tx.Now, note); err != nil {
				return err
			}
		}
		return nil
	})
}

func TestOrdersThatDidNotWaitForThePlanStandOnItsPage(t *testing.T) {
	t.Parallel()
	for _, e := range dbtest.Engines {
		h := build(t, e)
		h.night()
		ken := h.staff("Ken", access.Investigator)
		if n := doc(t, ken.get(ken.page())).Find("#lane-title").Length(); n > 0 {
			t.Error("nothing was called back, and the page has a chapter about it")
		}
		h.called()
		ken.has("Orders called back before their deadline", "Order lane0: called back", "Order lane1: not called back", "deadline", "the deadline had passed")
	}
}

func TestAPathSaysHowSureItIs(t *testing.T) {
	t.Parallel()
	h := build(t, db.SQLite)
	h.night()
	ken := h.staff("Ken", access.Investigator)
	if w := ken.post(ken.page()+"/mark", "verdict", "intruder", "path", "password", "version", "p2", "sure", "very", "revision", "0"); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("nonsense was answered %d", w.Code)
	}
	ok(t, ken.post(ken.page()+"/mark", "verdict", "intruder", "path", "password", "version", "p2", "sure", "likely", "revision", "0"), "heart.marked")
	why := text(t, ken.get(ken.page()+"?lang=en&change=14"))
	for _, want := range []string{"Marked as the intruder's by Ken – Likely, 80 %", "A fair sign, weight 0.70 · Perhaps, 56 %", "A strong sign, weight 0.95", "Perhaps, 56 %"} {
		if !strings.Contains(why, want) {
			t.Errorf("the change does not say %q:\n%s", want, why)
		}
	}
	ken.fits("heart-guessed", "&change=14")
}

func TestOneAnswerIsForAllThatWasDoneFromADevice(t *testing.T) {
	t.Parallel()
	h := build(t, db.SQLite)
	h.night()
	ken := h.staff("Ken", access.Investigator)
	ok(t, ken.post(ken.page()+"/mark", "verdict", "intruder", "device", "device-x", "sure", "likely", "revision", "0"), "heart.marked")
	ok(t, ken.send("/plan"), "heart.planned")
	ken.has("Device 2 · Chrome, Windows – 4 changes made there may have been the intruder or the holder")
	ken.fits("heart-bunch", "")
	ok(t, ken.send("/plan/answer", "decision", "keep"), "heart.answered")
	s, err := h.rest.Status(t.Context(), access.Actor{Role: access.Investigator, ID: ken.id}, h.c.ID)
	must(t, err)
	var kept []string
	for _, q := range s.Asked {
		if q.Answer == restore.Keep {
			kept = append(kept, q.Path)
		}
	}
	if diff := cmp.Diff([]string{"address/home", "email", "order/o7", "password"}, kept); diff != "" {
		t.Errorf("what was kept (-want +got):\n%s", diff)
	}
}

func TestTheMiddleOfTheStoryFitsItsWindow(t *testing.T) {
	t.Parallel() // after the tests that clone templates, which none may do once they have run
	h := build(t, db.SQLite)
	h.night()
	ken, yuki := h.staff("Ken", access.Investigator), h.staff("Yuki", access.Supervisor)
	ken.fits("heart-suggested", "")
	ok(t, ken.send("/mark", "verdict", "intruder"), "heart.marked")
	ok(t, ken.send("/plan"), "heart.planned")
	h.called()
	yuki.fits("heart-planned", "")
	ok(t, ken.send("/plan/answer", "decision", "proposal"), "heart.answered")
	ok(t, yuki.send("/plan/approve"), "heart.approved")
	ok(t, ken.send("/plan/start"), "heart.started")
	s, err := h.rest.Status(t.Context(), access.Actor{Role: access.Investigator, ID: ken.id}, h.c.ID)
	must(t, err)
	must(t, h.rest.Carry(t.Context(), s.Stored.ID))
	ken.fits("heart-restored", "")
}
