package holder_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/history"
	"takeback/internal/session"
	"takeback/internal/signin"
)

func TestTheHistoryIsNarrowedAndSearched(t *testing.T) {
	t.Parallel()
	h := build(t, true)
	who := h.hana()
	h.fill(who)
	b := h.surfer().signIn(hana, first)
	words := func(query string) string { return b.get("/history?lang=en&" + query).Find("ol.history").Text() }
	all := words("")
	for query, want := range map[string][2]string{ // a word that is there, one that is not
		"kind=entry":   {"Signed in", "Address added"},
		"kind=value":   {"Address added", "Signed in"},
		"kind=contact": {"Password", "Address added"},
		"words=" + url.QueryEscape("ｓigned IN"):                            {"Signed in", "Address added"},
		"words=japan+nothing+like+it":                                      {"", "Signed in"},
		"till=2001-01-01":                                                  {"", "Signed in"},
		"from=" + time.Now().UTC().AddDate(0, 0, -1).Format(time.DateOnly): {"Signed in", "no such words"},
		"from=nonsense":                                                    {"Signed in", "no such words"},
	} {
		if text := words(query); !strings.Contains(text, want[0]) || strings.Contains(text, want[1]) || !strings.Contains(all, want[0]) {
			t.Errorf("%s gives %q", query, text)
		}
	}
	if p := b.get("/history?before=x"); p.code != http.StatusNotFound {
		t.Errorf("before nothing: %d", p.code)
	}
}

// A search goes page by page to the first entry, and shows each once.
func TestASearchReachesTheBeginning(t *testing.T) {
	t.Parallel()
	h := build(t, true)
	who := h.hana()
	h.ok(h.db.Write(t.Context(), func(tx *db.Tx) error {
		for range 120 {
			if _, err := h.life.Book.Append(tx, history.Entry{Account: who.Account, By: who, Verb: history.Set, Path: "language", Value: account.TextValue("ja")}); err != nil {
				return err
			}
		}
		return nil
	}))
	b := h.surfer().signIn(hana, first)
	at, n, pages := "/history?lang=en&words=language+changed", 0, 0
	for at != "" {
		p := b.get(at)
		n += p.Find("ol.history > li").Length()
		at = p.Find("a[rel=next]").AttrOr("href", "")
		if pages++; pages > 5 {
			t.Fatal("it does not end")
		}
	}
	if n < 120 || n > 122 || pages != 3 {
		t.Errorf("%d lines on %d pages", n, pages)
	}
}

// What its holder had erased is not read in the history either.
func TestErasedValuesAreNotShown(t *testing.T) {
	t.Parallel()
	h := build(t, true)
	who := h.hana()
	h.fill(who)
	shop := access.Actor{Role: access.Service, ID: "shop"}
	_, facts, err := h.life.Facts(t.Context(), who)
	h.ok(err)
	b := h.surfer().signIn(hana, first)
	if !strings.Contains(b.get("/history").text, "大阪市北区") {
		t.Fatal("the history does not show the address at all")
	}
	for path, f := range facts {
		if f.Parts()["line"] != "" && strings.Contains(f.Parts()["line"], "大阪市北区") {
			_, err = h.life.Delete(t.Context(), shop, who.Account, signin.Removal{Path: path, Erase: true})
			h.ok(err)
		}
	}
	if strings.Contains(b.get("/history").text, "大阪市北区") {
		t.Error("the history shows an address that was erased")
	}
}

// "This was not me" in the history stops the account, and leaves the browser
// with the page of the case and nothing else.
func TestNotMeFromTheHistory(t *testing.T) {
	eachAlarm(t, func(a *alarm) {
		a.takeover()
		var token string
		a.write(func(tx *db.Tx) error {
			found, err := account.Get(tx, acc)
			if err == nil {
				_, token, _, err = a.enter.Open(tx, session.Opening{Account: found, Verb: history.Open, Factors: []history.Factor{{Path: "password", Version: "v", Proof: "password"}}})
			}
			return err
		})
		at, err := url.Parse(a.url)
		if err != nil {
			a.Fatal(err)
		}
		a.client.Jar.SetCookies(at, []*http.Cookie{{Name: "__Host-session", Value: token, Path: "/", Secure: true}})
		links := a.get(a.client, "/history").Find("a.disown")
		if links.Length() != 3 { // the address, the sign-in, and that it goes on here; not what the registration did
			a.Fatalf("%d lines can be disowned", links.Length())
		}
		where := links.Last().AttrOr("href", "")
		if p := a.get(a.client, where); p.Status != 200 || p.Find("form button.stop").Length() != 1 || a.account().State != account.Open {
			a.Fatalf("%s: %d, and the account is %s", where, p.Status, a.account().State)
		}
		if p := a.get(a.client, "/history/1/not-me"); p.Status != 404 {
			a.Errorf("what the registration did: %d", p.Status)
		}
		p := a.post(a.client, where, url.Values{})
		if p.Status != 200 || !strings.HasPrefix(p.Path, "/contact/") || a.account().State != account.Frozen {
			a.Fatalf("leads to %s, %d; the account is %s", p.Path, p.Status, a.account().State)
		}
		if p := a.get(a.client, "/history"); p.Path == "/history" {
			a.Error("the session goes on")
		}
	})
}
