package investigate

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"takeback/internal/access"
	"takeback/internal/history"
)

func TestLeadsAreWhatOnlyTheIntruderUsed(t *testing.T) {
	t.Parallel()
	s := &story{}
	from := func(session, device string) {
		s.add(history.Change{Verb: history.Open, Session: session, Device: device})
	}
	card := func(session, path, token string) int64 {
		return s.add(history.Change{Verb: history.Add, Session: session, Path: path, After: json.RawMessage(`{"token":"` + token + `"}`)})
	}
	from("h1", "laptop")
	s.contact("h1", "email", "e1", "mika@example.org")
	card("h1", "card/1", "tok-mika")
	from("x1", "cafe")    // the holder's too, later
	from("x2", "burglar") // 5
	s.contact("x2", "email", "e2", "burglar@example.net")
	s.contact("x2", "phone", "t2", "+81 90") // the holder's too
	card("x2", "card/2", "tok-stolen")       // 8
	card("x2", "card/3", "tok-mika")
	s.add(history.Change{Verb: history.Set, Role: access.Agent, Actor: "kim", Path: "name"}) // 10
	s.add(history.Change{Verb: history.Set, Role: access.Agent, Actor: "lee", Path: "name"})
	from("h2", "cafe")
	s.contact("h2", "phone", "t3", "+81 90")
	s.add(history.Change{Verb: history.Set, Session: "h1", Path: "name", Client: access.Client{Device: "laptop"}})
	f := analyst.Analyse(s.h, Marks{Sessions: []string{"x1", "x2"}, Agents: []string{"kim"}, Changes: []int64{11}}, nil)
	want := []Lead{{LeadAgent, "kim", 10}, {LeadCard, "tok-stolen", 8}, {LeadContact, "burglar@example.net", 6}, {LeadDevice, "burglar", 5}}
	if diff := cmp.Diff(want, Leads(f, s.h)); diff != "" {
		t.Error(diff)
	}
	if got := Leads(analyst.Analyse(s.h, Marks{}, nil), s.h); len(got) != 0 {
		t.Errorf("an account that nobody attacked leads to %v", got)
	}
}
