package access

import (
	"strings"
	"testing"
)

func TestNet(t *testing.T) {
	t.Parallel()
	for ip, want := range map[string]string{
		"192.0.2.7":            "192.0.2.7",
		"::ffff:192.0.2.7":     "::ffff:192.0.2.7",
		"2001:db8:1:2:aaaa::1": "2001:db8:1:2::/64",
		"2001:db8:1:2:bbbb::2": "2001:db8:1:2::/64",
		"2001:db8:1:3::1":      "2001:db8:1:3::/64",
		"fe80::1%eth0":         "fe80::/64",
		"no address":           "no address",
	} {
		if got := (Client{IP: ip}).Net(); got != want {
			t.Errorf("%s counts as %s, want %s", ip, got, want)
		}
	}
}

func TestAUserAgentIsTextThatCanBeKept(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"": "", "Mozilla/5.0": "Mozilla/5.0", "a\xff\xfeb": "ab", "a\x00b": "ab",
		strings.Repeat("x", 10<<20): strings.Repeat("x", 400), strings.Repeat("x", 399) + "語": strings.Repeat("x", 399),
	} {
		if got := UserAgent(header); got != want {
			t.Errorf("%.20q of %d bytes is kept as %.20q of %d", header, len(header), got, len(got))
		}
	}
}
