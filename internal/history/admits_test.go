package history_test

import (
	"slices"
	"testing"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/history"
)

// Whoever has got into a limited session can write no fact, in whatever state the account is.
func TestALimitedSessionWritesNoFact(t *testing.T) {
	t.Parallel()
	limited := access.Actor{Role: access.Holder, Limited: true}
	may := []history.Verb{history.Recover, history.SignOut, history.Statement, history.Confirm}
	for _, v := range []history.Verb{history.Open, history.Recover, history.Derive, history.StepUp, history.Handover, history.SignOut, history.Set,
		history.Patch, history.Add, history.Remove, history.Credential, history.Contact, history.Confirm, history.Drop, history.View, history.Move,
		history.Order, history.Freeze, history.Unfreeze, history.Hold, history.Release, history.Look, history.State, history.Statement} {
		want := []account.State(nil)
		if slices.Contains(may, v) {
			want = []account.State{account.Frozen, account.Restoring}
		}
		if got := history.Admits(limited, v); !slices.Equal(got, want) {
			t.Errorf("%s is admitted in %v, want %v", v, got, want)
		}
	}
}
