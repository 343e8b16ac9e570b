package console_test

import (
	"errors"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"takeback/internal/access"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/history"
	"takeback/internal/jobs"
	"takeback/internal/mail"
	"takeback/internal/web/console"
	"takeback/internal/web/webtest"
)

// TestFace runs before the others, which wait for it in Parallel: a template that was shown once cannot be taken apart.
func TestFace(t *testing.T) {
	webtest.Templates(t, console.Templates)
	if pages := webtest.Secrets(t, console.Templates); !slices.Equal(pages, []string{"sign-in", "welcome"}) {
		t.Errorf("the pages that ask for a password are %v", pages)
	}
	webtest.Words(t, console.Templates)
	webtest.Faults(t, console.Templates, "../../desk", "../../verify", "../../casefile", "../../freeze", "../../investigate", "../../restore", "../../handback")
}

func TestStrangersSeeNothing(t *testing.T) {
	t.Parallel()
	h := build(t, db.SQLite)
	h.live()
	stranger := &clerk{house: h}
	for _, path := range []string{"/desk", "/desk/wall", "/desk/audit", "/desk/staff", "/desk/post", "/desk/phishing", stranger.page(), "/desk/cases/case_none", "/desk/events"} {
		w := stranger.get(path)
		if to := w.Header().Get("Location"); w.Code != http.StatusSeeOther || !strings.HasPrefix(to, "/desk/sign-in") {
			t.Errorf("%s: %d to %q", path, w.Code, to)
		}
	}
	h.want(stranger.post(stranger.page()+"/freeze"), http.StatusSeeOther)
	h.want(stranger.get("/desk/welcome/nonsense"), http.StatusNotFound)
	h.want(stranger.get("/desk/welcome/nonsense/qr.png"), http.StatusNotFound)
	stranger.cookie = strings.Repeat("A", 43)
	h.want(stranger.get("/desk"), http.StatusSeeOther)
	if n := h.looks(); n != 0 {
		t.Errorf("strangers left %d entries", n)
	}
}

func TestRolesSeeTheirPages(t *testing.T) {
	t.Parallel()
	h := build(t, db.SQLite)
	h.live()
	all := []string{"/desk", "/desk/wall", "/desk/phishing", "/desk/cases/" + h.c.ID}
	managed := []string{"/desk/audit", "/desk/staff", "/desk/post", "/desk/risk"}
	for role, may := range map[access.Role]bool{access.Agent: false, access.Investigator: false, access.Supervisor: true} {
		b := h.staff("Of"+string(role), role)
		for _, lang := range []string{"en", "ja"} {
			for _, path := range all {
				h.want(b.get(path+"?lang="+lang), http.StatusOK)
			}
			for _, path := range managed {
				want := http.StatusForbidden
				if may {
					want = http.StatusOK
				}
				h.want(b.get(path+"?lang="+lang), want)
			}
		}
		if !may {
			for _, path := range []string{"/desk/staff", "/desk/staff/" + b.id + "/disable", "/desk/staff/" + b.id + "/role", "/desk/post/job_1/revive", b.page() + "/waiver/answer"} {
				h.want(b.post(path), http.StatusForbidden)
			}
		}
	}
}

func TestSigningIn(t *testing.T) {
	t.Parallel()
	h := build(t, db.SQLite)
	b := h.staff("Aki", access.Agent)
	h.clock.Advance(time.Minute)
	other := &clerk{house: h}
	h.want(other.post("/desk/sign-in", "email", "aki@desk.example", "password", "wrong", "code", h.code()), http.StatusUnauthorized, "aki@desk.example")
	h.want(other.post("/desk/sign-in", "email", "aki@desk.example"), http.StatusUnprocessableEntity)
	w := other.post("/desk/sign-in", "email", "aki@desk.example", "password", password, "code", h.code(), "return", "//evil.example")
	if to := w.Header().Get("Location"); to != "/desk" {
		t.Errorf("sent to %q", to)
	}
	again := (&clerk{house: h}).post("/desk/sign-in", "email", "aki@desk.example", "password", password, "code", h.code())
	h.want(again, http.StatusUnauthorized)
	if strings.Contains(again.Body.String(), password) {
		t.Error("the password came back")
	}
	h.done(other.post("/desk/sign-out"), "signed-out")
	h.want(other.get("/desk"), http.StatusSeeOther)
	h.want(b.get("/desk"), http.StatusOK)
}

