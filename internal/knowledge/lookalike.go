package knowledge

import (
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
	"golang.org/x/text/unicode/norm"
)

// The shortest names that may look alike. Of names of three letters half are one
// letter apart; and a name of four is easily another house's under another top level.
const (
	shortest    = 4 // same looks, a hyphen more or less, another top level
	shortestFor = 5 // one letter more, less or other
)

// Resembles finds the domain that another one looks like and is not, of some: by
// letters that look alike (the skeleton of Unicode TS 39), punycode or not, by one
// letter or hyphen more, less or other, by two that changed places, or by another
// top level. What anybody can register under is left out: of mail.example.co.jp
// and example.com "example" is compared. Providers are at home under many top
// levels, so of them gmail.co is one and hotmail.it none. Empty if it looks like none.
func Resembles(domain string, some []string) string {
	d, ok := nameOf(domain)
	if !ok {
		return ""
	}
	for _, known := range some {
		if k, ok := nameOf(known); ok && d.resembles(&k) {
			return known
		}
	}
	return ""
}

// Provider tells whether a domain is one where many people have their mail: such
// ones look like one another, and are told apart all the same.
func Provider(domain string) bool {
	d, ok := nameOf(domain)
	return ok && d.provider()
}

// Providers lists those domains, always in the same order: what is found first is what is told.
func Providers() []string { return slices.Sorted(maps.Keys(providers)) }

// named is what a domain was registered as.
type named struct {
	label, suffix string // "example", "co.jp": lower case, in Unicode
	looks         string // the label's skeleton
}

// nameOf takes a domain apart; false if nobody can have registered it.
func nameOf(domain string) (n named, ok bool) {
	domain = strings.ToLower(strings.TrimSuffix(domain, "."))
	if len(domain) == 0 || len(domain) > 253 || !utf8.ValidString(domain) {
		return n, false
	}
	if shown, err := idna.Punycode.ToUnicode(domain); err == nil {
		domain = strings.ToLower(norm.NFKC.String(shown))
	}
	ascii, err := idna.Punycode.ToASCII(domain)
	if err != nil {
		return n, false
	}
	suffix, _ := publicsuffix.PublicSuffix(ascii)
	if shown, err := idna.Punycode.ToUnicode(suffix); err == nil {
		suffix = shown
	}
	rest, found := strings.CutSuffix(domain, "."+suffix)
	if !found || rest == "" {
		return n, false
	}
	n.label, n.suffix = rest[strings.LastIndexByte(rest, '.')+1:], suffix
	n.looks = skeleton(n.label)
	return n, n.label != ""
}

func (n *named) resembles(k *named) bool {
	if n.label == k.label {
		return n.suffix != k.suffix && utf8.RuneCountInString(n.label) >= shortest &&
			(!k.provider() && !n.provider() || oneLess(n.suffix, k.suffix) || oneLess(k.suffix, n.suffix))
	}
	if min(utf8.RuneCountInString(n.label), utf8.RuneCountInString(k.label)) < shortest {
		return false
	}
	if n.looks == k.looks || unhyphened(n.looks) == unhyphened(k.looks) {
		return true
	}
	return n.suffix == k.suffix && oneApart([]rune(n.label), []rune(k.label))
}

func (n *named) provider() bool { return providers[n.label+"."+n.suffix] }

// oneLess tells whether a text is another without one of its letters.
func oneLess(less, more string) bool {
	for i := range more {
		if less == more[:i]+more[min(i+1, len(more)):] {
			return true
		}
	}
	return false
}

func unhyphened(s string) string { return strings.ReplaceAll(s, "-", "") }

// oneApart tells whether one letter is more, less or other, or two neighbours have
// changed places. Whoever reads a name reads its first letter, so that one must be
// the same; and of two names with numbers, another number is another house.
func oneApart(a, b []rune) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(a) < shortestFor || len(b)-len(a) > 1 || a[0] != b[0] {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	switch {
	case len(a) < len(b):
		return string(a[i:]) == string(b[i+1:])
	case i == len(a):
		return false
	case string(a[i+1:]) == string(b[i+1:]):
		return !(unicode.IsDigit(a[i]) && unicode.IsDigit(b[i]))
	}
	return i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && string(a[i+2:]) == string(b[i+2:])
}

