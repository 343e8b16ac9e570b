package mail

import (
	"bytes"
	"mime"
	netmail "net/mail"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"takeback/internal/mail/inbox"
)

func written(t testing.TB, p *Post, l Letter) (envelope, rendered, []byte) {
	t.Helper()
	body, err := cleaned(l.Body)
	if err != nil {
		t.Fatal(err)
	}
	l.Body = body
	e, r, err := p.write(noon, l)
	if err != nil {
		t.Fatal(err)
	}
	return e, r, compose(e, r)
}

func TestComposedLettersReadAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	p := office(t)
	for _, language := range languages {
		for _, b := range samples(language) {
			t.Run(string(b.Kind())+" "+language, func(t *testing.T) {
				e, r, raw := written(t, p, Letter{To: must(t, "hanako@例え.jp"), Name: `佐藤 "花子"`, Language: language, Body: b})
				for line := range bytes.Lines(raw) {
					if !bytes.HasSuffix(line, []byte("\r\n")) || len(line) > 80 {
						t.Errorf("the line %q has %d bytes", line, len(line))
					}
				}
				for _, c := range raw {
					if c >= 0x80 {
						t.Fatalf("there is a byte %x in it", c)
					}
				}
				m, err := netmail.ReadMessage(bytes.NewReader(raw))
				if err != nil {
					t.Fatal(err)
				}
				for name, want := range map[string]string{
					"Message-Id": "<" + e.id + "@shop.example.jp>", "Auto-Submitted": "auto-generated", "X-Takeback-Notice": e.number,
					"Content-Language": language, "User-Agent": "", "X-Mailer": "", "List-Unsubscribe": "", "Date": "Sun, 03 May 2026 03:05:00 +0000",
				} {
					if got := m.Header.Get(name); got != want {
						t.Errorf("%s is %q, want %q", name, got, want)
					}
				}
				l, err := inbox.Parse(raw)
				if err != nil {
					t.Fatal(err)
				}
				got := []any{l.Subject, l.Text, l.HTML, l.From, l.FromName, l.To, l.Number, l.Date.UTC()}
				want := []any{r.subject, r.text, r.html, "care@shop.example.jp", "さくら商店", []string{"hanako@xn--r8jz45g.jp"}, e.number, noon}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				if again := compose(e, r); !bytes.Equal(again, raw) {
					t.Error("composed again it has other bytes")
				}
			})
		}
	}
}

func TestJapaneseSubjectsAreFoldedWords(t *testing.T) {
	t.Parallel()
	_, r, raw := written(t, office(t), Letter{To: must(t, "hanako@example.jp"), Language: "ja", Body: Notice{Event: Changed, What: strings.Repeat("とても長い項目の名前", 6), At: noon, NotMe: "/not-me/t"}})
	_, field, _ := strings.Cut(string(raw), "\r\nSubject:")
	field, _, found := strings.Cut(field, "\r\nAuto-Submitted")
	if !found || strings.Count(field, "\r\n =?utf-8?b?") < 3 {
		t.Errorf("it is written %q", field)
	}
	got, err := new(mime.WordDecoder).DecodeHeader(strings.TrimSpace(strings.ReplaceAll(field, "\r\n", "")))
	if err != nil || got != r.subject {
		t.Errorf("it reads %q (%v), want %q", got, err, r.subject)
	}
}

func TestAnInternationalisedMailboxStandsInUTF8(t *testing.T) {
	t.Parallel()
	_, _, raw := written(t, office(t), Letter{To: must(t, "花子@例え.jp"), Language: "ja", Body: Reset{Link: "/reset/t"}})
	if !bytes.Contains(raw, []byte("\r\nTo: <花子@xn--r8jz45g.jp>\r\n")) {
		t.Errorf("got\n%s", raw[:600])
	}
}

func TestNoStringAddsAHeader(t *testing.T) {
	t.Parallel()
	p := office(t)
	rapid.Check(t, func(t *rapid.T) {
		evil := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a"\\<>=?\r\n: あ\x{2028}]{0,80}`)).Draw(t, "evil")
		body, err := cleaned(Notice{Event: Changed, What: evil, From: evil, At: noon, NotMe: "/not-me/t"})
		if err != nil {
			t.Fatal(err)
		}
		to, err := ParseAddress("hanako@example.jp")
		if err != nil {
			t.Fatal(err)
		}
		e, r, err := p.write(noon, Letter{To: to, Name: evil, Language: rapid.SampledFrom(languages).Draw(t, "language"), Body: body})
		if err != nil {
			t.Fatal(err)
		}
		m, err := netmail.ReadMessage(bytes.NewReader(compose(e, r)))
		if err != nil {
			t.Fatal(err)
		}
		if len(m.Header) != 10 {
			t.Fatalf("there are %d header fields: %v", len(m.Header), m.Header)
		}
		to2, err := m.Header.AddressList("To")
		if err != nil || len(to2) != 1 || to2[0].Address != "hanako@example.jp" {
			t.Fatalf("it goes to %v, %v", to2, err)
		}
		l, err := inbox.Parse(compose(e, r))
		if err != nil || l.Subject != r.subject {
			t.Fatalf("the subject %q reads %q (%v)", r.subject, l.Subject, err)
		}
	})
}
