package browser

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// recorder is a testing.TB that keeps what a test would have failed with, so
// that failing can itself be tested.
type recorder struct {
	testing.TB
	errors   []string
	cleanups []func()
}

func (r *recorder) Helper()             {}
func (r *recorder) Logf(string, ...any) {}
func (r *recorder) Cleanup(fn func())   { r.cleanups = append(r.cleanups, fn) }
func (r *recorder) Failed() bool        { return len(r.errors) > 0 }
func (r *recorder) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}
func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

// record runs fn as a test of its own and gives what it failed with.
func record(t *testing.T, fn func(t testing.TB)) []string {
	r := &recorder{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			for i := len(r.cleanups) - 1; i >= 0; i-- {
				r.cleanups[i]()
			}
		}()
		fn(r)
	}()
	<-done
	return r.errors
}

const policy = `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`

const head = `<!doctype html><html lang="en"><head><title>A page</title><link rel="icon" href="/icon.png">
<meta name="viewport" content="width=device-width"><script src="/live.js" defer></script></head><body><main><h1>A page</h1>`

// shop is a small site under the policy of the real one.
func shop(t *testing.T) string {
	mux := http.NewServeMux()
	page := func(path, body string) {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprint(w, head, body, `</main></body></html>`)
		})
	}
	page("/good", `<form method="post" action="/name"><label>Name <input name="name" value="old"></label>
		<label>Kind <select name="kind"><option value="a">A</option><option value="b">B</option></select></label>
		<button>Save</button></form><p id="later"></p><a href="/refused">Onwards</a>`)
	page("/inline", `<p style="color:red">Styled on the spot.</p>`)
	page("/nameless", `<form><input name="email"></form>`)
	page("/wide", `<img src="/icon.png" width="900" height="10" alt="">`)
	page("/noisy", `<p id="noisy">Noise</p>`)
	page("/restless", `<div id="restless"><a href="/hello?a=found">Onwards</a></div>`)
	mux.HandleFunc("GET /icon.png", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /live.js", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		fmt.Fprint(w, `const later = document.querySelector('#later');
			if (later) setTimeout(() => { later.textContent = 'came later'; }, 50);
			const restless = document.querySelector('#restless');
			if (restless) {
				let left = 200;
				const turn = () => { restless.innerHTML = restless.innerHTML; if (--left) setTimeout(turn); };
				turn();
			}
			if (document.querySelector('#noisy')) { console.log('left over', 7); null.thrown; }`)
	})
	mux.HandleFunc("POST /name", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "__Host-name", Value: "set", Path: "/", Secure: true, HttpOnly: true})
		http.Redirect(w, r, "/hello?"+r.PostFormValue("kind")+"="+r.PostFormValue("name"), http.StatusSeeOther)
	})
	mux.HandleFunc("GET /hello", func(w http.ResponseWriter, r *http.Request) {
		_, err := r.Cookie("__Host-name")
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `%s<p id="who">%s|%s</p><p id="cookie">%t</p><p id="lang">%s</p>`, head,
			r.FormValue("a"), r.FormValue("b"), err == nil, r.Header.Get("Accept-Language"))
	})
	mux.HandleFunc("GET /refused", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, head, `<p>No.</p>`)
	})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	return server.URL
}

func TestTab(t *testing.T) {
	t.Parallel()
	site := shop(t)

	t.Run("a form is filled, sent and answered", func(t *testing.T) {
		t.Parallel()
		tab := Open(t, Desk, "ja")
		if got := tab.Navigate(site + "/good"); got != http.StatusOK {
			t.Errorf("status %d, want 200", got)
		}
		tab.Fill("[name=name]", "山田 花子")
		tab.Choose("[name=kind]", "b")
		if got := tab.Follow("button"); got != http.StatusOK {
			t.Errorf("status %d, want 200", got)
		}
		if got, want := tab.Text("#who"), "|山田 花子"; got != want {
			t.Errorf("the site heard %q, want %q", got, want)
		}
		if got := tab.Text("#lang"); !strings.HasPrefix(got, "ja") {
			t.Errorf("Accept-Language %q, want ja", got)
		}
		if got := tab.URL(); !strings.HasPrefix(got, site+"/hello?b=") {
			t.Errorf("the page is %s", got)
		}
		tab.Axe()
	})
	t.Run("a form works without script", func(t *testing.T) {
		t.Parallel()
		tab := Open(t, Phone, "en")
		tab.WithoutScript()
		tab.Navigate(site + "/good")
		tab.Fill("[name=name]", "Hana")
		tab.Follow("button")
		if got, want := tab.Text("#who"), "Hana|"; got != want {
			t.Errorf("the site heard %q, want %q", got, want)
		}
	})
	t.Run("what a script brings later is waited for", func(t *testing.T) {
		t.Parallel()
		tab := Open(t, Desk, "en")
		tab.Navigate(site + "/good")
		tab.WaitFor(`document.querySelector('#later').textContent === 'came later'`)
		if !tab.Has("#later") || tab.Has("#never") {
			t.Error("Has is wrong about what the page holds")
		}
	})
	t.Run("two windows have cookies of their own", func(t *testing.T) {
		t.Parallel()
		holder, agent := Open(t, Phone, "ja"), Open(t, Desk, "ja")
		holder.Navigate(site + "/good")
		holder.Follow("button")
		agent.Navigate(site + "/hello")
		if got := holder.Text("#cookie"); got != "true" {
			t.Errorf("the first window lost its cookie: %s", got)
		}
		if got := agent.Text("#cookie"); got != "false" {
			t.Errorf("the second window has the cookie of the first: %s", got)
		}
	})
	t.Run("a link that is replaced while it is aimed at is found again", func(t *testing.T) {
		t.Parallel()
		tab := Open(t, Desk, "en")
		for range 20 {
			tab.Navigate(site + "/restless")
			if got := tab.Follow("#restless a"); got != http.StatusOK {
				t.Fatalf("status %d, want 200", got)
			}
		}
	})
	t.Run("a phone is 390 wide and takes its picture", func(t *testing.T) {
		t.Parallel()
		tab := Open(t, Phone, "ja")
		tab.Navigate(site + "/good")
		if got := Eval[int](tab, `window.innerWidth`); got != 390 {
			t.Errorf("the window is %d wide, want 390", got)
		}
		path := filepath.Join(t.TempDir(), "good.png")
		tab.Screenshot(path)
		if b, err := os.ReadFile(path); err != nil || !strings.HasPrefix(string(b), "\x89PNG") {
			t.Errorf("no picture was written: %v", err)
		}
	})
	t.Run("a refusal that was announced is no failure", func(t *testing.T) {
		t.Parallel()
		tab := Open(t, Desk, "en")
		tab.Navigate(site + "/good")
		tab.Allow("status of 403")
		if got := tab.Follow("a"); got != http.StatusForbidden {
			t.Errorf("status %d, want 403", got)
		}
	})
}

// TestFailures proves that a Tab can fail: one that cannot would pass every page.
func TestFailures(t *testing.T) {
	t.Parallel()
	site := shop(t)
	tests := []struct {
		name string
		run  func(tab *Tab)
		want []string // parts of the failures, in order
	}{
		{"a quiet page has none", func(tab *Tab) { tab.Navigate(site + "/good") }, nil},
		{"the policy had to stop a style", func(tab *Tab) { tab.Navigate(site + "/inline") }, []string{"Content Security Policy"}},
		{"a script left a message and threw", func(tab *Tab) { tab.Navigate(site + "/noisy") }, []string{`"left over" 7`, "TypeError"}},
		{"a refusal nobody announced", func(tab *Tab) { tab.Navigate(site + "/refused") }, []string{"status of 403"}},
		{"a field without a label", func(tab *Tab) { tab.Navigate(site + "/nameless"); tab.Axe() }, []string{"axe"}},
		{"an option that is not there", func(tab *Tab) { tab.Navigate(site + "/good"); tab.Choose("select", "z") }, []string{"no option"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := record(t, func(t testing.TB) { tt.run(Open(t, Desk, "en")) })
			if len(got) != len(tt.want) {
				t.Fatalf("failures %q, want %d", got, len(tt.want))
			}
			for i, part := range tt.want {
				if !strings.Contains(got[i], part) {
					t.Errorf("failure %q does not name %q", got[i], part)
				}
			}
		})
	}
}

func TestWithoutChromium(t *testing.T) {
	_, err := find(func(string) (string, error) { return "", errors.New("not found") })
	if err == nil || !strings.Contains(err.Error(), "apt-get install") {
		t.Errorf("find gives %v, want a sentence that says what to install", err)
	}
}

func TestAPageHasToFitItsWindow(t *testing.T) {
	t.Setenv(pictures, t.TempDir())
	site := shop(t)
	for size, want := range map[Size]string{Phone: "wide in a window of 390; out there: IMG.", Desk: ""} {
		said := record(t, func(t testing.TB) {
			tab := Open(t, size, "en")
			tab.Navigate(site + "/wide")
			tab.Fits("wide")
		})
		if got := strings.Join(said, "\n"); want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("in a window of %d: %q, want %q", size.Width(), got, want)
		}
		if _, err := os.Stat(filepath.Join(os.Getenv(pictures), fmt.Sprintf("wide-en-%d.png", size.Width()))); err != nil {
			t.Error(err)
		}
	}
}
