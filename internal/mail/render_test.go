package mail

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"takeback/internal/seal"
)

var update = flag.Bool("update", false, "write the letters of testdata anew")

const site = "https://shop.example.jp"

var (
	noon  = time.Date(2026, time.May, 3, 3, 5, 0, 0, time.UTC) // 12:05 in Tokyo
	later = noon.Add(14 * 24 * time.Hour)
)

func testConfig(url string) Config {
	return Config{URL: seal.NewSecret(url), From: "care@shop.example.jp", FromName: "さくら商店", Site: site}
}

// samples gives a letter of every kind as a room would fill it.
func samples(language string) []Body {
	say := func(en, ja string) string {
		if language == "ja" {
			return ja
		}
		return en
	}
	return []Body{
		ConfirmAddress{Link: "/confirm/t0ken", Until: later},
		AlreadyRegistered{At: noon, IP: "192.0.2.7", Place: say("near Osaka, Japan", "大阪府付近")},
		ConfirmChange{Link: "/confirm/t0ken", Until: later},
		Notice{Event: Changed, What: say("e-mail address", "メールアドレス"), From: "h***@e***.jp", To: "x***@m***.ru", At: noon,
			IP: "192.0.2.7", Place: say("near Osaka, Japan", "大阪府付近"), Device: say("Chrome on Windows", "WindowsのChrome"),
			NotMe: "/not-me/t0ken", NotMeUntil: later, Recovers: noon.Add(7 * 24 * time.Hour)},
		Frozen{Case: "C-1024", At: noon, Held: []string{say("Order 7: camera, ¥89,000", "ご注文7：カメラ 89,000円")}, Link: "/contact/C-1024"},
		Code{Code: "123456", Until: noon.Add(10 * time.Minute), Purpose: say("to show that the account is yours", "ご本人様であることを確認する")},
		Reset{Link: "/reset/t0ken", Until: later, IP: "192.0.2.7", Place: say("near Osaka, Japan", "大阪府付近")},
		Recover{Link: "/recover/t0ken", Until: later, IP: "192.0.2.7"},
		Recovering{At: noon, Due: noon.Add(72 * time.Hour), IP: "192.0.2.7", Device: say("Safari on iPhone", "iPhoneのSafari"), Stop: "/recover/stop/t0ken", NotMe: "/not-me/t0ken", NotMeUntil: later},
		ResetDone{At: noon, IP: "192.0.2.7", Place: say("near Osaka, Japan", "大阪府付近"), Device: say("Safari on iPhone", "iPhoneのSafari"), NotMe: "/not-me/t0ken", NotMeUntil: later},
		CallbackBooked{Case: "C-1024", Phone: "********78", Within: 2 * time.Minute, Link: "/contact/C-1024"},
		Answer{Case: "C-1024", Text: say("Thank you for writing.\nWe have looked at it.\n\nThe order was stopped.", "お問い合わせありがとうございます。\n確認いたしました。\n\nご注文は止めております。"),
			Signed: say("Aoi Tanaka", "田中 葵"), Link: "/contact/C-1024"},
		FalseAlarm{Case: "C-1024", Stopped: noon.Add(-3 * time.Hour), At: noon,
			Held:    []string{say("order 7", "ご注文（7）")},
			Lost:    []Charge{{say("order 8", "ご注文（8）"), say("¥5,000", "5,000円"), say("refunded", "返金済み")}},
			PutBack: []string{say("delivery address", "お届け先住所"), say("e-mail address", "メールアドレス")}, Password: true, Enrol: []string{say("authenticator app", "認証アプリ")},
			Watched: noon.Add(30 * 24 * time.Hour), Signed: say("Aoi Tanaka", "田中 葵"), SignedAs: say("Account protection desk", "アカウント保護窓口"), Link: "/contact/C-1024"},
		Undone{Case: "C-1024", Stopped: noon.Add(-3 * time.Hour), At: noon, By: []string{say("passkey", "パスキー")}, NotMe: "/not-me/t0ken", NotMeUntil: later},
		Questions{Case: "C-1024", Link: "/recovery/t0ken", Until: noon.Add(24 * time.Hour)},
		HandBack{Case: "C-1024",
			Story: []Moment{
				{noon.Add(-3 * time.Hour), say("Somebody signed in with your password from a device that was not yours.", "第三者が、お客様のものではない端末から、お客様のパスワードでログインしました。")},
				{noon.Add(-170 * time.Minute), say("This person changed your e-mail address.", "メールアドレスが書き換えられました。")},
				{noon.Add(-2 * time.Hour), say("You told us, and the account was stopped at once.", "お客様からご連絡をいただき、ただちにアカウントを停止しました。")},
			},
			PutBack: []PutBack{{say("E-mail address", "メールアドレス"), "x***@m***.ru", "hanako@example.jp"}, {say("Delivery address", "お届け先"), say("removed", "削除"), say("1-2-3 Honmachi, Osaka", "大阪市本町1-2-3")}},
			Open:    []string{say("120 points were spent; they will be returned by Friday.", "ポイント120点が使われました。金曜日までにお返しいたします。")},
			Charges: []Charge{{say("Gift card", "ギフトカード"), say("¥5,000", "5,000円"), say("refunded", "返金済み")}},
			Cards:   []string{"Visa •••• 4242"}, Enrol: []string{say("authenticator app", "認証アプリ")},
			Watched: noon.Add(30 * 24 * time.Hour), Signed: say("Aoi Tanaka", "田中 葵"), SignedAs: say("Account protection desk", "アカウント保護窓口")},
		Closing{Event: Requested, At: noon, Due: later, IP: "192.0.2.7", Place: say("near Osaka, Japan", "大阪府付近"), Device: say("Safari on iPhone", "iPhoneのSafari"), NotMe: "/not-me/t0ken", NotMeUntil: later},
		Invitation{By: say("Naomi Okada", "岡田 直美"), Link: "/desk/welcome/t0ken", Until: later},
	}
}

