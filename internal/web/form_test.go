package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"takeback/internal/access"
	"takeback/internal/fault"
	"takeback/internal/seal"
	"takeback/internal/web"
	"takeback/internal/web/webtest"

	"github.com/google/go-cmp/cmp"
)

// reading gives what read makes of a body, and the codes of its faults by field.
func reading(body string, read func(*web.Form) any) (got any, faults map[string]string) {
	faults = map[string]string{}
	note := func(err error) {
		for _, f := range fault.All(err) {
			faults[f.Field] = f.Code
		}
	}
	reached := false
	site := webtest.Site(holderPages, access.Actor{}, public("POST", "/", func(w http.ResponseWriter, r *http.Request) error {
		reached = true
		f := web.FormOf(r)
		got = read(f)
		if err := f.Err(); err != nil {
			note(err)
		}
		return nil
	}))
	r := httptest.NewRequest("POST", "/", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	rec := httptest.NewRecorder()
	site.ServeHTTP(rec, r)
	if !reached {
		faults["(refused)"] = fmt.Sprint(rec.Code)
	}
	return got, faults
}

func TestFormsAreReadStrictly(t *testing.T) {
	t.Parallel()
	text := func(f *web.Form) any { return f.Text("a", 5) }
	refused := map[string]string{"(refused)": "422"}
	for name, c := range map[string]struct {
		body   string
		read   func(*web.Form) any
		want   any
		faults map[string]string
	}{
		"a line is trimmed":                        {"a=+%E3%80%80hi+", text, "hi", nil},
		"length is counted in characters":          {"a=" + url.QueryEscape("あいうえお"), text, "あいうえお", nil},
		"too long is named":                        {"a=abcdef", text, "", map[string]string{"a": "form.long"}},
		"missing is named":                         {"", text, "", map[string]string{"a": "form.missing"}},
		"only spaces is missing":                   {"a=++", text, "", map[string]string{"a": "form.missing"}},
		"twice is refused":                         {"a=1&a=2", text, "", map[string]string{"a": "form.repeated"}},
		"a newline is no part of a line":           {"a=1%0A2", text, "", map[string]string{"a": "form.characters"}},
		"invalid UTF-8 is refused":                 {"a=%ff", text, nil, refused},
		"a control character is refused":           {"a=1%00", text, nil, refused},
		"so it is in a field nobody reads":         {"a=1&b=%1b", text, nil, refused},
		"turning the direction of writing, too":    {"a=" + url.QueryEscape("a\u202eb"), text, nil, refused},
		"a broken encoding is refused":             {"a=%zz", text, nil, refused},
		"an optional line may be absent":           {"", func(f *web.Form) any { return f.Optional("a", 5) }, "", nil},
		"lines keep their breaks":                  {"a=1%0D%0A2", func(f *web.Form) any { return f.Lines("a", 5) }, "1\n2", nil},
		"a secret is kept as it is":                {"a=+x+", func(f *web.Form) any { return f.Secret("a").Reveal() }, " x ", nil},
		"a secret must be there":                   {"a=", func(f *web.Form) any { return f.Secret("a").Reveal() }, "", map[string]string{"a": "form.missing"}},
		"a secret has an end":                      {"a=" + strings.Repeat("x", 2049), func(f *web.Form) any { return f.Secret("a").Reveal() }, "", map[string]string{"a": "form.long"}},
		"a number":                                 {"a=42", func(f *web.Form) any { return f.Int("a", 1, 50) }, int64(42), nil},
		"a number out of range":                    {"a=51", func(f *web.Form) any { return f.Int("a", 1, 50) }, int64(0), map[string]string{"a": "form.number"}},
		"no number":                                {"a=4x", func(f *web.Form) any { return f.Int("a", 1, 50) }, int64(0), map[string]string{"a": "form.number"}},
		"one of the answers":                       {"a=ja", func(f *web.Form) any { return f.Choice("a", "ja", "en") }, "ja", nil},
		"none of the answers":                      {"a=fr", func(f *web.Form) any { return f.Choice("a", "ja", "en") }, "", map[string]string{"a": "form.choice"}},
		"a box that is checked":                    {"a=on", func(f *web.Form) any { return f.Check("a") }, true, nil},
		"a box that is not":                        {"", func(f *web.Form) any { return f.Check("a") }, false, nil},
		"several boxes":                            {"a=1&a=2", func(f *web.Form) any { return f.All("a", 5, 9) }, []string{"1", "2"}, nil},
		"too many boxes":                           {"a=1&a=2", func(f *web.Form) any { return f.All("a", 5, 1) }, []string(nil), map[string]string{"a": "form.long"}},
		"all mistakes are told together":           {"a=abcdef", func(f *web.Form) any { return f.Text("a", 5) + f.Text("b", 5) }, "", map[string]string{"a": "form.long", "b": "form.missing"}},
		"more fields than any form has is refused": {strings.Repeat("&x=", 1) + manyFields(401), text, nil, refused},
	} {
		t.Run(name, func(t *testing.T) {
			got, faults := reading(c.body, c.read)
			if c.faults == nil {
				c.faults = map[string]string{}
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
			if d := cmp.Diff(c.faults, faults); d != "" {
				t.Error(d)
			}
		})
	}
}

func manyFields(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "&f%d=1", i)
	}
	return b.String()
}

