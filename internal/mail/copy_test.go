package mail

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"takeback/internal/db"
	"takeback/internal/seal"
)

// Whatever a letter says and whatever its secrets are: none is in its copy.
func TestNoSecretOfAnyLetterIsInItsCopy(t *testing.T) {
	t.Parallel()
	p, to := office(t), must(t, "hanako@example.jp")
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom(kinds).Draw(t, "kind")
		language := rapid.SampledFrom(languages).Draw(t, "language")
		b, secrets := drawn(t, kind)
		_, v, err := p.address("letter_1", noon, Letter{To: to, Name: "Hanako", Language: language, Body: b})
		if err != nil {
			t.Fatal(err)
		}
		whole, err := v.render(language)
		if err != nil {
			t.Fatal(err)
		}
		text, err := v.copied(language)
		if err != nil {
			t.Fatal(err)
		}
		said := 0
		for _, s := range secrets {
			if strings.Contains(text, s) {
				t.Fatalf("%s has %q in its copy:\n%s", b.Kind(), s, text)
			}
			if strings.Contains(whole.text, s) {
				said++
			}
		}
		w := wordsOf[language]
		if instead := strings.Count(text, w.link) + strings.Count(text, w.code); instead < said {
			t.Fatalf("%s says %d secrets, and its copy %d times that there was one:\n%s", b.Kind(), said, instead, text)
		}
		if strings.Contains(whole.text, w.link) || strings.Contains(whole.text, w.code) {
			t.Fatalf("the letter itself lacks what it is for:\n%s", whole.text)
		}
	})
}

// drawn fills a body with anything at all, and every link and code of it with a secret of its own.
func drawn(t *rapid.T, of Body) (Body, []string) {
	var secrets []string
	c := reflect.New(reflect.TypeOf(of)).Elem()
	for i := range c.NumField() {
		f, field := c.Field(i), c.Type().Field(i)
		switch tag := field.Tag.Get("letter"); {
		case tag == "link":
			secrets = append(secrets, seal.NewToken())
			f.SetString("/" + rapid.SampledFrom([]string{"not-me", "reset", "contact/C-1"}).Draw(t, field.Name) + "/" + secrets[len(secrets)-1])
		case tag == "code":
			secrets = append(secrets, rapid.StringMatching(`[0-9]{6}`).Draw(t, field.Name))
			f.SetString(secrets[len(secrets)-1])
		case tag == "page":
			f.SetString("/security")
		case field.Type.Kind() == reflect.String:
			f.SetString(rapid.SampledFrom([]string{"", "signed-in", "requested", "listed", "x", "1-2-3 Honmachi"}).Draw(t, field.Name))
		case field.Type.Kind() == reflect.Bool:
			f.SetBool(rapid.Bool().Draw(t, field.Name))
		case field.Type == reflect.TypeFor[[]string]():
			f.Set(reflect.ValueOf(rapid.SliceOfN(rapid.StringMatching(`[a-z]{1,9}`), 0, 3).Draw(t, field.Name)))
		case field.Type == reflect.TypeFor[time.Time]():
			f.Set(reflect.ValueOf(rapid.SampledFrom([]time.Time{{}, noon, later}).Draw(t, field.Name)))
		}
	}
	b, err := cleaned(c.Interface().(Body))
	if err != nil {
		t.Fatal(err)
	}
	return b, secrets
}

