package oidc_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"takeback/internal/db"
	"takeback/internal/pass"
	"takeback/internal/story/browser"
)

// A real browser forbids a form to lead to another site, by our own policy. The
// way back to the service follows a form, and has to arrive all the same.
func TestABrowserComesBackToTheService(t *testing.T) {
	t.Parallel()
	h := buildBy(t, db.SQLite, "http")
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<!doctype html><html lang="en"><title>Tea Blog</title><link rel="icon" href="data:,"><p id="back">%s</p>`, r.URL.Path)
	}))
	t.Cleanup(service.Close)
	callback, goodbye := service.URL+"/callback", service.URL+"/goodbye"
	blog := h.party("blog", h.client(pass.Client{ID: "blog", Name: "Tea Blog", Redirects: []string{callback}, Leaves: []string{goodbye}}, false), callback, "email", "profile", "offline_access")
	authorize := blog.AuthCodeURL("s", oauth2.S256ChallengeOption(oauth2.GenerateVerifier()))
	browser.Windows(t, func(t *testing.T, tab *browser.Tab) {
		tab.Navigate(h.server.URL + "/sign-in?lang=" + tab.Lang)
		tab.Navigate(authorize)
		tab.Fill("input[name=email]", hana)
		tab.Fill("input[name=password]", password)
		tab.Follow("form.form button[type=submit]")
		tab.Look("connect")
		tab.Follow("button[value=yes]")
		if back := tab.Text("#back"); back != "/callback" || !strings.Contains(tab.URL(), "code=") {
			t.Fatalf("came back to %s", tab.URL())
		}
		h.clock.Advance(time.Second)
		tab.Navigate(authorize + "&prompt=login")
		tab.Look("connect-again")
		tab.Navigate(h.server.URL + "/oauth/end-session?client_id=blog&post_logout_redirect_uri=" + goodbye)
		tab.Look("connect-leave")
		tab.Follow("form.form button[type=submit]")
		if back := tab.Text("#back"); back != "/goodbye" {
			t.Fatalf("went on to %s", tab.URL())
		}
		tab.Navigate(h.server.URL + "/oauth/authorize?client_id=nobody")
		tab.Allow("422")
		tab.Look("connect-wrong")
	})
}
