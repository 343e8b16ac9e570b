package holder_test

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"takeback/internal/account"
	"takeback/internal/seal"
)

// With every place in the line before the hashing taken, strangers hear at once
// that they must wait, the holder's own device is still let in, and the pages
// that help answer as ever.
func TestAFloodOfSignInsLeavesTheOtherPagesAlone(t *testing.T) {
	t.Parallel()
	h := build(t, true)
	h.hana()
	known := h.surfer().signIn(hana, first)
	known.post("/sign-out")
	crowd(t, h.life.Seal)
	busy := page{}
	for range 100 { // until the line is full
		if busy = h.surfer().post("/sign-in", "email", hana, "password", first); busy.code == http.StatusServiceUnavailable {
			break
		}
	}
	if busy.code != http.StatusServiceUnavailable || busy.head.Get("Retry-After") == "" || !strings.Contains(busy.text, "try again in a few seconds") {
		t.Errorf("a stranger: %d, Retry-After %q", busy.code, busy.head.Get("Retry-After"))
	}
	for _, path := range []string{"/register", "/reset", "/check-letter"} {
		if p := h.surfer().get(path); p.code != 200 {
			t.Errorf("%s: %d", path, p.code)
		}
	}
	if p := known.post("/sign-in", "email", hana, "password", first); p.code != http.StatusSeeOther {
		t.Errorf("the holder on a known device: %d %v", p.code, p.errors())
	}
}

// The account is stopped as ever while nobody can sign in.
func TestAFloodOfSignInsDoesNotKeepTheLinkFromStopping(t *testing.T) {
	eachAlarm(t, func(a *alarm) {
		link := a.takeover()
		crowd(a.T, a.seal)
		if p := a.get(a.client, link); p.Status != 200 {
			a.Errorf("the page of the link: %d", p.Status)
		}
		if p := a.get(a.client, "/help"); p.Status != 200 {
			a.Errorf("the page of help: %d", p.Status)
		}
		if a.post(a.client, link, nil); a.account().State != account.Frozen {
			a.Errorf("the account is %s", a.account().State)
		}
		if !a.seal.Full() {
			a.Error("the line was not full all the time")
		}
	})
}

// crowd keeps the line before the hashing full until the test ends.
func crowd(t *testing.T, k *seal.Keeper) {
	ctx, stop := context.WithCancel(t.Context())
	var line sync.WaitGroup
	t.Cleanup(func() { stop(); line.Wait() })
	for range 100 * runtime.GOMAXPROCS(0) { // more than wait; each comes back
		line.Go(func() {
			for ctx.Err() == nil {
				if _, err := k.CheckPassword(ctx, "", seal.NewSecret("guess")); err != nil {
					pause := time.NewTimer(time.Millisecond)
					<-pause.C // refused at once
				}
			}
		})
	}
	for !k.Full() {
		runtime.Gosched()
	}
}

// What no browser sends is refused in words, changes nothing and shows nothing.
func TestAbsurdPasswords(t *testing.T) {
	t.Parallel()
	h := build(t, true)
	who := h.hana()
	before := h.changes(who.Account)
	for name, c := range map[string]struct {
		body string
		code int
	}{
		"a megabyte":                     {"email=" + hana + "&password=" + strings.Repeat("x", 1<<20), 413},
		"three thousand characters":      {"email=" + hana + "&password=" + strings.Repeat("x", 3000), 422},
		"a NUL":                          {"email=" + hana + "&password=" + first + "%00", 422},
		"half a pair":                    {"email=" + hana + "&password=" + first + "%ED%A0%80", 422},
		"no UTF-8":                       {"email=" + hana + "&password=" + first + "%FF", 422},
		"a thousand fields":              {"email=" + hana + "&password=" + first + fields(1000), 422},
		"the password twice":             {"email=" + hana + "&password=" + first + "&password=" + fresh, 422},
		"a broken escape":                {"email=" + hana + "&password=%zz", 422},
		"a thousand marks on one letter": {"email=" + hana + "&password=a1" + strings.Repeat("%CC%81", 1000), 401},
	} {
		for _, path := range []string{"/sign-in", "/register"} {
			want := c.code
			if path == "/register" && want == 401 {
				want = 422
			}
			r, err := http.NewRequestWithContext(t.Context(), "POST", h.server.URL+path, strings.NewReader(c.body+"&name=Ken"))
			h.ok(err)
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			answer, err := h.server.Client().Do(r)
			h.ok(err)
			text := make([]byte, 64<<10)
			n, _ := answer.Body.Read(text)
			h.ok(answer.Body.Close())
			if answer.StatusCode != want {
				t.Errorf("%s to %s: %d, want %d", name, path, answer.StatusCode, want)
			}
			if strings.Contains(string(text[:n]), first) || strings.Contains(string(text[:n]), "xxxxxxxx") {
				t.Errorf("%s to %s: the password is shown", name, path)
			}
		}
	}
	if got := h.changes(who.Account); got != before {
		t.Errorf("%d entries, were %d", got, before)
	}
}

func fields(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "&f%d=1", i)
	}
	return b.String()
}
