package breach

import (
	"bytes"
	"context"
	"crypto/sha1" //nolint:gosec // as the lists have it
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"takeback/internal/seal"
)

func put(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// built builds a filter and tells what was said.
func built(t testing.TB, min uint64, from ...string) (f *Filter, path, said string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "filter")
	err := Build(t.Context(), Building{From: from, Out: path, MinCount: min, Say: func(line string) { said += line + "\n" }})
	if err == nil {
		f, err = Open(path)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f, path, said
}

func has(t testing.TB, f *Filter, word string) bool {
	t.Helper()
	found, err := f.Has(seal.NewSecret(word))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func hashed(word string) string { return fmt.Sprintf("%X", sha1.Sum([]byte(word))) } //nolint:gosec // see above

func TestAFilterHasWhatItWasBuiltFrom(t *testing.T) {
	t.Parallel()
	f, _, said := built(t, 1, put(t, "words", "otter\r\nviolin\n\nパスワード\notter\n"), put(t, "hibp", hashed("password1")+":42\r\n"+strings.ToLower(hashed("sakura"))+":3\n"), put(t, "sums", hashed("bay")+"\n"))
	for word, want := range map[string]bool{"otter": true, "violin": true, "パスワード": true, "ﾊﾟｽﾜｰﾄﾞ": true, "password1": true, "ｐａｓｓｗｏｒｄ１": true, "sakura": true, "bay": true,
		"Otter": false, "otter ": false, "password2": false, "": false} {
		if got := has(t, f, word); got != want {
			t.Errorf("%q: %v, want %v", word, got, want)
		}
	}
	if got := f.Passwords(); got != 6 {
		t.Errorf("%d passwords", got)
	}
	for _, want := range []string{"words: plain words\n", "hibp: SHA-1 lines with counts\n", "sums: SHA-1 lines\n", "5 lines, 4 taken"} {
		if !strings.Contains(said, want) {
			t.Errorf("it does not say %q:\n%s", want, said)
		}
	}
}

func TestSeldomPasswordsAreLeftOut(t *testing.T) {
	t.Parallel()
	f, _, _ := built(t, 10, put(t, "hibp", hashed("often")+":10\n"+hashed("seldom")+":9\n"))
	if !has(t, f, "often") || has(t, f, "seldom") {
		t.Error("the counts were not kept to")
	}
}

func TestFalseAlarmsAreFewerThanOneInAHundredThousand(t *testing.T) {
	t.Parallel()
	var words strings.Builder
	for i := range 50_000 {
		fmt.Fprintf(&words, "word-%d\n", i)
	}
	f, _, _ := built(t, 1, put(t, "words", words.String()))
	for i := range 50_000 {
		if !has(t, f, fmt.Sprintf("word-%d", i)) {
			t.Fatalf("word-%d is not in it", i)
		}
	}
	for i := range 300_000 { // the expectation is one in four billion
		if has(t, f, fmt.Sprintf("other-%d", i)) {
			t.Fatalf("other-%d is in it", i)
		}
	}
}

func TestABrokenListIsRefusedAndNotShown(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text, says string
		min        uint64
	}{
		"a broken line":       {hashed("a") + ":1\nsecret-word\n", "line 2: it is not like the first", 1},
		"a broken count":      {hashed("a") + ":1\n" + hashed("b") + ":x\n", "line 2:", 1},
		"NTLM":                {"8846F7EAEE8FB117AD06BDD830B7586C:5\n", "NTLM hashes", 1},
		"words have no count": {"otter\n", "--min-count needs counts", 2},
		"nothing":             {"", "no password is left", 1},
		"a line without end":  {"otter\n" + strings.Repeat("x", maxLine+1), "line 2: it is longer", 1},
	} {
		folder := t.TempDir()
		err := Build(t.Context(), Building{From: []string{put(t, "list", c.text)}, Out: filepath.Join(folder, "filter"), MinCount: c.min})
		if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "secret-word") {
			t.Errorf("%s: got %v, want %q", name, err, c.says)
		}
		if left, _ := os.ReadDir(folder); len(left) != 0 {
			t.Errorf("%s: it left %v", name, left)
		}
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if err := Build(ended, Building{From: []string{put(t, "list", "otter\n")}, Out: filepath.Join(t.TempDir(), "filter")}); err == nil {
		t.Error("it went on after it was told to stop")
	}
}

func TestABrokenFilterIsRefused(t *testing.T) {
	t.Parallel()
	_, path, _ := built(t, 1, put(t, "words", "otter\nviolin\nbay\n"))
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	flip := func(at int) string {
		b := bytes.Clone(whole)
		b[at] ^= 1
		return string(b)
	}
	for name, c := range map[string]struct{ text, says string }{
		"another file":    {strings.Repeat("x", 1<<14), "no filter made by breach build"},
		"nothing":         {"", "no filter made by breach build"},
		"another version": {flip(len(magic)), "has version 0"},
		"a broken table":  {flip(head + 100), "its table is broken"},
		"half a table":    {string(whole[:top/2]), "cut off"},
		"cut off":         {string(whole[:len(whole)-64]), "cut off"},
	} {
		if _, err := Open(put(t, "filter", c.text)); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, want %q", name, err, c.says)
		}
	}
	broken := 0
	f, err := open([]byte(flip(len(whole) - 1)))
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"otter", "violin", "bay"} {
		if _, err := f.Has(seal.NewSecret(word)); err != nil && strings.Contains(err.Error(), "is broken") {
			broken++
		}
	}
	if broken != 1 {
		t.Errorf("%d of three shards are found broken, want 1", broken)
	}
}

