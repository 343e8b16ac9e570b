package restore

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"takeback/internal/account"
)

func fact(path, value string) account.Fact {
	return account.Fact{Path: path, Value: json.RawMessage(value)}
}

func TestEverySecretIsEnrolledAgainButPasskeys(t *testing.T) {
	t.Parallel()
	kinds, err := account.NewKinds()
	if err != nil {
		t.Fatal(err)
	}
	p := Plan{Steps: []Step{{Op: Revoke, Path: "password", Phase: WaysIn}}}
	p.sweep([]account.Fact{fact("codes", `"c1"`), fact("link/g", `"l1"`), fact("name", `"x"`), fact("passkey/k1", `"k1"`), fact("password", `"p1"`), fact("token/t", `"t1"`), fact("totp", `"o1"`)}, kinds)
	var paths []string
	for _, s := range sorted(p).Steps {
		if s.Op != Revoke || s.Phase != WaysIn || s.Want != nil {
			t.Errorf("%+v is no step that closes a way in", s)
		}
		paths = append(paths, s.Path)
	}
	if want := []string{"codes", "link/g", "password", "token/t", "totp"}; !slices.Equal(paths, want) {
		t.Errorf("revoked are %v, want %v", paths, want)
	}
}

func TestOnlyTheProposalThatWasChosenIsWritten(t *testing.T) {
	t.Parallel()
	q := Question{Why: AddedThenEdited, Path: "address/a", Seq: 7, Proposal: json.RawMessage(`{"to":"x"}`)}
	earlier := q
	earlier.Seq = 3
	for name, c := range map[string]struct {
		answers []Answered
		steps   int
	}{
		"nobody answered":                       {nil, 0},
		"keep":                                  {[]Answered{{Question: q, Answer: Keep}}, 0},
		"the proposal":                          {[]Answered{{Question: q, Answer: Proposal}}, 1},
		"the proposal, and then thought better": {[]Answered{{Question: q, Answer: Proposal}, {Question: q, Answer: Leave}}, 0},
		"the proposal, to an earlier change only": {[]Answered{{Question: earlier, Answer: Proposal}}, 0},
	} {
		p := Plan{Questions: []Question{q}}
		p.settle(c.answers, []account.Fact{fact("address/a", `{"to":"y"}`)}, account.Kinds{})
		if len(p.Steps) != c.steps {
			t.Errorf("%s: %d steps, want %d", name, len(p.Steps), c.steps)
		}
		for _, s := range p.Steps {
			if string(s.Pre) != `{"to":"y"}` || string(s.Want) != `{"to":"x"}` {
				t.Errorf("%s: %s to %s", name, s.Pre, s.Want)
			}
		}
	}
}

func TestACardExpiresWithTheEndOfItsMonth(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 31, 23, 59, 0, 0, time.UTC)
	for card, want := range map[string]bool{
		`{"expiry":"03/26"}`: false, `{"expiry":"02/26"}`: true, `{"expiry":"04/26"}`: false, `{"expiry":"soon"}`: false, `{}`: false,
	} {
		if got := expired(json.RawMessage(card), now); got != want {
			t.Errorf("%s: expired %t", card, got)
		}
	}
}

func TestAPointerWaitsForWhatItPointsAt(t *testing.T) {
	t.Parallel()
	pointer := Step{Op: Put, Path: "default/address", Want: json.RawMessage(`"a1"`)}
	if !pointer.needs(Step{Path: "address/a1"}) || pointer.needs(Step{Path: "address/a2"}) || pointer.needs(Step{Path: "card/a1"}) {
		t.Error("it waits for something else")
	}
	if (Step{Op: Remove, Path: "default/address"}).needs(Step{Path: "address/"}) {
		t.Error("a pointer that goes waits for nothing")
	}
}
