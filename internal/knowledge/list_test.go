package knowledge

import (
	"net/netip"
	"strings"
	"testing"
)

func TestListsHoldAddressesNetworksAndNumbers(t *testing.T) {
	t.Parallel()
	l, err := readList(strings.NewReader("ASN,Entity\n# ours\n203.0.113.0/25\n203.0.113.64,203.0.113.200\n198.51.100.7 # seen on Monday\n64500,\"INULOGIC SARL, FR\"\n64501, \"RootLayer Web Services Ltd, NL\"\nAS64502\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		address string
		network uint32
		want    Answer
	}{
		{"203.0.113.127", 0, Yes}, {"203.0.113.128", 0, No}, {"198.51.100.7", 0, Yes}, {"198.51.100.8", 64499, No},
		{"192.0.2.1", 64500, Yes}, {"192.0.2.1", 64501, Yes}, {"192.0.2.1", 64502, Yes},
		{"2001:db8::1", 64501, Yes}, {"2001:db8::1", 64499, No}, {"2001:db8::1", 0, Unknown},
	} {
		if got := l.says(netip.MustParseAddr(c.address), c.network); got != c.want {
			t.Errorf("%s in AS%d: %v, want %v", c.address, c.network, got, c.want)
		}
	}
}

func TestABrokenListIsRefusedWithItsLine(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, says string }{
		"a word among addresses": {"203.0.113.1\nlocalhost\n", `line 2: "localhost" is no address`},
		"a page instead":         {"<html>\n<body>\n", `line 2: "<body>" is no address`},
		"half an address":        {"203.0.113.1\n203.0.113", `line 2: "203.0.113" is no address`},
		"nothing":                {"# all is well\n", "there is nothing in it"},
		"a line without end":     {"203.0.113.1\n" + strings.Repeat("9", 1<<20), "line 2: it is longer"},
	} {
		if _, err := readList(strings.NewReader(c.text)); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, want %q", name, err, c.says)
		}
	}
	for name, c := range map[string]struct{ text, says string }{
		"no domain":      {"mail.example\nnonsense\n", `line 2: "nonsense" is no domain`},
		"an address":     {"203.0.113.1\n", `line 1: "203.0.113.1" is no domain`},
		"a page instead": {"<html>\n", `line 1: "<html>" is no domain`},
		"nothing":        {"", "there is nothing in it"},
	} {
		if _, err := readDomains(strings.NewReader(c.text)); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("domains, %s: got %v, want %q", name, err, c.says)
		}
	}
}

func FuzzList(f *testing.F) {
	f.Add("ASN,Entity\n203.0.113.0/25\n64500,\"INULOGIC SARL, FR\"\n::/0\n")
	f.Fuzz(func(t *testing.T, text string) {
		l, err := readList(strings.NewReader(text))
		if err != nil {
			return
		}
		if !l.addresses.any() && len(l.numbers) == 0 {
			t.Fatal("an empty list")
		}
		for i := 1; i < len(l.addresses.four); i++ {
			if l.addresses.four[i-1].to >= l.addresses.four[i].from {
				t.Fatal("ranges overlap")
			}
		}
	})
}

func FuzzDomains(f *testing.F) {
	f.Add("mailinator.example\n*.trash.example\n例え.jp\n")
	f.Fuzz(func(t *testing.T, text string) {
		all, err := readDomains(strings.NewReader(text))
		if err != nil {
			return
		}
		for d := range all {
			if d == "" || !strings.Contains(d, ".") || normalDomain(d) != d {
				t.Fatalf("%q", d)
			}
		}
	})
}
