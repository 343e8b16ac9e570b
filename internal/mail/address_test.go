package mail

import (
	"errors"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"takeback/internal/fault"
)

func TestParseAddress(t *testing.T) {
	t.Parallel()
	long := strings.Repeat(strings.Repeat("d", 60)+".", 4) + "jp"
	good := []struct{ name, in, shown, key, wire string }{
		{"an ordinary address", "hanako@example.jp", "hanako@example.jp", "hanako@example.jp", "hanako@example.jp"},
		{"blanks around it are trimmed", " \u3000hanako@example.jp\n", "hanako@example.jp", "hanako@example.jp", "hanako@example.jp"},
		{"capitals stay in the local part and count for nothing", "Hanako.Sato@Example.JP", "Hanako.Sato@example.jp", "hanako.sato@example.jp", "Hanako.Sato@example.jp"},
		{"a tag is part of the mailbox", "hanako+shop@example.jp", "hanako+shop@example.jp", "hanako+shop@example.jp", "hanako+shop@example.jp"},
		{"fullwidth letters of a Japanese keyboard", "ｈａｎａｋｏ＠ｅｘａｍｐｌｅ．ｊｐ", "hanako@example.jp", "hanako@example.jp", "hanako@example.jp"},
		{"254 bytes", "hanako1@" + long, "hanako1@" + long, "hanako1@" + long, "hanako1@" + long},
		{"a Japanese domain", "hanako@例え.jp", "hanako@例え.jp", "hanako@xn--r8jz45g.jp", "hanako@xn--r8jz45g.jp"},
		{"a Japanese local part", "花子@例え.jp", "花子@例え.jp", "花子@xn--r8jz45g.jp", "花子@xn--r8jz45g.jp"},
		{"the same domain in punycode", "hanako@XN--R8JZ45G.jp", "hanako@例え.jp", "hanako@xn--r8jz45g.jp", "hanako@xn--r8jz45g.jp"},
		{"kana, kanji and Latin together", "山田はなこカナxyz@example.jp", "山田はなこカナxyz@example.jp", "山田はなこカナxyz@example.jp", "山田はなこカナxyz@example.jp"},
		{"a composed and a decomposed letter are one", "cafe\u0301@example.jp", "cafe\u0301@example.jp", "café@example.jp", "cafe\u0301@example.jp"},
		{"a Russian address", "почта@пример.рф", "почта@пример.рф", "почта@xn--e1afmkfd.xn--p1ai", "почта@xn--e1afmkfd.xn--p1ai"},
		{"a Russian word of twins at home", "оса@почта.рф", "оса@почта.рф", "оса@xn--80a1acny.xn--p1ai", "оса@xn--80a1acny.xn--p1ai"},
		{"a Greek address", "δοκιμή@παράδειγμα.ελ", "δοκιμή@παράδειγμα.ελ", "δοκιμή@xn--hxajbheg2az3al.xn--qxam", "δοκιμή@xn--hxajbheg2az3al.xn--qxam"},
		{"two dots at a carrier that gave them out", "taro..y@docomo.ne.jp", "taro..y@docomo.ne.jp", "taro..y@docomo.ne.jp", `"taro..y"@docomo.ne.jp`},
		{"a dot at the end at such a carrier", "taro.@ezweb.ne.jp", "taro.@ezweb.ne.jp", "taro.@ezweb.ne.jp", `"taro."@ezweb.ne.jp`},
		{"64 bytes of local part", strings.Repeat("a", 64) + "@example.jp", strings.Repeat("a", 64) + "@example.jp", strings.Repeat("a", 64) + "@example.jp", strings.Repeat("a", 64) + "@example.jp"},
	}
	for _, c := range good {
		t.Run(c.name, func(t *testing.T) {
			a, err := ParseAddress(c.in)
			if err != nil {
				t.Fatal(err)
			}
			if a.String() != c.shown || a.Key() != c.key || a.wire() != c.wire {
				t.Errorf("got %q, %q, %q; want %q, %q, %q", a.String(), a.Key(), a.wire(), c.shown, c.key, c.wire)
			}
		})
	}
	bad := []struct {
		name, in string
		want     *fault.Error
	}{
		{"nothing", "", ErrNoAddress},
		{"blanks", " \t\u3000", ErrNoAddress},
		{"no at sign", "hanako.example.jp", ErrMalformed},
		{"two at signs", "hanako@evil.example@example.jp", ErrMalformed},
		{"no local part", "@example.jp", ErrMalformed},
		{"no domain", "hanako@", ErrMalformed},
		{"a host without a top level", "hanako@localhost", ErrMalformed},
		{"a dot at the start", ".hanako@example.jp", ErrMalformed},
		{"two dots elsewhere than at the carriers", "ha..nako@example.jp", ErrMalformed},
		{"a dot at the end of the domain", "hanako@example.jp.", ErrMalformed},
		{"a label that begins with a hyphen", "hanako@-example.jp", ErrMalformed},
		{"an underscore in the domain", "hanako@ex_ample.jp", ErrMalformed},
		{"a display name", "Hanako <hanako@example.jp>", ErrMalformed},
		{"angle brackets", "<hanako@example.jp>", ErrMalformed},
		{"a comment", "hanako(x)@example.jp", ErrMalformed},
		{"a quoted local part with a blank", `"ha nako"@example.jp`, ErrMalformed},
		{"a quoted local part", `"hanako"@example.jp`, ErrMalformed},
		{"a domain literal", "hanako@[192.0.2.1]", ErrMalformed},
		{"an IP address", "hanako@192.0.2.1", ErrMalformed},
		{"two addresses", "a@example.jp,b@example.jp", ErrMalformed},
		{"a header", "hanako@example.jp\r\nBcc: all@example.jp", ErrMalformed},
		{"a header in the local part", "hanako\nBcc:x@example.jp", ErrMalformed},
		{"a null", "hana\x00ko@example.jp", ErrMalformed},
		{"broken UTF-8", "hana\xffko@example.jp", ErrMalformed},
		{"a zero-width space", "hana\u200bko@example.jp", ErrMalformed},
		{"a bidirectional override", "hanako\u202e@example.jp", ErrMalformed},
		{"a Hangul filler", "hana\u3164ko@example.jp", ErrMalformed},
		{"an emoji", "hana🌸@example.jp", ErrMalformed},
		{"a letter that hides blanks", "\ufdfa@example.jp", ErrMalformed},
		{"a digit that hides a dot", "a\u2488b@example.jp", ErrMalformed},
		{"255 bytes", "hanako12@" + long, ErrTooLong},
		{"65 bytes of local part", strings.Repeat("a", 65) + "@example.jp", ErrTooLong},
		{"a megabyte", strings.Repeat("a", 1<<20) + "@example.jp", ErrTooLong},
		{"Cyrillic among Latin", "pаypal@example.jp", ErrLookalike},
		{"Greek among Latin", "hanakο@example.jp", ErrLookalike},
		{"Cyrillic among Latin in the domain", "hanako@exаmple.jp", ErrLookalike},
		{"the same in punycode", "hanako@xn--exmple-4nf.jp", ErrLookalike},
		{"a local part wholly of twins", "сосо@example.com", ErrLookalike},
		{"a domain label wholly of twins", "hanako@рау.com", ErrLookalike},
		{"Cyrillic among Japanese", "花子о@example.jp", ErrLookalike},
	}
	for _, c := range bad {
		t.Run("refuses "+c.name, func(t *testing.T) {
			a, err := ParseAddress(c.in)
			if !errors.Is(err, c.want) {
				t.Fatalf("got %q, %v; want %v", a, err, c.want)
			}
			if f := fault.Public(err); f.Field != "email" || f.Kind != fault.Invalid {
				t.Errorf("the fault is %v on %q", f.Kind, f.Field)
			}
			if !a.IsZero() || a.Key() != "" || a.String() != "" {
				t.Errorf("a refused address is %q", a)
			}
		})
	}
}

