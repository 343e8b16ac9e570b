package signin

import (
	"strings"
	"testing"

	"takeback/internal/fault"
	"takeback/internal/seal"

	"github.com/google/go-cmp/cmp"
)

// A person is told why a password is easy to guess, not only that it is.
func TestAWeakPasswordIsExplained(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, password string
		want           []*fault.Error
	}{
		{"several words", "otter.4.violin.bay", nil},
		{"a common one and digits", "dragon8471", []*fault.Error{whyCommon}},
		{"a common one in Japan", "さくら84712", []*fault.Error{whyCommon}},
		{"a word", "parliament7", []*fault.Error{whyWord}},
		{"a name", "fitzgerald7", []*fault.Error{whyName}},
		{"signs for letters", "p4rl14m3nt", []*fault.Error{whyWord, whySigns}},
		{"a row of keys", "zxdsewq8x", []*fault.Error{whyKeys}},
		{"a row of letters", "abcdefghijk7", []*fault.Error{whySequence}},
		{"the same key", "qqqqqqqqqq7", []*fault.Error{whyRepeat}},
		{"a date", "19840612a", []*fault.Error{whyDate}},
		{"what is left after wide letters are made narrow", "ｄｒａｇｏｎ８４７１", []*fault.Error{whyCommon}},
	} {
		err := checkPassword("new", seal.NewSecret(c.password), against{personal: []string{"佐藤 花子"}})
		var got []string
		for _, f := range fault.All(err) {
			if err != nil && f.Code != ErrPasswordWeak.Code {
				got = append(got, f.Code)
			}
			if err != nil && strings.Contains(f.Error()+f.Words, c.password) {
				t.Errorf("%s: the password stands in the answer", c.name)
			}
		}
		var want []string
		for _, f := range c.want {
			want = append(want, f.Code)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}
