package restore

import (
	"context"
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/connector"
	"takeback/internal/db"
	"takeback/internal/db/dbtest"
	"takeback/internal/finding"
	"takeback/internal/history"
)

func TestWhatIsKnownOfTheWorldTakesStepsBack(t *testing.T) {
	t.Parallel()
	kinds, err := account.NewKinds()
	if err != nil {
		t.Fatal(err)
	}
	b := newBook()
	b.does("own", history.Contact, "email", `"own@home.example"`)
	b.knows("own")
	b.does("own", history.Set, "name", `"A"`)
	b.does("own", history.Add, "card/1", `{"expiry":"01/26"}`)
	b.does("thief", history.Contact, "email", `"x@thief.example"`)
	b.knows("thief")
	b.does("thief", history.Set, "name", `"X"`)
	b.does("thief", history.Remove, "card/1", "")
	b.does("thief", history.Credential, "password", `"v7"`)
	b.knows("thief")
	for _, c := range []struct {
		known string
		o     Outside
		want  string
		held  []string
	}{
		{"nothing", Outside{}, `drop email; revoke password; put name "A"; put-back email "own@home.example"; ask invalid-old-value card/1; enrol password`, nil},
		{"the address is another account's", Outside{Taken: map[string]bool{"email": true}},
			`drop email; revoke password; put name "A"; ask invalid-old-value card/1; ask uniqueness email; held email; enrol password`, []string{"email"}},
		{"nobody is reached there", Outside{Lost: map[string]bool{"email": true}},
			`drop email; revoke password; put name "A"; ask invalid-old-value card/1; ask invalid-old-value email; held email; enrol password`, []string{"email"}},
		{"what is there is what the history says", Outside{Present: map[string]json.RawMessage{"name": json.RawMessage(`"X"`), "password": json.RawMessage(`"v7"`)}},
			`drop email; revoke password; put name "A"; put-back email "own@home.example"; ask invalid-old-value card/1; enrol password`, nil},
		{"a third party wrote the name", Outside{Present: map[string]json.RawMessage{"name": json.RawMessage(`"Y"`)}},
			`drop email; revoke password; put-back email "own@home.example"; ask invalid-old-value card/1; ask drift name; enrol password`, nil},
		{"a third party set the address", Outside{Present: map[string]json.RawMessage{"email": json.RawMessage(`"third@party.example"`)}},
			`drop email; revoke password; put name "A"; ask invalid-old-value card/1; ask drift email; held email; enrol password`, []string{"email"}},
		{"a third party set the password", Outside{Present: map[string]json.RawMessage{"password": json.RawMessage(`"v8"`)}},
			`drop email; revoke password; put name "A"; put-back email "own@home.example"; ask invalid-old-value card/1; ask drift password; enrol password`, nil},
	} {
		p := b.plan(t)
		p.check(c.o, kinds, noon)
		p = sorted(p)
		if got := p.told(); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.known, got, c.want)
		}
		if !slices.Equal(p.Held, c.held) {
			t.Errorf("%s: held are %q", c.known, p.Held)
		}
		if there := c.o.Present["password"]; there != nil {
			i := slices.IndexFunc(p.Steps, func(s Step) bool { return s.Path == "password" })
			if string(p.Steps[i].Pre) != string(there) {
				t.Errorf("%s: it is closed only if it holds %s", c.known, p.Steps[i].Pre)
			}
		}
	}
}

func TestASessionOfTwoHandsIsAskedAbout(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		tell     string
		device   string // of what came before
		segment  int
		verb     history.Verb
		tainted  int64
		question bool
	}{
		{"the same device a moment before", "d", 1, history.Set, 3, true},
		{"another device", "e", 1, history.Set, 3, false},
		{"an earlier segment", "d", 0, history.Set, 3, false},
		{"nothing is known of the device", "", 1, history.Set, 3, false},
		{"it changed hands there", "d", 1, history.Handover, 3, false},
		{"the whole session is the intruder's", "d", 1, history.Set, 1, false},
	} {
		b := newBook()
		for i, verb := range []history.Verb{history.Open, history.Set, c.verb} {
			b.does("own", verb, "name", `"A"`)
			ch := &b.h[i]
			ch.Session, ch.Segment, ch.Client.Device = "s", c.segment, c.device
			if i == 2 {
				ch.Segment, ch.Client.Device = 1, "d"
			}
			if ch.Seq >= c.tainted {
				b.f.Changes[i].Label = finding.Tainted
			}
		}
		b.f.Sessions = map[string]finding.Session{"s": {TaintedFrom: c.tainted}}
		asked := slices.ContainsFunc(b.plan(t).Questions, func(q Question) bool { return q.Why == MixedSession && q.Path == "s" })
		if asked != c.question {
			t.Errorf("%s: asked is %t", c.tell, asked)
		}
	}
}

// elsewhere is a port to a system in which somebody else has written the name.
type elsewhere struct{ connector.Port }

func (e elsewhere) Read(ctx context.Context, id, path string) (connector.Value, error) {
	if path == "name" {
		return connector.Value{JSON: json.RawMessage(`"Z"`)}, nil
	}
	return e.Port.Read(ctx, id, path)
}

func TestWhatAThirdPartyWroteIsNotOverwritten(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		h.Port = elsewhere{h.Port}
		c := h.taken()
		p, err := h.MakePlan(t.Context(), ito, c.ID, "")
		if err != nil {
			t.Fatal(err)
		}
		drift := Question{Why: Drift, Path: "name"}
		if p.touches("name") || !p.touches("email") || !slices.ContainsFunc(p.Questions, drift.asked) {
			t.Errorf("got %s", p.told())
		}
		if err := h.Approve(t.Context(), sato, c.ID, p.Hash); err == nil {
			t.Error("a plan with an open question was approved")
		}
		if err := h.Answer(t.Context(), ito, c.ID, p.Hash, Keep, drift); err != nil {
			t.Fatal(err)
		}
		answered := h.plan(c)
		if diff := cmp.Diff(p.Questions, answered.Questions); diff != "" {
			t.Errorf("after the answer the other system was not looked at: %s", diff)
		}
		if err := h.Approve(t.Context(), access.Actor{Role: access.Supervisor, ID: "sato"}, c.ID, answered.Hash); err != nil {
			t.Error(err)
		}
	})
}
