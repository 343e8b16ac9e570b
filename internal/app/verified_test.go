package app_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"takeback/internal/access"
	"takeback/internal/db/dbtest"
	"takeback/internal/finding"
	"takeback/internal/history"
	"takeback/internal/investigate"
)

// An intruder has lived in an account for weeks, with his own address and number
// in it. He reports a takeover himself; the agent does everything right, and lets
// the account go for him. When his session is found, the act falls with it.
func TestAnActForACallerWhomTheIntrudersContactsVerifiedFallsWithThem(t *testing.T) {
	const email, phone = "collector@thief.example", "+81355550101"
	for _, e := range dbtest.Engines {
		t.Run(string(e), func(t *testing.T) {
			t.Parallel()
			h := newHome(t, e)
			h.signIn(hana, secret, "hana's")
			h.clock.Advance(24 * time.Hour)
			thief := h.signIn(hana, secret, "thief's")
			h.moves(thief, secret, email, phone)
			h.clock.Advance(40 * 24 * time.Hour)
			r, grant := h.stops(email, "thief's")
			if f := h.newest(history.Freeze).Factors; f != nil {
				t.Errorf("nobody was verified yet, and the freeze carries %+v", f)
			}
			h.verifies(r, grant, email)
			_, err := h.Restorer.DeclareFalse(t.Context(), grant, r.Case, 0, "it was himself, he says")
			h.ok(err)

			versions := map[string]string{}
			for _, c := range h.history() {
				if c.Verb == history.Contact && c.Session == thief.Session {
					versions[c.Path] = c.Version
				}
			}
			let := h.newest(history.Unfreeze)
			want := []history.Factor{{Path: "email", Version: versions["email"], Proof: "code"}, {Path: "phone", Version: versions["phone"], Proof: "call"}}
			if diff := cmp.Diff(want, let.Factors); diff != "" {
				t.Errorf("what the caller was verified with (-want +got):\n%s", diff)
			}
			if f := h.newest(history.View).Factors; f != nil {
				t.Errorf("a look carries %+v", f)
			}

			h.stops(hana, "hana's")
			c := h.caseNow()
			mark := investigate.Mark{Verdict: investigate.Intruder, Session: thief.Session}
			ito := access.Actor{Role: finder.Role, ID: finder.ID, Name: finder.Name, Session: "desk_3", Case: c.ID}
			h.ok(h.Investigator.Mark(t.Context(), ito, c.ID, mark, 0))
			line, err := h.Investigator.Timeline(t.Context(), ito, c.ID)
			h.ok(err)
			for _, a := range line.Changes {
				switch {
				case a.Seq == let.Seq:
					if a.Label != finding.Tainted.String() || a.Reason.Rule != finding.H7 || !slices.Contains(a.Because, a.Reason.From) {
						t.Errorf("the act for him is %s by %s, because of %v", a.Label, a.Reason.Rule, a.Because)
					}
				case a.Role.Staff() && a.Label != finding.Clean.String():
					t.Errorf("%d, %s by staff, is %s by %s", a.Seq, a.Verb, a.Label, a.Reason.Rule)
				}
			}
		})
	}
}