func TestTheFirstSupervisorComesIn(t *testing.T) {
	t.Parallel()
	h := build(t, db.SQLite)
	link, made, err := h.desk.FirstLink(t.Context())
	if err != nil || !made {
		t.Fatal(made, err)
	}
	b := &clerk{house: h}
	page := "/desk/welcome/" + link
	h.want(b.get(page), http.StatusOK, "name=\"email\"")
	h.want(b.get(page+"/qr.png"), http.StatusNotFound)
	h.want(b.post(page, "name", "Mori", "email", "mori@desk.example", "password", "password1"), http.StatusUnprocessableEntity, "mori@desk.example")
	h.want(b.post(page, "name", "Mori", "email", "mori@desk.example", "password", password), http.StatusSeeOther)
	shown := b.get(page)
	key := strings.ReplaceAll(doc(t, shown).Find(".seed code").Text(), " ", "")
	if len(key) != 32 {
		t.Fatalf("the key on the page is %q", key)
	}
	if w := b.get(page + "/qr.png"); w.Header().Get("Content-Type") != "image/png" || w.Body.Len() < 200 {
		t.Errorf("the picture is %d bytes of %s", w.Body.Len(), w.Header().Get("Content-Type"))
	}
	h.want(b.post(page+"/begin", "code", "000000"), http.StatusUnprocessableEntity)
	h.done(b.post(page+"/begin", "code", codeOf(t, key, h.clock.Now())), "welcome")
	h.want(b.get("/desk/staff"), http.StatusOK, "Mori")
	h.want(b.get(page), http.StatusNotFound)

	h.done(b.post("/desk/staff", "name", "Ren", "email", "ren@desk.example", "role", "agent"), "staff.invited")
	letter := h.box.letters[len(h.box.letters)-1]
	body, isOne := letter.Body.(mail.Invitation)
	if !isOne || letter.To.String() != "ren@desk.example" || body.By != "Mori" {
		t.Fatalf("the invitation is %+v", letter)
	}
	if strings.Contains(b.get("/desk/staff").Body.String(), "/desk/welcome/") {
		t.Error("the page shows the link, which is the invited person's alone")
	}
	h.want((&clerk{house: h}).get(body.Link), http.StatusOK, "ren@desk.example")
	h.want(b.post("/desk/staff", "name", "Ren", "email", "ren@desk.example", "role", "agent"), http.StatusConflict)
}

func TestTheCase(t *testing.T) {
	t.Parallel()
	for _, engine := range []db.Engine{db.SQLite, db.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			h := build(t, engine)
			h.live()
			agent, boss := h.staff("Aki", access.Agent), h.staff("Mori", access.Supervisor)
			w := agent.get(agent.page())
			h.want(w, http.StatusOK, "自分では何も変えていません", "h***@e***.jp", "********78", "Visa •••• 4242")
			for _, secret := range []string{"hana@example.jp", "+81312345678", "thief@example.com", "中目黒", "佐藤", "tok_secret"} {
				if strings.Contains(w.Body.String(), secret) {
					t.Errorf("the page shows %q in clear", secret)
				}
			}
			h.done(agent.act("take"), "taken")
			h.done(agent.post(agent.page()+"/freeze"), "frozen")
			h.done(agent.post(agent.page()+"/reply", "text", "ご連絡ありがとうございます。"), "replied")
			h.done(agent.act("code", "version", "mail-1"), "code.sent")
			h.want(agent.act("code", "version", "mail-2"), http.StatusConflict)
			code := h.box.letters[len(h.box.letters)-1].Body.(mail.Code).Code
			if strings.Contains(agent.get(agent.page()).Body.String(), code) {
				t.Error("the agent sees the code")
			}
			if err := h.exam.Enter(t.Context(), h.c.ID, code); err != nil {
				t.Fatal(err)
			}
			h.done(agent.post(agent.page()+"/unmask", "version", "phone-1"), "unmasked")
			h.want(agent.get(agent.page()), http.StatusOK, "&#43;81312345678")
			if strings.Contains(boss.get(boss.page()).Body.String(), "81312345678") {
				t.Error("what one unmasked another one sees")
			}
			h.done(agent.act("reached", "version", "phone-1", "answered", "yes"), "reached")
			h.want(agent.get(agent.page()+"?lang=en"), http.StatusOK, "Holder verified", "Enough to return")
			h.done(boss.post(boss.page()+"/note", "note", "well done"), "noted")
		})
	}
}

func TestNoEntryNoPage(t *testing.T) {
	t.Parallel()
	h := build(t, db.SQLite)
	h.live()
	agent := h.staff("Aki", access.Agent)
	h.book.OnAppend = []func(*db.Tx, history.Change) error{func(*db.Tx, history.Change) error { return errors.New("the disk is full") }}
	w := agent.get(agent.page())
	h.want(w, http.StatusInternalServerError)
	for _, data := range []string{"自分では何も変えていません", "h***@e***.jp", "acc_hana"} {
		if strings.Contains(w.Body.String(), data) {
			t.Errorf("without an entry the page shows %q", data)
		}
	}
	h.want(agent.post(agent.page()+"/unmask", "path", "email"), http.StatusInternalServerError)
	h.book.OnAppend = nil
	h.want(agent.get(agent.page()), http.StatusOK)
	r := agent.get(agent.page())
	h.want(r, http.StatusOK)
	if n := h.looks(); n != 1 {
		t.Errorf("%d entries of one stay", n)
	}
}

