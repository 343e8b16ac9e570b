package scenario

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Wherever in a history the account is frozen, every later step is refused, and
// all comes out as if there had been none.
func TestNothingLandsAfterAFreeze(t *testing.T) {
	t.Parallel()
	p := player(t)
	for i := range 25 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(9, uint64(i)))
			all, err := Parse("-", []byte(newWorld(r.IntN).grow(10+r.IntN(40)).scenario("drawn")), p.Kinds, false)
			if err != nil {
				t.Fatal(err)
			}
			s := all[0]
			at := 1 + r.IntN(len(s.Steps))
			before, after := s.Steps[:at], s.Steps[at:]
			cut := s
			cut.Steps = append(slices.Clone(before), Step{ID: "stop", Do: "freeze", At: before[at-1].At})
			whole := s
			whole.Steps = append(slices.Clone(cut.Steps), after...)
			want, err := p.Play(t.Context(), cut)
			if err != nil {
				t.Fatal(err)
			}
			got, err := p.Play(t.Context(), whole)
			if err != nil {
				t.Fatal(err)
			}
			for _, late := range after {
				want.Refused = append(want.Refused, late.ID)
			}
			if diff := cmp.Diff(want, got); diff != "" || len(got.Alive) != 0 {
				t.Errorf("frozen after %s (-want +got):\n%s", before[at-1].ID, diff)
			}
		})
	}
}
