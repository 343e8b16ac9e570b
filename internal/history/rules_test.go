package history_test

import (
	"encoding/json"
	"strings"
	"testing"

	"takeback/internal/access"
	"takeback/internal/history"
)

// by is a change of the protected service.
func by(v history.Verb, path, after string, reads ...history.Read) history.Change {
	return history.Change{Role: access.Service, Request: "r", Verb: v, Path: path, After: json.RawMessage(after), Reads: reads}
}

func TestLacks(t *testing.T) {
	t.Parallel()
	password := []history.Factor{{Path: "password", Version: "v1", Proof: "password"}}
	for name, c := range map[string]struct {
		change history.Change
		want   string
	}{
		"a holder's change says session, segment and request": {history.Change{Role: access.Holder, Session: "s", Segment: 1, Request: "r", Verb: history.Set}, ""},
		"a session without its segment may have two people":   {history.Change{Role: access.Holder, Session: "s", Request: "r", Verb: history.Set}, "session"},
		"nobody knows which request it was":                   {history.Change{Role: access.Holder, Session: "s", Segment: 1, Verb: history.Set}, "request"},
		"an opened session says what opened it":               {history.Change{Role: access.Holder, Session: "s", Segment: 1, Request: "r", Verb: history.Open, Factors: password, Device: "d"}, ""},
		"a session was opened who knows where":                {history.Change{Role: access.Holder, Session: "s", Segment: 1, Request: "r", Verb: history.Recover, Factors: password}, "device"},
		"a session that opened with nothing":                  {history.Change{Role: access.Holder, Session: "s", Segment: 1, Request: "r", Verb: history.Open, Device: "d"}, "factors"},
		"a factor without its version is any of them": {history.Change{Role: access.Holder, Session: "s", Segment: 1, Request: "r", Verb: history.StepUp,
			Factors: []history.Factor{{Path: "password"}}}, "factors"},
		"a derived session says from which":               {history.Change{Role: access.Holder, Session: "s", Segment: 1, Request: "r", Verb: history.Derive}, "parent"},
		"a secret that equals no other, to our eyes":      {history.Change{Role: access.Service, Request: "r", Verb: history.Credential}, "secret"},
		"staff act inside a case":                         {history.Change{Role: access.Agent, Request: "r", Verb: history.Look}, "case"},
		"the program acts for a case":                     {history.Change{Role: access.System, Case: "c", Verb: history.Set}, ""},
		"the program acts for a request":                  {history.Change{Role: access.System, Request: "r", Verb: history.Set}, ""},
		"the program acts for nothing":                    {history.Change{Role: access.System, Verb: history.Set}, "request"},
		"everything is missing":                           {history.Change{Role: access.Holder, Verb: history.Recover}, "session factors device request"},
		"a contact was seen, and nobody knows which":      {by(history.View, "email", ""), "version"},
		"of an address it is known which was seen":        {by(history.View, "address/a", "", history.Read{Path: "address/a", Seq: 3}), ""},
		"an order that goes nowhere read nothing":         {by(history.Order, "order/1", `{"effect":"undo"}`), ""},
		"an order says which address it read":             {by(history.Order, "order/1", `{"ship_to":"address/a"}`, history.Read{Path: "address/a", Seq: 3}), ""},
		"an order to an address that was not there":       {by(history.Order, "order/1", `{"ship_to":"address/a"}`, history.Read{Path: "address/a"}), "reads"},
		"an order that did not look at the card it names": {by(history.Order, "order/1", `{"ship_to":"address/a","card":"card/k"}`, history.Read{Path: "address/a", Seq: 3}), "reads"},
		"a session that was ended has a name":             {by(history.SignOut, "", ""), "parent"},
		"an account is never held for nothing":            {history.Change{Role: access.System, Request: "r", Verb: history.Freeze}, "case"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := strings.Join(c.change.Lacks(), " "); got != c.want {
				t.Errorf("lacks %q, want %q", got, c.want)
			}
		})
	}
}

func TestCoverageSaysHundredOnlyIfNothingIsMissing(t *testing.T) {
	t.Parallel()
	c := history.Coverage{Changes: 100_000, Lacking: []history.Lacking{{Verb: history.Open, What: "factors", Count: 1}}}
	if got := c.Share(); got != 99.9 {
		t.Errorf("got %v", got)
	}
	if got := (history.Coverage{Changes: 3}).Share(); got != 100 {
		t.Errorf("got %v", got)
	}
}