// A new letter cannot forget to say what its secrets are: every link that its
// template writes is either one or a page for everybody.
func TestEveryLinkOfEveryTemplateSaysWhatItIs(t *testing.T) {
	t.Parallel()
	written := regexp.MustCompile(`\.URL \(?(?:or )?\.Body\.(\w+)`)
	code := regexp.MustCompile(`\.Body\.(Code|Token|Secret|Pin)\b`)
	links := 0
	for _, b := range kinds {
		for _, language := range languages {
			for _, form := range []string{".txt", ".html"} {
				text, err := files.ReadFile("templates/" + string(b.Kind()) + "." + language + form)
				if err != nil {
					t.Fatal(err)
				}
				for wants, found := range map[string][][]string{"link page": written.FindAllStringSubmatch(string(text), -1), "code": code.FindAllStringSubmatch(string(text), -1)} {
					for _, m := range found {
						f, ok := reflect.TypeOf(b).FieldByName(m[1])
						if tag := f.Tag.Get("letter"); !ok || !slices.Contains(strings.Fields(wants), tag) {
							t.Errorf("%s: %s is tagged %q, want one of %q", b.Kind(), m[1], tag, wants)
						}
						links++
					}
				}
			}
		}
	}
	if links < 60 {
		t.Errorf("only %d were found: the test has gone blind", links)
	}
}

func TestACopyIsKeptWhenALetterIsSent(t *testing.T) {
	each(t, func(s *street) {
		id := s.queue("a1", "hanako@example.jp", "first")
		if k := s.kept("a1", id); k.Text != "" {
			s.t.Errorf("while it waits:\n%s", k.Text)
		}
		s.drain()
		k := s.kept("a1", id)
		for _, part := range []string{"What: first", wordsOf["en"].link, k.Number} {
			if !strings.Contains(k.Text, part) {
				s.t.Errorf("it lacks %q:\n%s", part, k.Text)
			}
		}
		if strings.Contains(k.Text, "t0ken") || k.Mailbox != "hanako@example.jp" || k.To == k.Mailbox {
			s.t.Errorf("to %s (%s):\n%s", k.Mailbox, k.To, k.Text)
		}
		if sealed := column[string](s, id, "copy"); strings.Contains(sealed, "first") || strings.Contains(sealed, "What") {
			s.t.Errorf("the stored copy can be read: %.80q", sealed)
		}
		err := s.d.Read(s.t.Context(), func(tx *db.Tx) error { _, err := s.post.Kept(tx, "a2", id); return err })
		if err != db.ErrNone {
			s.t.Errorf("somebody else's letter: %v", err)
		}
	})
}

func TestWhatWasForgottenIsNotCopiedAgain(t *testing.T) {
	each(t, func(s *street) {
		sent := s.queue("a1", "hanako@example.jp", "first")
		s.drain()
		waits, other := s.queue("a1", "hanako@example.jp", "second"), s.queue("a2", "taro@example.jp", "other")
		s.write(func(tx *db.Tx) error { return Forget(tx, "a1", KindHandBack) })
		if k := s.kept("a1", sent); k.Text == "" {
			s.t.Error("a letter of another kind was forgotten")
		}
		s.write(func(tx *db.Tx) error { return Forget(tx, "a1") })
		s.drain()
		s.want("hanako@example.jp", "first", "second")
		for _, id := range []string{sent, waits} {
			if k := s.kept("a1", id); k.Text != "" || k.Subject == "" {
				s.t.Errorf("%q is left of it:\n%s", k.Subject, k.Text)
			}
		}
		if s.kept("a2", other).Text == "" {
			s.t.Error("another account's letter was forgotten")
		}
	})
}

func TestNoCopyIsKeptOfWhatNobodyCanRead(t *testing.T) {
	each(t, func(s *street) {
		s.post.Keeps = func(_ *db.Tx, account string) (bool, error) { return account != "closed", nil }
		for _, account := range []string{"", "closed"} {
			id := s.queue(account, "hanako@example.jp", "first")
			s.drain()
			if column[string](s, id, "copy") != "" {
				s.t.Errorf("of a letter to %q a copy was kept", account)
			}
		}
	})
}

func (s *street) kept(account, id string) (k Kept) {
	s.t.Helper()
	if err := s.d.Read(s.t.Context(), func(tx *db.Tx) (err error) {
		k, err = s.post.Kept(tx, account, id)
		return err
	}); err != nil {
		s.t.Fatal(err)
	}
	return k
}