// skeleton writes a label so that labels which look alike are the same. Marks on
// letters are left out: in an address bar they are specks.
func skeleton(label string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(label) {
		if unicode.Is(unicode.Mn, r) {
			continue
		}
		if like, ok := alike[r]; ok {
			r = like
		}
		switch r {
		case 'm':
			b.WriteString("rn")
		case 'w':
			b.WriteString("vv")
		case 'd':
			b.WriteString("cl")
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// alike are letters that look like another one: a selection of our own from what
// Unicode Technical Standard 39 calls confusable, of what may stand in a domain.
// Case is folded before. Kana and kanji are here because Japanese domains have both.
var alike = map[rune]rune{
	'0': 'o', '1': 'l',
	// Latin
	'ı': 'i', 'ɑ': 'a', 'ɡ': 'g', 'ƅ': 'b', 'ɩ': 'i', 'ʋ': 'u', 'ł': 'l', 'ø': 'o', 'đ': 'd', 'ħ': 'h', 'ŧ': 't', 'ɓ': 'b', 'ɗ': 'd', 'ƙ': 'k', 'ƴ': 'y', 'ȷ': 'j',
	// Cyrillic
	'а': 'a', 'в': 'b', 'с': 'c', 'ԁ': 'd', 'е': 'e', 'һ': 'h', 'н': 'h', 'і': 'i', 'ј': 'j', 'к': 'k', 'ӏ': 'l', 'м': 'm', 'о': 'o', 'р': 'p', 'ԛ': 'q', 'г': 'r',
	'ѕ': 's', 'т': 't', 'ѵ': 'v', 'ԝ': 'w', 'х': 'x', 'у': 'y', 'ү': 'y', 'п': 'n', 'ь': 'b',
	// Greek
	'α': 'a', 'β': 'b', 'ϲ': 'c', 'ε': 'e', 'η': 'n', 'ι': 'i', 'κ': 'k', 'ν': 'v', 'ο': 'o', 'ρ': 'p', 'σ': 'o', 'τ': 't', 'υ': 'u', 'χ': 'x', 'γ': 'y', 'ω': 'w',
	// Armenian
	'օ': 'o', 'ո': 'n', 'ս': 'u', 'հ': 'h', 'ց': 'g', 'զ': 'q', 'ա': 'w', 'ք': 'p',
	// Kana and kanji
	'口': 'ロ', '力': 'カ', '二': 'ニ', '工': 'エ', '一': 'ー', '卜': 'ト', '夕': 'タ', '八': 'ハ', '才': 'オ', '千': 'チ', '三': 'ミ',
	'へ': 'ヘ', 'り': 'リ',
}

// providers are domains at which a great many people have their mail, here and
// elsewhere. They stand beside those that the installation itself sees often.
var providers = map[string]bool{
	"gmail.com": true, "googlemail.com": true, "outlook.com": true, "outlook.jp": true, "hotmail.com": true, "hotmail.co.jp": true, "live.com": true, "live.jp": true, "msn.com": true,
	"yahoo.com": true, "yahoo.co.jp": true, "ymail.ne.jp": true, "ymail.com": true, "icloud.com": true, "me.com": true, "mac.com": true, "aol.com": true, "aol.jp": true, "proton.me": true,
	"protonmail.com": true, "gmx.de": true, "gmx.net": true, "gmx.com": true, "web.de": true, "mail.ru": true, "mail.com": true, "email.com": true, "yandex.ru": true, "yandex.com": true,
	"qq.com": true, "163.com": true, "126.com": true, "naver.com": true, "hanmail.net": true, "orange.fr": true, "free.fr": true, "hotmail.fr": true, "hotmail.co.uk": true, "hotmail.de": true,
	"yahoo.co.uk": true, "yahoo.de": true, "yahoo.fr": true, "outlook.de": true, "outlook.fr": true, "zoho.com": true, "fastmail.com": true, "comcast.net": true, "att.net": true,
	"docomo.ne.jp": true, "ezweb.ne.jp": true, "au.com": true, "softbank.ne.jp": true, "softbank.jp": true, "vodafone.ne.jp": true, "ymobile.ne.jp": true, "uqmobile.jp": true,
	"rakuten.jp": true, "nifty.com": true, "biglobe.ne.jp": true, "ocn.ne.jp": true, "so-net.ne.jp": true, "plala.or.jp": true, "dion.ne.jp": true, "excite.co.jp": true, "goo.jp": true, "infoseek.jp": true,
}
