package app_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"regexp"
	"sync"
	"testing"
	"time"

	"takeback/internal/account"
	"takeback/internal/app"
	"takeback/internal/db"
	"takeback/internal/db/dbtest"
	"takeback/internal/seal"
	"takeback/internal/signin"
	"takeback/internal/sms"
)

// phones is a provider of text messages: the world outside.
type phones struct {
	mu  sync.Mutex
	got []struct{ To, Text string }
}

// texted gives a configuration with a provider of text messages.
func texted(t *testing.T) (app.File, *phones) {
	p := &phones{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var m struct{ To, Text string }
		if err := json.NewDecoder(r.Body).Decode(&m); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.got = append(p.got, m)
		w.WriteHeader(http.StatusAccepted)
	}))
	t.Cleanup(s.Close)
	return app.File{Name: "Kumo Store", SMS: &sms.Settings{URL: s.URL, JSON: map[string]any{"to": "{number}", "text": "{text}"}}}, p
}

var originBound = regexp.MustCompile(`\n\n@[a-z0-9.-]+ #(\d{6})$`)

// code delivers what is due and gives the code of the newest text to a number.
func (p *phones) code(h *home, number string) string {
	h.t.Helper()
	h.ok(h.Runner.Drain(h.t.Context()))
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := len(p.got) - 1; i >= 0; i-- {
		if m := p.got[i]; m.To == number {
			if found := originBound.FindStringSubmatch(m.Text); found != nil {
				return found[1]
			}
		}
	}
	h.t.Fatalf("no code was sent to %s: %v", number, p.got)
	return ""
}

// The number is the only contact that is good for recovery: a sign-in that the judge finds risky asks for a code by text.
func TestARiskySignInIsAskedForACodeByText(t *testing.T) {
	for _, e := range dbtest.Engines {
		t.Run(string(e), func(t *testing.T) {
			t.Parallel()
			file, p := texted(t)
			file.Risk = strict.Risk
			h := newHomeWith(t, e, file)
			ctx, pw := t.Context(), seal.NewSecret(secret)
			who := h.signIn(hana, secret, "hana's")
			_, err := h.Life.ChangePhone(ctx, who, "09012345678", pw)
			h.ok(err)
			h.ok(h.Life.SendContactCode(ctx, who, "phone"))
			h.ok(h.Life.ConfirmContact(ctx, who, "phone", p.code(h, "+819012345678")))
			h.clock.Advance(8 * 24 * time.Hour)
			h.write(func(tx *db.Tx) error { return account.Discredit(tx, h.id, 1) }) // a case found the mailbox to be in other hands
			p.got = nil
			in, err := h.Life.SignIn(ctx, hana, pw, browser("another's"))
			h.ok(err)
			if in.Second == "" || in.Token != "" {
				t.Fatalf("the sign-in is asked for nothing: %+v", in)
			}
			if _, err := h.Life.SecondStep(ctx, in.Second, "000000", browser("another's")); !errors.Is(err, signin.ErrCode) {
				t.Errorf("a wrong code: %v", err)
			}
			in, err = h.Life.SecondStep(ctx, in.Second, p.code(h, "+819012345678"), browser("another's"))
			if err != nil || in.Token == "" {
				t.Errorf("with the code by text: %+v %v", in, err)
			}
		})
	}
}
