package knowledge

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"pgregory.net/rapid"
)

func TestResembles(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, domain, known string
		want                bool
	}{
		{"a Cyrillic a", "gmаil.com", "gmail.com", true},
		{"the same in punycode", "xn--gmil-63d.com", "gmail.com", true},
		{"all Cyrillic", "сосо.com", "coco.com", true},
		{"a one for an l", "gmai1.com", "gmail.com", true},
		{"r and n for an m", "exarnple.jp", "example.jp", true},
		{"two v for a w", "vvidget.jp", "widget.jp", true},
		{"c and l for a d", "wiclget.jp", "widget.jp", true},
		{"a dot below", "gṃail.com", "gmail.com", true},
		{"looks alike and elsewhere", "exarnple.net", "example.jp", true},
		{"kanji for kana", "口ボット.jp", "ロボット.jp", true},
		{"a letter more", "exampple.jp", "example.jp", true},
		{"a letter less", "exmple.jp", "example.jp", true},
		{"another letter", "exanple.jp", "example.jp", true},
		{"letters changed places", "exmaple.jp", "example.jp", true},
		{"a hyphen more", "my-shop.jp", "myshop.jp", true},
		{"a hyphen less", "myshop.co.jp", "my-shop.co.jp", true},
		{"another top level", "example.net", "example.com", true},
		{"another second level", "example.com", "example.co.jp", true},
		{"a provider without a letter of its top level", "gmail.co", "gmail.com", true},
		{"a subdomain of it", "mail.exarnple.com", "example.com", true},
		{"capitals", "EXARNPLE.COM", "Example.com.", true},

		{"the same", "example.jp", "example.jp", false},
		{"the same by a subdomain", "mail.example.jp", "example.jp", false},
		{"the same in punycode", "xn--zckzah.jp", "テスト.jp", false},
		{"gmail.com by its other name", "gmail.com", "googlemail.com", false},
		{"a provider in another country", "hotmail.it", "hotmail.com", false},
		{"a provider in Brazil", "yahoo.com.br", "yahoo.com", false},
		{"siblings under co.jp", "yamada.co.jp", "tanaka.co.jp", false},
		{"siblings under ne.jp", "docomo.ne.jp", "ezweb.ne.jp", false},
		{"a public suffix alone", "co.jp", "ne.jp", false},
		{"one letter", "x.com", "y.com", false},
		{"one letter elsewhere", "x.com", "x.org", false},
		{"three letters", "aol.com", "aoi.com", false},
		{"three letters elsewhere", "gmx.de", "gmx.net", false},
		{"four letters, one other", "mail.ru", "main.ru", false},
		{"another first letter", "acorp.co.jp", "bcorp.co.jp", false},
		{"another number", "school1.ed.jp", "school2.ed.jp", false},
		{"a letter other, and elsewhere", "exanple.net", "example.jp", false},
		{"two letters other", "exanpre.jp", "example.jp", false},
		{"an address", "192.0.2.1", "192.0.2.2", false},
		{"nothing", "", "example.jp", false},
		{"dots", "...", "..", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, pair := range [][2]string{{tt.domain, tt.known}, {tt.known, tt.domain}} {
				if got := Resembles(pair[0], []string{"other.example", pair[1]}); got != "" != tt.want || got != "" && got != pair[1] {
					t.Errorf("%q looks like %q of %q, want %v", pair[0], got, pair[1], tt.want)
				}
			}
		})
	}
}

func TestProvidersAreToldApart(t *testing.T) {
	t.Parallel()
	for _, p := range Providers() {
		if !Provider(p) || !Provider("MAIL."+p) {
			t.Errorf("%s is no provider", p)
		}
	}
	if Provider("gmai1.com") || Provider("example.com") || Provider("") {
		t.Error("anything is a provider")
	}
	if !slices.Contains(Providers(), "gmail.com") {
		t.Error("gmail.com is not among them")
	}
}

// TestLooksAreNoMatterOfWhoAsks: a domain looks like no other that is itself, it
// does so both ways, and letters that look alike always do.
func TestLooksAreNoMatterOfWhoAsks(t *testing.T) {
	t.Parallel()
	var from []rune
	for r := range alike {
		from = append(from, r)
	}
	slices.Sort(from)
	rapid.Check(t, func(t *rapid.T) {
		label := rapid.StringMatching(`[a-z0-9]{4,12}`).Draw(t, "label")
		suffix := rapid.SampledFrom([]string{"com", "jp", "co.jp", "ne.jp"}).Draw(t, "suffix")
		own := label + "." + suffix
		if got := Resembles(own, []string{own, "mail." + own}); got != "" {
			t.Fatalf("%s looks like itself, %s", own, got)
		}
		other := rapid.StringMatching(`[a-z0-9-]{1,12}\.(com|jp|co\.jp)`).Draw(t, "other")
		if a, b := Resembles(own, []string{other}) != "", Resembles(other, []string{own}) != ""; a != b {
			t.Fatalf("%s and %s: %v one way, %v the other", own, other, a, b)
		}
		r := rapid.SampledFrom(from).Draw(t, "letter")
		at := rapid.IntRange(1, len(label)-1).Draw(t, "at")
		real, fake := label[:at]+string(alike[r])+label[at:], label[:at]+string(r)+label[at:]
		if Resembles(fake+"."+suffix, []string{real + "." + suffix}) == "" {
			t.Fatalf("%s does not look like %s", fake, real)
		}
		travels, err := idna.Punycode.ToASCII(fake)
		if err == nil && Resembles(travels+"."+suffix, []string{real + "." + suffix}) == "" {
			t.Fatalf("%s, which travels as %s, does not look like %s", fake, travels, real)
		}
	})
}

// FuzzResembles looks for domains that make it fall over, or that look like themselves.
func FuzzResembles(f *testing.F) {
	f.Add("gmаil.com", "gmail.com")
	f.Add("xn--", "xn--a.xn--")
	f.Add("口ボット.jp", strings.Repeat("a.", 300))
	f.Add("\xff", "ẞ.com")
	f.Fuzz(func(t *testing.T, a, b string) {
		if Resembles(a, []string{a}) != "" {
			t.Fatalf("%q looks like itself", a)
		}
		if (Resembles(a, []string{b}) != "") != (Resembles(b, []string{a}) != "") {
			t.Fatalf("%q and %q: one way and not the other", a, b)
		}
		if n, ok := nameOf(a); ok && !utf8.ValidString(n.looks) {
			t.Fatalf("%q looks like %q", a, n.looks)
		}
	})
}
