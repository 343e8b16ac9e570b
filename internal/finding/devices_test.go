package finding

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWhatCameFromOneDeviceIsPutTogether(t *testing.T) {
	t.Parallel()
	var d Devices
	type met struct {
		N      int
		Begins bool
	}
	var got []met
	for _, device := range []string{"a", "", "b", "a", "", "b"} {
		n, begins := d.Group(device)
		got = append(got, met{n, begins})
	}
	want := []met{{0, true}, {1, true}, {2, true}, {0, false}, {3, true}, {2, false}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