func TestTwoAtOnce(t *testing.T) {
	t.Parallel()
	h := build(t, db.SQLite)
	h.live()
	aki, ren := h.staff("Aki", access.Agent), h.staff("Ren", access.Agent)
	seen := aki.rev()
	h.done(ren.act("take"), "taken")
	w := aki.post(aki.page()+"/take", "rev", seen)
	h.want(w, http.StatusConflict, "Somebody else worked on this case")
	if !strings.Contains(text(t, w), "With Ren") {
		t.Error("the page is not shown as it is now")
	}
	h.done(aki.post(aki.page()+"/freeze"), "frozen") // stopping is right whatever happened meanwhile
	h.want(aki.post(aki.page()+"/take", "rev", "x"), http.StatusUnprocessableEntity)

	id := h.call(time.Minute)
	h.done(aki.post("/desk/calls/"+id+"/take"), "call.taken")
	h.want(ren.post("/desk/calls/"+id+"/take"), http.StatusConflict)
	h.want(ren.post("/desk/calls/"+id+"/finish", "outcome", "reached"), http.StatusConflict)
	h.want(aki.get(aki.page()), http.StatusOK, "090-1111-2222")
	if strings.Contains(ren.get(ren.page()).Body.String(), "090-1111-2222") {
		t.Error("who does not call sees the number")
	}
	h.done(aki.post("/desk/calls/"+id+"/finish", "outcome", "reached"), "call.done")
}

func TestOnlyExactNamesFindAnAccount(t *testing.T) {
	t.Parallel()
	h := build(t, db.SQLite)
	h.live()
	agent := h.staff("Aki", access.Agent)
	h.write(func(tx *db.Tx) (err error) {
		if _, err = h.files.Advance(tx, h.c.ID, casefile.Closed, access.Do("test")); err != nil {
			return err
		}
		h.c, _, err = h.files.Open(tx, casefile.Case{Source: "contact", Story: "help", Language: "en"}, access.Actor{})
		return err
	})
	for _, guess := range []string{"hana", "hana@example.com", "acc_", "*", "hana@%"} {
		h.want(agent.act("name", "account", guess), http.StatusUnprocessableEntity)
	}
	h.done(agent.act("name", "account", "HANA@example.jp"), "named")
	h.want(agent.get(agent.page()), http.StatusOK, "acc_hana")
	w := agent.get("/desk/cases/case_01k00000000000000000000000")
	h.want(w, http.StatusNotFound)
}

func TestACaseThatIsOverAsksWhy(t *testing.T) {
	t.Parallel()
	h := build(t, db.SQLite)
	h.live()
	agent := h.staff("Aki", access.Agent)
	h.done(agent.act("close", "closing", "it was the holder's own doing"), "closed")
	h.clock.Advance(time.Hour - time.Minute)
	w := agent.get(agent.page())
	h.want(w, http.StatusOK, "name=\"reason\"")
	if strings.Contains(w.Body.String(), "自分では何も変えていません") {
		t.Error("the story is shown before the reason")
	}
	h.want(agent.post(agent.page()+"/look"), http.StatusUnprocessableEntity)
	h.want(agent.post(agent.page()+"/look", "reason", "the holder calls again"), http.StatusSeeOther)
	h.want(agent.get(agent.page()), http.StatusOK, "自分では何も変えていません")
	boss := h.staff("Mori", access.Supervisor)
	h.want(boss.get("/desk/audit?kind=look&days=1"), http.StatusOK, "the holder calls again", "Aki")
}

func TestScriptAndContest(t *testing.T) {
	t.Parallel()
	h := build(t, db.SQLite)
	h.live()
	aki, ren := h.staff("Aki", access.Agent), h.staff("Ren", access.Agent)
	h.done(aki.act("answer", "question", "old-address", "answer-old-address", "目黒区"), "answer.right")
	h.done(aki.act("answer", "question", "opened", "answer-opened", "-"), "answer.wrong")
	h.want(aki.act("answer", "question", "opened", "answer-opened", "2026-03"), http.StatusConflict)
	h.done(aki.act("contest", "claim", "a man says he is her husband"), "contested")
	h.want(aki.act("settle", "finding", "fine"), http.StatusForbidden)
	h.want(ren.get(ren.page()), http.StatusOK, "a man says he is her husband", "name=\"finding\"")
	h.done(ren.act("settle", "finding", "he hung up"), "settled")
	h.want(aki.act("waiver", "exception", "no phone"), http.StatusConflict)
}

