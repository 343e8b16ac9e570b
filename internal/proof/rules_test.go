package proof

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestWait(t *testing.T) {
	t.Parallel()
	const never = -1
	for name, c := range map[string]struct {
		good    []Method
		factors bool
		want    time.Duration
	}{
		"nothing":                         {nil, true, never},
		"nothing, and no second factor":   {nil, false, never},
		"the password alone":              {[]Method{Password}, true, never},
		"answers":                         {[]Method{Question, Password}, false, never},
		"a mailbox, no second factor":     {[]Method{Link}, false, 0},
		"a mailbox":                       {[]Method{Link}, true, 7 * 24 * time.Hour},
		"two letters to one mailbox":      {[]Method{Link, Code}, true, 7 * 24 * time.Hour},
		"a mailbox and answers":           {[]Method{Link, Question}, true, 7 * 24 * time.Hour},
		"a mailbox and the password":      {[]Method{Link, Password}, true, 72 * time.Hour},
		"a mailbox and a text":            {[]Method{Link, Text}, true, 0},
		"a mailbox and a saved code":      {[]Method{Link, Saved}, true, 0},
		"a mailbox and a passkey":         {[]Method{Link, Passkey}, true, 0},
		"a text and a call to one number": {[]Method{Text, Callback}, true, 7 * 24 * time.Hour},
	} {
		got, ok := Wait(c.good, c.factors)
		if !ok {
			got = never
		}
		if got != c.want {
			t.Errorf("%s: waits %v, want %v", name, got, c.want)
		}
	}
}

func TestUndoes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		good []Method
		want bool
	}{
		"nothing":                      {nil, false},
		"a passkey":                    {[]Method{Passkey}, true},
		"the app":                      {[]Method{App}, false},
		"the password":                 {[]Method{Password}, false},
		"app and password":             {[]Method{App, Password}, true},
		"password and answers":         {[]Method{Password, Question}, false},
		"mailbox, telephone and paper": {[]Method{Link, Code, Text, Callback, Saved}, false},
	} {
		if got := Undoes(c.good); got != c.want {
			t.Errorf("%s: undoes is %v", name, got)
		}
	}
}

// A further proof never makes anybody wait longer or takes away what he could do.
func TestMoreProofsAreNeverWorthLess(t *testing.T) {
	t.Parallel()
	all := make([]Method, 0, len(Table))
	for _, r := range Table {
		all = append(all, r.Method)
	}
	rapid.Check(t, func(t *rapid.T) {
		some := rapid.SliceOfDistinct(rapid.SampledFrom(all), func(m Method) Method { return m }).Draw(t, "proofs")
		more := append(slices.Clone(some), rapid.SampledFrom(all).Draw(t, "one more"))
		factors := rapid.Bool().Draw(t, "factors")
		before, ok := Wait(some, factors)
		after, still := Wait(more, factors)
		if ok && (!still || after > before) || Undoes(some) && !Undoes(more) || len(Classes(more)) < len(Classes(some)) {
			t.Fatalf("%v and then %v", some, more)
		}
	})
}

// The page for people says of every method what the table says.
func TestThePageSaysWhatTheTableSays(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/proofs.md")
	if err != nil {
		t.Fatal(err)
	}
	yes := map[bool]string{true: "yes", false: "no"}
	for _, r := range Table {
		undoes := "no"
		switch {
		case r.Alone:
			undoes = "alone"
		case r.Half:
			undoes = "half"
		}
		line := "| `" + string(r.Method) + "` | " + string(r.Class) + " | " + yes[r.Returns] + " | " + undoes + " |"
		if !strings.Contains(string(page), line) {
			t.Errorf("docs/proofs.md has no line that begins %s", line)
		}
	}
}
