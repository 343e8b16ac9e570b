package seal

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"golang.org/x/crypto/argon2"
)

func testKeeper(t *testing.T) *Keeper {
	t.Helper()
	k, err := NewKeeper(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// weak is a hash as a program of another year would have stored it.
func (k *Keeper) weak(t *testing.T, password string, p params) string {
	t.Helper()
	h := hashed{params: p, salt: []byte("salt of that year")}
	var err error
	if h.key, err = k.argon(t.Context(), NewSecret(password), h, keyBytes); err != nil {
		t.Fatal(err)
	}
	return h.text()
}

func TestHashesOfOtherYearsAreChecked(t *testing.T) {
	t.Parallel()
	k := testKeeper(t)
	now, err := k.HashPassword(t.Context(), NewSecret("otter-9-tea"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, phc string
		outdated  bool
	}{
		{"today's", now, false},
		{"less memory", k.weak(t, "otter-9-tea", params{8 * 1024, 2, 1}), true},
		{"fewer passes", k.weak(t, "otter-9-tea", params{19 * 1024, 1, 1}), true},
		{"more of all", k.weak(t, "otter-9-tea", params{20 * 1024, 3, 2}), false},
	} {
		if got := Outdated(c.phc); got != c.outdated {
			t.Errorf("%s: outdated %v", c.name, got)
		}
		for try, want := range map[string]bool{"otter-9-tea": true, "otter-9-bay": false} {
			if ok, err := k.CheckPassword(t.Context(), c.phc, NewSecret(try)); err != nil || ok != want {
				t.Errorf("%s, %q: %v, %v", c.name, try, ok, err)
			}
		}
	}
}

// A stored hash that asks for more than anybody would set is refused, before a byte is taken for it.
func TestHashesThatAreNone(t *testing.T) {
	t.Parallel()
	k := testKeeper(t)
	salt, key := base64.RawStdEncoding.EncodeToString(make([]byte, 16)), base64.RawStdEncoding.EncodeToString(make([]byte, 32))
	for _, phc := range []string{
		"x", "$argon2id$v=19$m=19456,t=2,p=1$" + salt, "$argon2i$v=19$m=19456,t=2,p=1$" + salt + "$" + key,
		"$argon2id$v=16$m=19456,t=2,p=1$" + salt + "$" + key, "$argon2id$v=19$m=4194304,t=2,p=1$" + salt + "$" + key,
		"$argon2id$v=19$m=19456,t=1000,p=1$" + salt + "$" + key, "$argon2id$v=19$m=19456,t=2,p=0$" + salt + "$" + key,
		"$argon2id$v=19$m=4,t=2,p=1$" + salt + "$" + key, "$argon2id$v=19$t=2,m=19456,p=1$" + salt + "$" + key,
		"$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$", "$argon2id$v=19$m=19456,t=2,p=1$!!$" + key, "$argon2id$v=19$m=-1,t=2,p=1$" + salt + "$" + key,
	} {
		if ok, err := k.CheckPassword(t.Context(), phc, NewSecret("x")); ok || !errors.Is(err, errStored) {
			t.Errorf("%s: %v, %v", phc, ok, err)
		}
		if Outdated(phc) {
			t.Errorf("%s is taken for a weaker hash", phc)
		}
	}
}

func FuzzParseHash(f *testing.F) {
	f.Add(fmt.Sprintf("$argon2id$v=%d$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$a2V5a2V5a2V5a2V5a2V5a2V5", argon2.Version))
	f.Add("$argon2id$v=19$m=8,t=1,p=1$$")
	f.Fuzz(func(t *testing.T, phc string) {
		h, err := parseHash(phc)
		if err == nil && (h.memory > memoryMost || h.passes > passesMost || h.lanes > lanesMost || len(h.key) > keyMost) {
			t.Errorf("%q has no bounds: %+v", phc, h.params)
		}
		if err == nil {
			if again, err := parseHash(h.text()); err != nil || again.text() != h.text() {
				t.Errorf("%q is written as %q", phc, h.text())
			}
		}
	})
}

// A megabyte is the password of nobody, and costs no more than another one.
func TestLongPasswordsAreNobodys(t *testing.T) {
	t.Parallel()
	k := testKeeper(t)
	long := strings.Repeat("あ", 1<<20)
	phc, err := k.HashPassword(t.Context(), NewSecret(long[:passwordMost-2])) // 2046 is a multiple of three
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := k.CheckPassword(t.Context(), phc, NewSecret(long)); ok || err != nil {
		t.Errorf("%v, %v", ok, err)
	}
}

func TestWhoWaitsToBeHashed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		turns := newTurns(1)
		var order []string
		begin := func(ctx context.Context, name string) {
			go func() {
				if turns.take(ctx) == nil {
					order = append(order, name)
				}
			}()
			synctest.Wait()
		}
		begin(t.Context(), "first")
		leaving, leave := context.WithCancel(t.Context())
		begin(leaving, "leaves")
		for i := range 5 {
			begin(t.Context(), fmt.Sprint("stranger ", i))
		}
		begin(Ahead(t.Context()), "known 0")
		begin(Ahead(t.Context()), "known 1")
		leave()
		synctest.Wait()
		for range 8 {
			turns.done()
			synctest.Wait()
		}
		const want = "first, known 0, known 1, stranger 0, stranger 1, stranger 2, stranger 3, stranger 4"
		if got := strings.Join(order, ", "); got != want {
			t.Errorf("they came as\n%s, not\n%s", got, want)
		}
		if turns.free != 1 {
			t.Errorf("%d turns are free", turns.free)
		}
	})
}

func TestAFullLineRefusesAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		turns := newTurns(1)
		ctx, stop := context.WithCancel(t.Context())
		refused := 0
		for range 1 + waitsPerSlot + 10 {
			go func() {
				if err := turns.take(ctx); errors.Is(err, ErrBusy) {
					refused++
				}
			}()
			synctest.Wait()
		}
		if refused != 10 {
			t.Errorf("%d were refused", refused)
		}
		known := make(chan error, 1)
		go func() { known <- turns.take(Ahead(ctx)) }()
		synctest.Wait()
		turns.done()
		if err := <-known; err != nil {
			t.Errorf("one whom we know: %v", err)
		}
		stop()
		synctest.Wait()
		turns.done()
		if turns.free != 1 || len(turns.strangers) != 0 {
			t.Errorf("%d free, %d wait", turns.free, len(turns.strangers))
		}
	})
}
