package verify

import (
	"fmt"
	"testing"
	"time"

	"takeback/internal/history"

	"pgregory.net/rapid"
)

// An intruder comes in at some time and makes or changes secrets, one after the other; the account is stopped within
// a week of that. Whatever he presents then, it undoes nothing. What the holder had had for a week does.
func TestNoSecretThatAnIntruderMadeUndoesAFreeze(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		came := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
		opened := came.Add(time.Duration(rapid.Int64Range(1, int64(quarantine)-1).Draw(t, "until it is stopped")))
		var changes []history.Change
		var proofs []Proof
		add := func(at time.Time, session string, m Method) {
			seq := int64(len(changes) + 1)
			version := fmt.Sprint("v", seq)
			changes = append(changes, history.Change{Seq: seq, At: at, Session: session, Verb: history.Credential, Path: "x", Version: version})
			proofs = append(proofs, Proof{Method: m, Version: version, SetSeq: seq, Good: true, Until: opened.Add(time.Hour)})
		}
		methods := []Method{Passkey, App, Password, Saved}
		for range rapid.IntRange(0, 3).Draw(t, "of the holder") {
			add(came.Add(-time.Duration(rapid.Int64Range(0, int64(60*24*time.Hour)).Draw(t, "before"))), "hers", rapid.SampledFrom(methods).Draw(t, "method"))
		}
		hers := len(proofs)
		for range rapid.IntRange(1, 4).Draw(t, "of the intruder") {
			add(came.Add(time.Duration(rapid.Int64Range(0, int64(opened.Sub(came))).Draw(t, "after"))), "his", rapid.SampledFrom(methods).Draw(t, "method"))
		}
		reported := int64(rapid.IntRange(0, len(changes)).Draw(t, "reported"))
		judge := func(some []Proof) Verdict {
			return Judge(Facts{Proofs: some, Suspect: began(changes, reported, opened).Seq, Settled: settledBy(changes, opened), Now: opened})
		}
		if judge(proofs[hers:]).Undo {
			t.Fatalf("%+v undo it", proofs[hers:])
		}
		if v := judge(append([]Proof{}, proofs...)); v.Undo && !judge(append([]Proof{}, proofs[:hers]...)).Undo {
			t.Fatalf("the intruder's add what was missing")
		}
		if v := Judge(Facts{Proofs: proofs, Suspect: 1 << 40, Settled: settledBy(changes, opened), Contest: true, Now: opened}); v.Undo {
			t.Fatal("while a second person says it is his")
		}
	})
}