func TestTheQueue(t *testing.T) {
	t.Parallel()
	h := build(t, db.SQLite)
	h.live()
	agent := h.staff("Aki", access.Agent)
	h.done(agent.post("/desk/duty", "duty", "on"), "duty.on")
	h.want(agent.post("/desk/duty", "duty", "asleep"), http.StatusUnprocessableEntity)
	h.call(2 * time.Minute)
	h.clock.Advance(90 * time.Second)
	w := agent.get("/desk")
	h.want(w, http.StatusOK, "0:30 left", "Call is due", "1 open cases, 1 on duty")
	if strings.Contains(w.Body.String(), "090-1111-2222") || strings.Contains(w.Body.String(), "acc_hana") {
		t.Error("the queue shows what only the case may")
	}
	h.clock.Advance(time.Minute)
	h.want(agent.get("/desk"), http.StatusOK, "0:30 late")
	h.want(agent.get("/desk/wall"), http.StatusOK, "of 1 calls within two minutes")
}

func TestPhishingIsShownAsText(t *testing.T) {
	t.Parallel()
	h := build(t, db.SQLite)
	agent := h.staff("Aki", access.Agent)
	var id string
	h.write(func(tx *db.Tx) error {
		p, err := casefile.ReportPhishing(tx, casefile.Phishing{Text: "is this yours?", Letter: []byte("Subject: pay\r\n\r\n<script>alert(1)</script>\x00\xff")})
		id = p.ID
		return err
	})
	w := agent.get("/desk/phishing")
	h.want(w, http.StatusOK, "is this yours?", "&lt;script&gt;")
	if strings.Contains(w.Body.String(), "<script>alert") {
		t.Error("a letter became part of the page")
	}
	h.done(agent.post("/desk/phishing/"+id+"/seen"), "phishing.seen")
	h.want(agent.post("/desk/phishing/"+id+"/seen"), http.StatusNotFound)
}

func TestDeadLettersLiveAgain(t *testing.T) {
	t.Parallel()
	h := build(t, db.SQLite)
	boss := h.staff("Mori", access.Supervisor)
	h.write(func(tx *db.Tx) error { return jobs.Enqueue(tx, jobs.Job{Kind: "test", Args: "letter_1"}) })
	r := &jobs.Runner{DB: h.db, Log: slog.New(slog.DiscardHandler)}
	r.Handle("other", nil)
	if err := r.Drain(t.Context()); err != nil {
		t.Log(err) // nobody does jobs of this kind: it is given up at once
	}
	w := boss.get("/desk/post")
	h.want(w, http.StatusOK, "no handler")
	to, _ := doc(t, w).Find("form[action*=revive]").Attr("action")
	h.done(boss.post(to), "post.revived")
	h.want(boss.post(to), http.StatusConflict)
}

func TestAFileThatCannotBeUsedStandsOnThePageOfRisk(t *testing.T) {
	t.Parallel()
	h := build(t, db.SQLite)
	b := h.staff("Mori", access.Supervisor)
	h.want(b.get("/desk/risk?lang=en"), http.StatusOK, "Local knowledge", h.known, "in use")
	must(t, os.WriteFile(h.known, []byte("198.51.100.7\nno address\n"), 0o600))
	h.refresh() // seen
	h.refresh() // settled, read, refused
	for lang, words := range map[string]string{"en": "the former one stays in use", "ja": "以前の版を使い続けています"} {
		w := b.get("/desk/risk?lang=" + lang)
		h.want(w, http.StatusOK, h.known, words)
		if said := doc(t, w).Find("#files td code").Last().Text(); !strings.Contains(said, "line 2") {
			t.Errorf("in %s it says what is wrong as %q", lang, said)
		}
	}
	must(t, os.WriteFile(h.known, []byte("198.51.100.7\n198.51.100.8\n"), 0o600))
	h.refresh()
	h.refresh()
	if found := doc(t, b.get("/desk/risk?lang=en")).Find("#files .badge.failed").Length(); found != 0 {
		t.Error("a file that was put right is still refused")
	}
}

func TestTheStream(t *testing.T) {
	t.Parallel()
	h := build(t, db.SQLite)
	h.live()
	changed := h.desk.Changes(t.Context(), h.c.ID)
	h.write(func(tx *db.Tx) error { return h.files.Note(tx, h.c.ID, access.Do("test"), "note", "x") })
	select {
	case key := <-changed:
		if key != h.c.ID {
			t.Errorf("told of %q", key)
		}
	default:
		t.Error("nobody was told before the commit returned")
	}
}