func FuzzOpen(f *testing.F) {
	_, path, _ := built(f, 1, put(f, "words", "otter\nviolin\n"))
	whole, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) >= top { // let the fuzzer reach behind the checksum
			b = bytes.Clone(b)
			copy(b, whole[:len(magic)+4])
			binary.LittleEndian.PutUint32(b[len(magic)+4:], crc32.Checksum(b[head:top], castagnoli))
		}
		filter, err := open(b)
		if err != nil {
			return
		}
		for i, s := range filter.table {
			if s.keys > 0 {
				look := s.filter(b)
				for k := range uint64(16) {
					look.Contains(k * 0x9e3779b97f4a7c15)
				}
			}
			_ = filter.sound[i]()
		}
	})
}

// service is a range service that knows one word.
func service(t *testing.T, answer func(w http.ResponseWriter, r *http.Request)) *Range {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(answer))
	t.Cleanup(srv.Close)
	r, err := NewRange(srv.URL + "/range")
	if err != nil {
		t.Fatal(err)
	}
	r.patience = time.Minute // a busy machine is no service that fails
	return r
}

func TestAServiceIsAskedByFiveDigits(t *testing.T) {
	t.Parallel()
	digits := hashed("password1")
	other := strings.Repeat("0", 35)
	r := service(t, func(w http.ResponseWriter, q *http.Request) {
		if q.URL.Path != "/range/"+digits[:5] || q.Header.Get("Add-Padding") != "true" || q.URL.RawQuery != "" {
			t.Errorf("it asks for %s with %v", q.URL, q.Header)
		}
		_, _ = io.WriteString(w, other+":7\r\n"+digits[5:]+":42\r\n")
	})
	for _, word := range []string{"password1", "ｐａｓｓｗｏｒｄ１"} {
		if found, err := r.Has(t.Context(), seal.NewSecret(word)); !found || err != nil {
			t.Errorf("%s: %v %v", word, found, err)
		}
	}
	for name, answer := range map[string]string{"others": other + ":7\r\n", "padding": digits[5:] + ":0\r\n"} {
		r := service(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, answer) })
		if found, err := r.Has(t.Context(), seal.NewSecret("password1")); found || err != nil {
			t.Errorf("%s: %v %v", name, found, err)
		}
	}
}

func TestAServiceThatCannotBeAskedIsAnErrorWithoutThePassword(t *testing.T) {
	t.Parallel()
	digits := hashed("password1")
	for name, answer := range map[string]http.HandlerFunc{
		"an error":  func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) },
		"a page":    func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>") },
		"nothing":   func(http.ResponseWriter, *http.Request) {},
		"elsewhere": func(w http.ResponseWriter, q *http.Request) { http.Redirect(w, q, "/x", http.StatusFound) },
		"no end":    func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(bytes.Repeat([]byte("0"), maxAnswer+2)) },
		"a broken line": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, digits[5:]+":1\r\n"+digits[5:]+":x\r\n")
		},
		"no answer":  func(_ http.ResponseWriter, q *http.Request) { <-q.Context().Done() },
		"hung up on": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"cut in between": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "999")
			_, _ = io.WriteString(w, digits[5:]+":1")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := service(t, answer)
			if name == "no answer" {
				r.patience = time.Millisecond
			}
			found, err := r.Has(t.Context(), seal.NewSecret("password1"))
			if found || err == nil {
				t.Fatalf("%v %v", found, err)
			}
			for _, no := range []string{digits[:5], digits[5:], "password1"} {
				if strings.Contains(strings.ToUpper(err.Error()), strings.ToUpper(no)) {
					t.Errorf("the error has %q: %v", no, err)
				}
			}
		})
	}
}

func TestARangeServiceElsewhereIsAskedByTLSAlone(t *testing.T) {
	t.Parallel()
	for address, ok := range map[string]bool{"https://range.example/range": true, "http://127.0.0.1:1/range": true, "http://localhost/range/": true,
		"http://range.example/range": false, "ftp://range.example": false, "range.example": false, "": false, "https://range.example/?x=": false, "https://me:pw@range.example/": false} {
		if _, err := NewRange(address); (err == nil) != ok {
			t.Errorf("%q: %v", address, err)
		}
	}
}

func BenchmarkHas(b *testing.B) {
	var words strings.Builder
	for i := range 1_000_000 {
		fmt.Fprintf(&words, "word-%d\n", i)
	}
	f, _, _ := built(b, 1, put(b, "words", words.String()))
	secrets := make([]seal.Secret, 1024)
	for i := range secrets {
		secrets[i] = seal.NewSecret(fmt.Sprintf("word-%d", i*1501))
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if _, err := f.Has(secrets[i%len(secrets)]); err != nil {
			b.Fatal(err)
		}
		i++
	}
}