func TestAnAddressWithOddCharactersIsRefused(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/?q=%ff", "/?q=%00", "/%ff", "/?%1b=1", "/?q=%zz", "/?q=" + strings.Repeat("x", 9000)} {
		if rec := ask(holderSite(t), path, nil); rec.Code != 422 {
			t.Errorf("%.20s: %d", path, rec.Code)
		}
	}
}

// oneStore lets everything be used once.
type oneStore map[string]bool

func (s oneStore) Spend(_ context.Context, id string, _ time.Time) (bool, error) {
	first := !s[id]
	s[id] = true
	return first, nil
}

// digits reads a picture as a person would, from what is sealed in its address.
func digits(t *testing.T, k *seal.Keeper, puzzle string) string {
	t.Helper()
	plain, err := k.Unseal("puzzle", strings.NewReplacer("-", "+", "_", "/").Replace(puzzle))
	var text struct{ A string }
	if err == nil {
		err = json.Unmarshal([]byte(plain.Reveal()), &text)
	}
	if err != nil {
		t.Fatal(err)
	}
	return text.A
}

func TestAPuzzleIsSeenHeardAnsweredOnceAndExpires(t *testing.T) {
	t.Parallel()
	keeper, err := seal.NewKeeper([]byte(strings.Repeat("k", 32)))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	puzzle := &web.Puzzle{Spent: oneStore{}, Seal: keeper, Now: func() time.Time { return now }}
	site := webtest.Site(holderPages, access.Actor{}, append(puzzle.Routes(), public("POST", "/answer", func(w http.ResponseWriter, r *http.Request) error {
		if err := puzzle.Check(r, web.FormOf(r), "form"); err != nil {
			return err
		}
		return web.Done(w, r, "/right", "")
	}))...)
	p, err := puzzle.Ask("form")
	if err != nil {
		t.Fatal(err)
	}
	png, wav := ask(site, "/puzzle/"+p.Puzzle+".png", nil), ask(site, "/puzzle/"+p.Puzzle+".wav", nil)
	if png.Code != 200 || !strings.HasPrefix(png.Body.String(), "\x89PNG") || wav.Code != 200 || !strings.HasPrefix(wav.Body.String(), "RIFF") {
		t.Fatalf("picture %d, sound %d", png.Code, wav.Code)
	}
	if again := ask(site, "/puzzle/"+p.Puzzle+".png", nil); again.Body.String() != png.Body.String() {
		t.Error("the picture was drawn anew: two pictures are easier to read by a program than one")
	}
	answer := func(digits string) int {
		return ask(site, "/answer", url.Values{"puzzle": {p.Puzzle}, "answer": {digits}}).Code
	}
	wide := strings.Map(func(c rune) rune { return c - '0' + '０' }, digits(t, keeper, p.Puzzle))
	if got := []int{answer(wide), answer(wide)}; got[0] != 303 || got[1] != 422 {
		t.Errorf("answered twice: %v", got)
	}
	if p, err = puzzle.Ask("form"); err != nil {
		t.Fatal(err)
	}
	right := digits(t, keeper, p.Puzzle)
	if got := []int{answer("000"), answer(right)}; got[0] != 422 || got[1] != 422 {
		t.Errorf("a wrong answer must use the puzzle up: %v", got)
	}
	if p, err = puzzle.Ask("another form"); err != nil {
		t.Fatal(err)
	}
	if got := answer(digits(t, keeper, p.Puzzle)); got != 422 {
		t.Errorf("a puzzle of another form: %d", got)
	}
	if p, err = puzzle.Ask("form"); err != nil {
		t.Fatal(err)
	}
	now = now.Add(11 * time.Minute)
	if got := answer(digits(t, keeper, p.Puzzle)); got != 422 {
		t.Errorf("eleven minutes later: %d", got)
	}
	if rec := ask(site, "/puzzle/"+p.Puzzle+".png", nil); rec.Code != 404 {
		t.Error("an expired picture is still drawn:", rec.Code)
	}
	if rec := ask(site, "/puzzle/forged.png", nil); rec.Code != 404 {
		t.Error("a forged id:", rec.Code)
	}
}

// Password managers fill in, and people paste (ASVS 6.2.7).
func TestNoScriptHindersPasting(t *testing.T) {
	t.Parallel()
	scripts, err := filepath.Glob("assets/*.js")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, name := range scripts {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, event := range []string{"paste", "beforeinput", "clipboard"} {
			if strings.Contains(string(text), event) {
				t.Errorf("%s listens to %s", name, event)
			}
		}
	}
}
