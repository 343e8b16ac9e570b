package sms_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"takeback/internal/db"
	"takeback/internal/db/dbtest"
	"takeback/internal/jobs"
	"takeback/internal/seal"
	"takeback/internal/sms"
)

const number = "09012345678"

// asked is a request that the provider got.
type asked struct {
	header http.Header
	body   string
}

// provider is a gateway of the outside world. It answers with the statuses it is given, then with 202.
type provider struct {
	mu      sync.Mutex
	answers []int
	got     []asked
	url     string
}

func newProvider(t *testing.T, answers ...int) *provider {
	p := &provider{answers: answers}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		p.mu.Lock()
		defer p.mu.Unlock()
		p.got = append(p.got, asked{r.Header, string(body)})
		status := http.StatusAccepted
		if len(p.answers) > 0 {
			status, p.answers = p.answers[0], p.answers[1:]
		}
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(status)
		_, _ = w.Write(body) // as some do: what we were sent comes back
	}))
	t.Cleanup(s.Close)
	p.url = s.URL + "/v1/texts?token=in-the-address"
	return p
}

type house struct {
	*testing.T
	db     *db.DB
	clock  *dbtest.Clock
	outbox *sms.Outbox
	runner *jobs.Runner
	log    bytes.Buffer
}

func build(t *testing.T, d *db.DB, clock *dbtest.Clock, p *provider) *house {
	t.Helper()
	h := &house{T: t, db: d, clock: clock}
	keeper, err := seal.NewKeeper(make([]byte, 32))
	h.ok(err)
	g, err := sms.NewGateway(sms.Settings{URL: p.url, Sender: "KUMO", JSON: map[string]any{
		"from": "{sender}", "messages": []any{map[string]any{"to": "{number}", "body": "{text}"}}}}, seal.NewSecret("s3cret"))
	h.ok(err)
	h.outbox, err = sms.New(d, keeper, g, sms.Config{Service: "Kumo Store", Site: "https://account.kumo.example"})
	h.ok(err)
	h.runner = &jobs.Runner{DB: d, Log: slog.New(slog.NewTextHandler(&h.log, nil))}
	h.outbox.Handle(h.runner)
	return h
}

func each(t *testing.T, answers []int, fn func(h *house, p *provider)) {
	t.Parallel()
	dbtest.EachWithClock(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		p := newProvider(t, answers...)
		fn(build(t, d, clock, p), p)
	})
}