// bare gives every kind with nothing in it that a room may leave out.
func bare() []Body {
	return []Body{
		ConfirmAddress{Link: "/confirm/t0ken"}, AlreadyRegistered{}, ConfirmChange{Link: "/confirm/t0ken"},
		Notice{Event: SignedIn, NotMe: "/not-me/t0ken"}, Frozen{Link: "/contact/c"}, Code{Code: "123456"}, Reset{Link: "/reset/t0ken"},
		Recover{Link: "/recover/t0ken", Ready: true}, Recovering{Stopped: true, NotMe: "/not-me/t0ken"}, ResetDone{NotMe: "/not-me/t0ken"}, CallbackBooked{Link: "/contact/c", At: noon}, Answer{Link: "/contact/c", Text: "x"},
		FalseAlarm{Link: "/contact/c"}, Undone{NotMe: "/not-me/t0ken"}, Questions{Link: "/recovery/t0ken"}, HandBack{}, Invitation{Link: "/desk/welcome/t0ken"},
		Closing{Event: Changed, NotMe: "/not-me/t0ken"},
	}
}

func office(t testing.TB) *Post {
	t.Helper()
	k, err := seal.NewKeeper(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	p, err := New(nil, k, testConfig("smtp://127.0.0.1:25"))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func draw(t testing.TB, p *Post, l Letter) rendered {
	t.Helper()
	subject, text, html, err := p.Preview(noon, l)
	if err != nil {
		t.Fatal(err)
	}
	return rendered{subject, text, html}
}

var (
	href   = regexp.MustCompile(`href="([^"]*)"`)
	remote = regexp.MustCompile(`(?i)<(img|script|link|iframe|object|form|input|svg)|src=|@import|url\(| on[a-z]+=`)
	han    = regexp.MustCompile(`[\p{Han}\p{Hiragana}\p{Katakana}]`)
)

func TestEveryLetterFitsItsData(t *testing.T) {
	t.Parallel()
	p := office(t)
	p.house.service = "Sakura"
	for _, language := range languages {
		for i, bodies := range [][]Body{samples(language), bare()} {
			if len(bodies) != len(kinds) {
				t.Fatalf("%d samples for %d kinds", len(bodies), len(kinds))
			}
			for _, b := range bodies {
				t.Run(string(b.Kind())+" "+language+" "+[]string{"full", "bare"}[i], func(t *testing.T) {
					l := Letter{To: must(t, "hanako@example.jp"), Name: map[string]string{"en": "Hanako Sato", "ja": "佐藤 花子"}[language], Language: language, Number: "TB-7F3K-92QD", Body: b}
					r := draw(t, p, l)
					for _, form := range []string{r.subject, r.text, r.html} {
						if strings.Contains(form, "<no value>") || strings.Contains(form, "%!") || strings.Contains(form, "{{") || strings.Contains(form, "ZgotmplZ") {
							t.Errorf("it does not fit:\n%s", form)
						}
						if language == "en" && han.MatchString(form) {
							t.Errorf("there is Japanese in it: %q", han.FindString(form))
						}
					}
					for _, form := range []string{r.text, r.html} {
						for _, part := range []string{"TB-7F3K-92QD", site + "/check-letter", site + "/contact"} {
							if !strings.Contains(form, part) {
								t.Errorf("it lacks %q:\n%s", part, form)
							}
						}
					}
					if found := remote.FindString(r.html); found != "" {
						t.Errorf("the HTML has %q in it", found)
					}
					for _, m := range href.FindAllStringSubmatch(r.html, -1) {
						if !strings.HasPrefix(m[1], site+"/") {
							t.Errorf("it leads to %q", m[1])
						}
						if !strings.Contains(r.text, m[1]) {
							t.Errorf("%q is in the HTML alone", m[1])
						}
					}
					if strings.Contains(r.subject, "\n") || strings.Contains(r.subject, "t0ken") || strings.Contains(r.subject, "123456") {
						t.Errorf("the subject, which stays in the database, is %q", r.subject)
					}
					if i == 0 {
						golden(t, string(b.Kind())+"."+language+".txt", "Subject: "+r.subject+"\n\n"+r.text)
						everyStringIsThere(t, b, r)
					}
				})
			}
		}
	}
}

// everyStringIsThere looks for the words of a body in both forms of the letter.
func everyStringIsThere(t *testing.T, b Body, r rendered) {
	t.Helper()
	words := map[string][]string{
		"notice":    {"h***@e***.jp", "x***@m***.ru", "192.0.2.7", "/not-me/t0ken", "UTC|協定世界時"},
		"hand-back": {"hanako@example.jp", "Visa •••• 4242", "/reset", "/security", "/report-phishing", "C-1024", "72 hours|72時間", "Aoi Tanaka|田中 葵"},
		"code":      {"123456"},
		"answer":    {"The order was stopped.|ご注文は止めております。"},
		"frozen":    {"C-1024", "/contact/C-1024"},
	}[string(b.Kind())]
	for _, w := range words {
		for _, form := range []string{r.text, r.html} {
			if !regexp.MustCompile(strings.NewReplacer("*", `\*`, ".", `\.`).Replace(w)).MatchString(form) {
				t.Errorf("it lacks %q", w)
			}
		}
	}
}

// golden compares a letter with the one of testdata that people have read.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s reads otherwise (-want +got; -update takes it over):\n%s", path, diff)
	}
}

