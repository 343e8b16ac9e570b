package inbox

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/japanese"
)

func start(t *testing.T) *Inbox {
	t.Helper()
	in, err := Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := in.Close(); err != nil {
			t.Error(err)
		}
	})
	return in
}

// post sends a letter over real SMTP.
func post(t *testing.T, in *Inbox, to, subject string) error {
	t.Helper()
	c, err := smtp.Dial(in.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }() // some faults have closed it already
	return c.SendMail("shop@example.jp", []string{to}, strings.NewReader("From: shop@example.jp\r\nTo: "+to+"\r\nSubject: "+subject+"\r\n\r\nhello\r\n"))
}

func TestLettersAreKeptInOrder(t *testing.T) {
	t.Parallel()
	in := start(t)
	for i := range 3 {
		if err := errors.Join(post(t, in, "a@example.jp", fmt.Sprint(i)), post(t, in, "b@example.jp", "other")); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for _, l := range in.To("A@example.jp") {
		got = append(got, l.Subject+" "+l.Sender)
	}
	if diff := cmp.Diff([]string{"0 shop@example.jp", "1 shop@example.jp", "2 shop@example.jp"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(in.Letters()) != 6 {
		t.Errorf("%d letters came", len(in.Letters()))
	}
}

func TestWait(t *testing.T) {
	t.Parallel()
	in := start(t)
	third := func(l Letter) bool { return l.Subject == "3" }
	found := make(chan Letter, 1)
	go func() {
		l, err := in.Wait(t.Context(), third)
		if err != nil {
			t.Error(err)
		}
		found <- l
	}()
	for i := range 5 {
		if err := post(t, in, "a@example.jp", fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	if l := <-found; l.Subject != "3" {
		t.Errorf("it found %q", l.Subject)
	}
	if l, err := in.Wait(t.Context(), third); err != nil || l.Subject != "3" {
		t.Errorf("a letter that is there already: %q, %v", l.Subject, err)
	}
	ctx, stop := context.WithTimeout(t.Context(), time.Millisecond)
	defer stop()
	if _, err := in.Wait(ctx, func(Letter) bool { return false }); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("waiting for nothing ended with %v", err)
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	in := start(t)
	code := func(err error) int {
		e := new(smtp.SMTPError)
		if errors.As(err, &e) {
			return e.Code
		}
		return 0
	}
	in.RefuseNext(2)
	in.Unknown("gone@example.jp", true)
	in.Busy("full@example.jp", true)
	for i, want := range []int{451, 451, 0} {
		if err := post(t, in, "a@example.jp", "x"); code(err) != want || want == 0 && err != nil {
			t.Errorf("visit %d: %v, want %d", i, err, want)
		}
	}
	if err := post(t, in, "Gone@example.jp", "x"); code(err) != 550 {
		t.Errorf("an unknown mailbox: %v", err)
	}
	if err := post(t, in, "full@example.jp", "x"); code(err) != 451 {
		t.Errorf("a busy mailbox: %v", err)
	}
	in.DropNext(1)
	if err := post(t, in, "a@example.jp", "dropped"); err == nil || code(err) != 0 {
		t.Errorf("a dropped connection: %v", err)
	}
	in.LoseNextAnswers(1)
	if err := post(t, in, "a@example.jp", "lost"); err == nil || code(err) != 0 {
		t.Errorf("a lost answer: %v", err)
	}
	var got []string
	for _, l := range in.Letters() {
		got = append(got, l.Subject)
	}
	if diff := cmp.Diff([]string{"x", "lost"}, got); diff != "" {
		t.Errorf("letters kept (-want +got):\n%s", diff)
	}
	if in.Visits() != 7 {
		t.Errorf("%d visits", in.Visits())
	}
}

func TestItCanBeOpenedAgainAtItsPlace(t *testing.T) {
	t.Parallel()
	in, err := Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Start(in.Addr())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(post(t, again, "a@example.jp", "x"), again.Close()); err != nil || len(again.Letters()) != 1 {
		t.Errorf("%v, %d letters", err, len(again.Letters()))
	}
}

func jis(t *testing.T, s string) string {
	t.Helper()
	out, err := japanese.ISO2022JP.NewEncoder().String(s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestParse(t *testing.T) {
	t.Parallel()
	b64 := base64.StdEncoding.EncodeToString
	for _, c := range []struct {
		name, raw string
		want      Letter
	}{
		{"a Japanese letter in ISO-2022-JP",
			"From: =?ISO-2022-JP?B?" + b64([]byte(jis(t, "佐藤花子"))) + "?= <hanako@example.jp>\r\nTo: <desk@example.jp>\r\nSubject: =?ISO-2022-JP?B?" + b64([]byte(jis(t, "怪しいメール"))) + "?=\r\n" +
				"Content-Type: text/plain; charset=ISO-2022-JP\r\nContent-Transfer-Encoding: 7bit\r\n\r\n" + jis(t, "これは本物ですか。https://evil.example/a。") + "\r\n",
			Letter{Subject: "怪しいメール", From: "hanako@example.jp", FromName: "佐藤花子", To: []string{"desk@example.jp"},
				Text: "これは本物ですか。https://evil.example/a。\n", Links: []string{"https://evil.example/a"}}},
		{"Shift_JIS in base64", "Subject: x\r\nContent-Type: text/plain; charset=Shift_JIS\r\nContent-Transfer-Encoding: base64\r\n\r\nk/qWe4zq\r\n", Letter{Subject: "x", Text: "日本語"}},
		{"text and HTML, links once each",
			"Subject: two\r\nX-Takeback-Notice: TB-7F3K-92QD\r\nMessage-ID: <1@x>\r\nDate: Sun, 03 May 2026 03:05:00 +0000\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n" +
				"--b\r\nContent-Type: text/plain\r\n\r\nopen https://a.example/x?y=1&z=2.\r\n--b\r\nContent-Type: text/html\r\n\r\n<a href=\"https://a.example/x?y=1&amp;z=2\">x</a><a href=\"https://b.example/\">y</a>\r\n--b--\r\n",
			Letter{Subject: "two", Number: "TB-7F3K-92QD", MessageID: "<1@x>", Date: time.Date(2026, 5, 3, 3, 5, 0, 0, time.UTC),
				Text: "open https://a.example/x?y=1&z=2.", HTML: `<a href="https://a.example/x?y=1&amp;z=2">x</a><a href="https://b.example/">y</a>`, Links: []string{"https://a.example/x?y=1&z=2", "https://b.example/"}}},
		{"an unknown charset is left as it came", "Subject: =?no-such?B?eA==?=\r\nContent-Type: text/plain; charset=no-such\r\n\r\nhello\r\n", Letter{Subject: "=?no-such?B?eA==?=", Text: "hello\n"}},
		{"an attachment is not the letter", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\nContent-Disposition: attachment\r\n\r\nno\r\n--b\r\nContent-Type: text/plain\r\n\r\nyes\r\n--b--\r\n", Letter{Text: "yes"}},
		{"a letter cut short", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nhalf", Letter{Text: "half"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Parse([]byte(c.raw))
			if err != nil {
				t.Fatal(err)
			}
			got.Raw, got.Date = nil, got.Date.UTC()
			if c.want.Date.IsZero() {
				got.Date = time.Time{}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestALetterThatCostsTooMuchIsRefused(t *testing.T) {
	t.Parallel()
	var nested strings.Builder
	for i := range 40 {
		fmt.Fprintf(&nested, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i)
	}
	if _, err := Parse([]byte(nested.String())); !errors.Is(err, errTooDeep) {
		t.Errorf("forty boxes in one another: %v", err)
	}
	wide := "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + strings.Repeat("--b\r\nContent-Type: text/plain\r\n\r\nx\r\n", 1000) + "--b--\r\n"
	if _, err := Parse([]byte(wide)); !errors.Is(err, errTooDeep) {
		t.Errorf("a thousand parts: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("Subject: =?utf-8?b?44GC?=\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<a href=\"https://a/\">\r\n--b--\r\n"))
	f.Add([]byte("Content-Type: text/plain; charset=iso-2022-jp\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=1B$B=\r\n"))
	f.Add([]byte("Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\ny"))
	f.Add([]byte("From: @\r\nTo: ,,\r\nDate: no\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!!"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		l, err := Parse(raw)
		if err != nil {
			return
		}
		if !bytes.Equal(l.Raw, raw) {
			t.Error("the bytes are not those that came")
		}
		for _, s := range append([]string{l.Subject, l.Text, l.HTML, l.Header("Subject")}, l.Links...) {
			if strings.ToValidUTF8(s, "") != s {
				t.Errorf("%q is no text", s)
			}
		}
	})
}