func (h *house) ok(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

func (h *house) queue(to string) error {
	return h.db.Write(h.Context(), func(tx *db.Tx) error {
		return h.outbox.Queue(tx, sms.Message{Account: "acc_1", Number: to, Masked: "********78", Language: "en", Purpose: sms.Recover, Code: "246810", Until: tx.Now.Add(10 * time.Minute)})
	})
}

// run carries out what is due, again and again for a time.
func (h *house) run(d time.Duration) {
	h.Helper()
	for range 20 {
		h.ok(h.runner.Drain(h.Context()))
		h.clock.Advance(d / 20)
	}
}

func (h *house) records() (all []sms.Record) {
	h.Helper()
	h.ok(h.db.Read(h.Context(), func(tx *db.Tx) (err error) { all, err = sms.Of(tx, "acc_1", 50); return err }))
	return all
}

func TestATextIsSentOnceAndItsWordsAreGone(t *testing.T) {
	each(t, nil, func(h *house, p *provider) {
		h.ok(h.queue(number))
		h.run(0)
		if len(p.got) != 1 {
			h.Fatalf("the gateway was asked %d times", len(p.got))
		}
		var body struct {
			From     string
			Messages []struct{ To, Body string }
		}
		h.ok(json.Unmarshal([]byte(p.got[0].body), &body))
		if body.From != "KUMO" || body.Messages[0].To != "+819012345678" || !strings.HasSuffix(body.Messages[0].Body, "\n\n@account.kumo.example #246810") {
			h.Errorf("it was sent %+v", body)
		}
		r := h.records()[0]
		if p.got[0].header.Get("Authorization") != "Bearer s3cret" || p.got[0].header.Get("Idempotency-Key") != r.ID {
			h.Errorf("headers %v", p.got[0].header)
		}
		if r.State != sms.Sent || r.Tries != 1 || r.To != "********78" || r.DoneAt.IsZero() {
			h.Errorf("it is kept as %+v", r)
		}
		h.ok(h.db.Read(h.Context(), func(tx *db.Tx) error {
			var left int
			err := tx.Row(`SELECT COUNT(*) FROM text_message WHERE sealed IS NOT NULL`).Scan(&left)
			if left != 0 {
				h.Error("number and words are still there")
			}
			return err
		}))
	})
}

func TestAGatewayThatFailsIsAskedAgainWithTheSameKeyAndNothingIsLogged(t *testing.T) {
	each(t, []int{503, 429, 401, 307}, func(h *house, p *provider) {
		h.ok(h.queue(number))
		h.run(2 * time.Minute)
		if len(p.got) != 5 {
			h.Fatalf("the gateway was asked %d times, want 5", len(p.got))
		}
		for _, a := range p.got {
			if a.header.Get("Idempotency-Key") != p.got[0].header.Get("Idempotency-Key") || a.body != p.got[0].body {
				h.Error("two attempts at one text are not the same")
			}
		}
		if r := h.records()[0]; r.State != sms.Sent || r.Tries != 5 {
			h.Errorf("it is kept as %+v", r)
		}
		for _, secret := range []string{"246810", "9012345678", "s3cret", "in-the-address"} {
			if strings.Contains(h.log.String(), secret) {
				h.Errorf("%s stands in the log: %s", secret, h.log.String())
			}
		}
		if !strings.Contains(h.log.String(), "503") {
			h.Error("nobody is told that the gateway fails")
		}
	})
}

func TestAGatewayThatIsDownLeavesNoAddressInTheLogAndTheTextEndsWithItsCode(t *testing.T) {
	each(t, nil, func(h *house, p *provider) {
		p.url = "http://127.0.0.1:1/?token=in-the-address"
		down := build(h.T, h.db, h.clock, p)
		down.ok(down.queue(number))
		down.run(20 * time.Minute)
		if r := down.records()[0]; r.State != sms.Late {
			h.Errorf("it is kept as %+v", r)
		}
		if log := down.log.String(); strings.Contains(log, "in-the-address") || !strings.Contains(log, "refused") {
			h.Errorf("the log says %s", log)
		}
	})
}

func TestANumberThatIsRefusedIsNotTriedAgain(t *testing.T) {
	each(t, []int{422}, func(h *house, p *provider) {
		h.ok(h.queue(number))
		h.run(time.Minute)
		if r := h.records()[0]; len(p.got) != 1 || r.State != sms.Refused || r.Fault != "the gateway answered 422" {
			h.Errorf("asked %d times, kept as %+v", len(p.got), r)
		}
	})
}

func TestNobodyIsTextedWithoutEndOrAbroad(t *testing.T) {
	each(t, nil, func(h *house, _ *provider) {
		for range 5 {
			h.ok(h.queue(number))
		}
		if err := h.queue("+819012345678"); !errors.Is(err, sms.ErrOften) { // the same number, written otherwise
			h.Errorf("the sixth in an hour: %v", err)
		}
		if err := h.queue("+882990000000"); !errors.Is(err, sms.ErrNumber) {
			h.Errorf("a number that costs a fortune: %v", err)
		}
		h.clock.Advance(61 * time.Minute)
		h.ok(h.queue(number))
	})
}

func TestNewGatewayRefusesWhatCannotWork(t *testing.T) {
	t.Parallel()
	good := sms.Settings{URL: "https://gateway.example/send", Form: map[string]string{"to": "{number}", "m": "{text}"}}
	for name, spoil := range map[string]func(*sms.Settings){
		"plain http":      func(s *sms.Settings) { s.URL = "http://gateway.example/send" },
		"no address":      func(s *sms.Settings) { s.URL = "" },
		"a GET":           func(s *sms.Settings) { s.Method = "GET" },
		"no body":         func(s *sms.Settings) { s.Form = nil },
		"two bodies":      func(s *sms.Settings) { s.JSON = map[string]any{"to": "{number}{text}"} },
		"no place for it": func(s *sms.Settings) { s.Form = map[string]string{"to": "{number}"} },
	} {
		s := good
		spoil(&s)
		if _, err := sms.NewGateway(s, seal.Secret{}); err == nil {
			t.Errorf("%s passes", name)
		}
	}
	if _, err := sms.NewGateway(good, seal.Secret{}); err != nil {
		t.Error(err)
	}
}

func TestAGatewayIsAskedByFormAndWithItsOwnHeaders(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	g, err := sms.NewGateway(sms.Settings{URL: p.url, Method: "PUT", Key: "X-Once", Headers: map[string]string{"X-Account": "kumo", "X-Api-Key": "{secret}"},
		Form: map[string]string{"to": "{number}", "text": "{text}", "ref": "{key}"}}, seal.NewSecret("s3cret"))
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Send(context.Background(), sms.Text{Number: "+819012345678", Words: "a & b", Key: "k1"}); err != nil {
		t.Fatal(err)
	}
	got := p.got[0]
	if got.body != "ref=k1&text=a+%26+b&to=%2B819012345678" || got.header.Get("X-Once") != "k1" || got.header.Get("X-Api-Key") != "s3cret" ||
		got.header.Get("Authorization") != "" || got.header.Get("X-Account") != "kumo" {
		t.Errorf("it was asked %+v", got)
	}
}