func must(t testing.TB, s string) Address {
	t.Helper()
	a, err := ParseAddress(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestWordsOfEveryEvent(t *testing.T) {
	t.Parallel()
	p := office(t)
	seen := map[string]bool{}
	for _, language := range languages {
		for _, e := range []Event{Changed, Added, Removed, Requested, Cancelled, SignedIn, WrongSecond, Listed, CopiedKey} {
			r := draw(t, p, Letter{To: must(t, "a@example.jp"), Language: language, Body: Notice{Event: e, What: "X", At: noon, Due: later, NotMe: "/not-me/t"}})
			if seen[r.subject] {
				t.Errorf("%s %s: the subject %q stands for another event too", language, e, r.subject)
			}
			seen[r.subject] = true
		}
	}
}

func TestTimesAreInTheReadersZoneAndUTC(t *testing.T) {
	t.Parallel()
	p := office(t)
	for _, c := range []struct{ name, language, zone, want string }{
		{"Japanese, at home", "ja", "", "2026年5月3日（日）12:05 日本時間（協定世界時 03:05）"},
		{"English, in Tokyo", "en", "Asia/Tokyo", "Sunday, 3 May 2026, 12:05 JST (03:05 UTC)"},
		{"English, in London", "en", "Europe/London", "Sunday, 3 May 2026, 04:05 BST (03:05 UTC)"},
		{"another day in UTC", "en", "America/Los_Angeles", "Saturday, 2 May 2026, 20:05 PDT (3 May 03:05 UTC)"},
		{"UTC only once", "en", "UTC", "Sunday, 3 May 2026, 03:05 UTC"},
		{"an unknown zone does not stop a warning", "ja", "Asia/Edo", "12:05 日本時間"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := draw(t, p, Letter{To: must(t, "a@example.jp"), Language: c.language, Zone: c.zone, Body: Notice{Event: SignedIn, At: noon, NotMe: "/not-me/t"}})
			if !strings.Contains(r.text, c.want) {
				t.Errorf("%q is not in\n%s", c.want, r.text)
			}
		})
	}
}

func TestNothingFromOutsideMakesALetterSayMore(t *testing.T) {
	t.Parallel()
	p := office(t)
	evil := "x\r\nBcc: all@evil.example\r\n\r\nPlease pay at https://evil.example/now \u202e\u200b<script>alert(1)</script>"
	r := draw(t, p, Letter{To: must(t, "a@example.jp"), Name: evil, Language: "en",
		Body: Notice{Event: Changed, What: evil, From: evil, To: evil, Device: evil, Place: evil, IP: evil, At: noon, NotMe: "/not-me/t"}})
	for line := range strings.Lines(r.text) {
		if strings.HasPrefix(line, "Bcc:") || strings.HasPrefix(line, "Please pay") {
			t.Errorf("a line of its own: %q", line)
		}
	}
	for _, form := range []string{r.subject, r.text, r.html} {
		for _, bad := range []string{"https://evil", "\u202e", "\u200b", "\r"} {
			if strings.Contains(form, bad) {
				t.Errorf("%q is in\n%s", bad, form)
			}
		}
	}
	if strings.Contains(r.html, "<script>") {
		t.Errorf("the HTML runs what a stranger wrote:\n%s", r.html)
	}
	if !strings.HasPrefix(r.text, "Hello,") {
		t.Errorf("it greets by that name: %.60q", r.text)
	}
	for name, want := range map[string]bool{"Hanako Sato": true, "佐藤 花子": true, "St. John": true, "O'Hara": true, "evil.example": false, "www.evil": false, "a@b": false, "http://x": false, strings.Repeat("long ", 30): false} {
		if got := greeting(name) != ""; got != want {
			t.Errorf("greeting(%q) is %t, want %t", name, got, want)
		}
	}
}

func TestAnAnswerLinksToOurSiteAlone(t *testing.T) {
	t.Parallel()
	text := "See " + site + "/contact and https://evil.example/ and " + site + ".evil.example/x"
	r := draw(t, office(t), Letter{To: must(t, "a@example.jp"), Language: "en", Body: Answer{Link: "/contact/c", Text: text}})
	want := "See " + site + "/contact and https[:]//evil.example/ and https[:]//shop.example.jp.evil.example/x"
	if !strings.Contains(r.text, want) {
		t.Errorf("it reads\n%s", r.text)
	}
}

func TestWhoOnlyTypedAnAddressIsNotGreeted(t *testing.T) {
	t.Parallel()
	p := office(t)
	for _, b := range []Body{ConfirmAddress{Link: "/confirm/t"}, ConfirmChange{Link: "/confirm/t"}, AlreadyRegistered{}} {
		r := draw(t, p, Letter{To: must(t, "a@example.jp"), Name: "Buy Gold", Language: "en", Body: b})
		if strings.Contains(r.text+r.html+r.subject, "Buy Gold") {
			t.Errorf("%s carries what a stranger typed", b.Kind())
		}
	}
}

func TestLinksLeadToOurSiteOrNowhere(t *testing.T) {
	t.Parallel()
	p := office(t)
	for link, want := range map[string]bool{
		"/not-me/abc": true, site + "/not-me/abc": true,
		"": false, "//evil.example/x": false, "https://evil.example/": false, site + ".evil.example/x": false, site: false,
		"javascript:alert(1)": false, "/a b": false, "/a\r\nBcc: x": false, "/\\evil.example": false, "not-me/abc": false,
	} {
		_, _, _, err := p.Preview(noon, Letter{To: must(t, "a@example.jp"), Body: Reset{Link: link}})
		if got := err == nil; got != want {
			t.Errorf("the link %q: %v", link, err)
		}
	}
}

func TestSpans(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration][2]string{
		2 * time.Minute: {"2 minutes", "2分"}, time.Minute: {"1 minute", "1分"}, 72 * time.Hour: {"72 hours", "72時間"},
		30 * 24 * time.Hour: {"30 days", "30日間"}, 90 * time.Second: {"2 minutes", "2分"}, time.Hour: {"1 hour", "1時間"},
	} {
		if got := [2]string{wordsOf["en"].span(d), wordsOf["ja"].span(d)}; got != want {
			t.Errorf("%s is %q, want %q", d, got, want)
		}
	}
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 1000 {
		n := NewNumber()
		if seen[n] || normalNumber(n) != n || normalNumber(strings.ToLower(n)) != n {
			t.Fatalf("%q is seen before, or reads as %q", n, normalNumber(n))
		}
		seen[n] = true
	}
	for in, want := range map[string]string{
		"tb-7f3k-92qd": "TB-7F3K-92QD", "7F3K92QD": "TB-7F3K-92QD", " TB 7F3K 92QD ": "TB-7F3K-92QD", "ＴＢ－７Ｆ３Ｋ－９２ＱＤ": "TB-7F3K-92QD",
		"TB-OO1I-LL00": "TB-0011-1100", "TB-7F3K-92Q": "", "TB-7F3K-92QDX": "", "": "", "TB-7F3K-92Q!": "", strings.Repeat("7", 99): "",
	} {
		if got := normalNumber(in); got != want {
			t.Errorf("%q reads as %q, want %q", in, got, want)
		}
	}
}

func TestPlainStringsAreOneVisibleLine(t *testing.T) {
	t.Parallel()
	for _, r := range plain("a\x00b\tc\u2028d\u200be\ufefff\u3000g\U000e0041", 100) {
		if !unicode.IsPrint(r) && r != '\u3000' {
			t.Errorf("%q is left", r)
		}
	}
	if got := plain(strings.Repeat("あ", 400), maxLine); len([]rune(got)) != maxLine {
		t.Errorf("it has %d characters", len([]rune(got)))
	}
}