// anAddress draws addresses of the kinds people have.
func anAddress() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		local := rapid.OneOf(
			rapid.StringMatching(`[a-zA-Z0-9_+-]{1,10}(\.[a-zA-Z0-9_+-]{1,10}){0,3}`),
			rapid.StringMatching(`[ぁ-んァ-ヶ一-龠ａ-ｚＡ-Ｚ０-９]{1,10}`),
			rapid.StringMatching(`[а-я]{1,12}ж`),
			rapid.StringMatching(`[\pL\pM\pN]{1,12}`),
		).Draw(t, "local")
		domain := rapid.OneOf(
			rapid.StringMatching(`[a-z0-9]{1,10}(\.[a-z0-9]{1,10}){0,2}\.(jp|com|example)`),
			rapid.StringMatching(`[ぁ-ん一-龠]{1,8}\.jp`),
			rapid.StringMatching(`[a-zA-Z]{1,8}[．。.](ＪＰ|Jp)`),
		).Draw(t, "domain")
		return local + rapid.SampledFrom([]string{"@", "＠"}).Draw(t, "at") + domain
	})
}

func TestAnAddressReadAgainIsTheSame(t *testing.T) {
	t.Parallel()
	met := 0
	rapid.Check(t, func(t *rapid.T) {
		s := anAddress().Draw(t, "address")
		a, err := ParseAddress(s)
		if err != nil {
			return
		}
		met++
		again, err := ParseAddress(a.String())
		if err != nil || again != a {
			t.Fatalf("%q became %q, then %q (%v)", s, a, again, err)
		}
		if upper, err := ParseAddress(strings.ToLower(a.String())); err == nil && upper.Key() != a.Key() {
			t.Fatalf("%q has key %q in small letters and %q as it is", s, upper.Key(), a.Key())
		}
		if byKey, err := ParseAddress(a.Key()); err == nil && byKey.Key() != a.Key() {
			t.Fatalf("the key %q of %q has another key %q", a.Key(), s, byKey.Key())
		}
	})
	if met < 30 {
		t.Errorf("only %d addresses were good: the property was hardly tested", met)
	}
}

