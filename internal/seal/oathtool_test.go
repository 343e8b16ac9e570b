package seal_test

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	"takeback/internal/seal"
)

// The codes of an authenticator app that was written by others, from a seed of ours.
func TestCodesOfOathtoolCount(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("oathtool"); err != nil {
		t.Fatal("this test needs oathtool: apt-get install oathtool")
	}
	seed := seal.NewSeed()
	for _, at := range []time.Time{time.Unix(59, 0), time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), time.Date(2038, 1, 20, 0, 0, 29, 0, time.UTC)} {
		out, err := exec.Command("oathtool", "--totp", "--base32", "--now", at.UTC().Format("2006-01-02 15:04:05 UTC"), seed.Reveal()).Output()
		if err != nil {
			t.Fatal(err)
		}
		code := strings.TrimSpace(string(out))
		step, err := seal.AppStep(seed, code, at, 0)
		if want := at.Unix() / 30; err != nil || step != want {
			t.Errorf("at %s the code is of step %d, want %d (%v)", at, step, want, err)
		}
		if step, err := seal.AppStep(seed, code, at.Add(5*time.Minute), 0); err != nil || step != 0 {
			t.Errorf("at %s, five minutes later it is of step %d (%v)", at, step, err)
		}
	}
}
