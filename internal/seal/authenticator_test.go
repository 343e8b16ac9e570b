package seal_test

import (
	"bytes"
	"image/png"
	"strings"
	"testing"
	"time"

	"takeback/internal/seal"

	"github.com/pquerna/otp/totp"
)

// The example of RFC 6238, appendix B, cut to six digits.
func TestAppStepReadsTheExampleOfTheStandard(t *testing.T) {
	t.Parallel()
	seed := seal.NewSecret("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
	now := time.Unix(1111111109, 0) // step 37037036
	for name, c := range map[string]struct {
		code string
		at   time.Time
		last int64
		want int64
	}{
		"a code of now":                     {"081804", now, 0, 37037036},
		"a code as it is read aloud":        {"０８１ 8-04", now, 0, 37037036},
		"a code of the step before":         {"081804", now.Add(30 * time.Second), 0, 37037036},
		"a code of the step after":          {"081804", now.Add(-30 * time.Second), 0, 37037036},
		"a code of long before":             {"081804", now.Add(time.Minute), 0, 0},
		"a code that was used":              {"081804", now, 37037036, 0},
		"a code older than the one used":    {"081804", now, 37037037, 0},
		"a wrong code":                      {"081805", now, 0, 0},
		"a code cut short":                  {"08180", now, 0, 0},
		"a code with something in front":    {"1081804", now, 0, 0},
		"nothing":                           {"", now, 0, 0},
		"a code of now, an older one used ": {"081804", now, 37037035, 37037036},
	} {
		if got, err := seal.AppStep(seed, c.code, c.at, c.last); got != c.want || err != nil {
			t.Errorf("%s: step %d, %v, want %d", name, got, err, c.want)
		}
	}
}

func TestAppsReadANewSeed(t *testing.T) {
	t.Parallel()
	seed, now := seal.NewSeed(), time.Now()
	code, err := totp.GenerateCode(seed.Reveal(), now)
	if err != nil {
		t.Fatal(err)
	}
	if step, err := seal.AppStep(seed, code, now, 0); step == 0 || err != nil {
		t.Errorf("an app's code: step %d, %v", step, err)
	}
	address := seal.AppAddress("Kumo Store", "hana@example.jp", seed)
	if want := "otpauth://totp/Kumo%20Store:hana@example.jp?issuer=Kumo%20Store&secret=" + seed.Reveal(); address.Reveal() != want {
		t.Errorf("the address differs from %s", strings.ReplaceAll(want, seed.Reveal(), "…"))
	}
	picture, err := seal.Picture(address)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := png.Decode(bytes.NewReader(picture)); err != nil {
		t.Error(err)
	}
}