// TestNoLetterHasTwoSmallForms: whoever writes an address in small letters, or in
// another form of them, is the same person.
func TestNoLetterHasTwoSmallForms(t *testing.T) {
	t.Parallel()
	for r := rune('A'); r < 0x20000; r++ {
		if !unicode.IsLetter(r) {
			continue
		}
		s := string(r)
		want := fold(s)
		for _, form := range []string{strings.ToLower(s), norm.NFKC.String(s), strings.ToLower(norm.NFKC.String(s)), want} {
			if got := fold(form); got != want {
				t.Errorf("%q (%U) is folded to %q, and %q to %q", s, r, want, form, got)
			}
		}
	}
}

func FuzzParseAddress(f *testing.F) {
	for _, s := range []string{"hanako@example.jp", "花子＠例え。jp", "\"a b\"@example.jp", "a@xn--a.jp", "taro.@docomo.ne.jp", "a@b\r\n.jp", "ﷺ@a.jp"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := ParseAddress(s)
		if err != nil {
			if fault.KindOf(err) != fault.Invalid {
				t.Fatalf("%q: %v", s, err)
			}
			return
		}
		for _, form := range []string{a.wire(), a.Key(), a.String(), Mask(a.String())} {
			if strings.ContainsAny(form, "\r\n\x00 <>,;:()[]\\") || !utf8.ValidString(form) {
				t.Fatalf("%q became %q", s, form)
			}
		}
		if len(a.wire()) > maxAddress+2 || strings.Count(a.wire(), "@") != 1 {
			t.Fatalf("%q became %q", s, a.wire())
		}
		if again, err := ParseAddress(a.String()); err != nil || again.Key() != a.Key() {
			t.Fatalf("%q: %q reads as %q, %v", s, a, again, err)
		}
	})
}

func TestMask(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"hanako@mail.example.jp": "h***@m***.jp",
		"h@m.jp":                 "h***@m***.jp",
		"花子@例え.jp":               "花***@例***.jp",
		"hanako@xn--r8jz45g.jp":  "h***@例***.jp",
		"e\u0301a@example.jp":    "e\u0301***@e***.jp",
		"hanako@localhost":       "h***@***",
		"+81 90-1234-5678":       "********78",
		"０９０－１２３４－５６７８":          "********78",
		"12345":                   "********",
		"":                        "********",
		"\r\nBcc: x@evil.example": "B***@e***.example",
	} {
		if got := Mask(in); got != want {
			t.Errorf("Mask(%q) = %q, want %q", in, got, want)
		}
	}
}
