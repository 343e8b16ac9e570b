package session_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"math/big"
	"testing"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/db/dbtest"
	"takeback/internal/history"
	"takeback/internal/session"
)

// keys are a browser's key, as the browser of device.js keeps one.
type keys struct{ private *ecdsa.PrivateKey }

func newKeys(t testing.TB) keys {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return keys{k}
}

// answer signs a challenge.
func (k keys) answer(t testing.TB, challenge string) session.Answer {
	t.Helper()
	sum := sha256.Sum256([]byte(challenge))
	r, s, err := ecdsa.Sign(rand.Reader, k.private, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	sig := make([]byte, 64)
	r.FillBytes(sig[:32])
	s.FillBytes(sig[32:])
	point, err := k.private.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return session.Answer{Challenge: challenge, Key: base64.RawURLEncoding.EncodeToString(point), Signature: base64.RawURLEncoding.EncodeToString(sig)}
}

// proves gives the client of a browser that answers a fresh challenge.
func (b bundle) proves(t *testing.T, c access.Client, k keys) access.Client {
	t.Helper()
	challenge, err := b.s.Challenge(c.Device)
	if err != nil {
		t.Fatal(err)
	}
	c.Proof = b.s.ProveDevice(c.Device, k.answer(t, challenge))
	if c.Proof.Key == "" {
		t.Fatal("an honest answer proves nothing")
	}
	return c
}

func (b bundle) recognise(t *testing.T, c access.Client) session.Recognised {
	t.Helper()
	r, err := b.s.Recognise(t.Context(), "acc", c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestADeviceWithAKeyIsKnownByItsKey(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, mine, his := setup(t, d), newKeys(t), newKeys(t)
		if r := b.recognise(t, pc); r.Known || r.Copied || r.Client != pc {
			t.Fatalf("a device nobody has seen: %+v", r)
		}
		b.open(t, b.proves(t, pc, mine))
		proved := b.proves(t, pc, mine)
		if r := b.recognise(t, proved); !r.Known || r.Copied || r.Client.Device != pc.Device {
			t.Errorf("with its key: %+v", r)
		}
		for name, c := range map[string]access.Client{
			"the same answer again": proved,
			"its cookie alone":      pc,
			"another's key":         b.proves(t, pc, his),
		} {
			if r := b.recognise(t, c); r.Known || !r.Copied || r.Client.Device == pc.Device || len(r.Client.Device) != 26 {
				t.Errorf("%s: %+v", name, r)
			}
		}
		b.open(t, b.proves(t, pc, his)) // whoever opens all the same does not take the device over
		if r := b.recognise(t, b.proves(t, pc, mine)); !r.Known {
			t.Errorf("after somebody else showed a key of his own: %+v", r)
		}
	})
}

func TestADeviceWithoutAKeyIsKnownByItsCookie(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, k := setup(t, d), newKeys(t)
		b.open(t, pc)
		if r := b.recognise(t, pc); !r.Known || r.Client != pc {
			t.Errorf("by its cookie: %+v", r)
		}
		b.open(t, b.proves(t, pc, k)) // with script from now on
		if r := b.recognise(t, pc); r.Known || !r.Copied {
			t.Errorf("after it has a key, by its cookie: %+v", r)
		}
	})
}

func TestARevokedDeviceIsAStranger(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, k := setup(t, d), newKeys(t)
		phone := access.Client{IP: "192.0.2.2", UserAgent: safari, Device: "phone"}
		lost, lostToken, _ := b.open(t, b.proves(t, phone, k))
		here, hereToken, _ := b.open(t, pc)
		revoke := func() error {
			return d.Write(t.Context(), func(tx *db.Tx) error { return b.s.Revoke(tx, here.Actor(pc), "phone") })
		}
		if err := revoke(); err != nil {
			t.Fatal(err)
		}
		if _, err := b.s.Check(t.Context(), lostToken); !errors.Is(err, session.ErrOver) {
			t.Errorf("its session %s: %v", lost.ID, err)
		}
		if _, err := b.s.Check(t.Context(), hereToken); err != nil {
			t.Errorf("the session of another device: %v", err)
		}
		if r := b.recognise(t, b.proves(t, phone, k)); r.Known || r.Copied || r.Client.Device == "phone" {
			t.Errorf("it comes again: %+v", r)
		}
		if err := revoke(); !errors.Is(err, db.ErrNone) {
			t.Errorf("revoked twice: %v", err)
		}
		var verbs []history.Verb
		err := d.Read(t.Context(), func(tx *db.Tx) error {
			all, err := history.Of(tx, "acc")
			for _, c := range all {
				verbs = append(verbs, c.Verb)
				if c.Verb == history.Forget && (account.Fact{Value: c.After}).Text() != "phone" {
					t.Errorf("the entry does not say which: %s", c.After)
				}
			}
			return err
		})
		if err != nil || len(verbs) != 4 || verbs[2] != history.Forget || verbs[3] != history.SignOut {
			t.Errorf("history %v, %v", verbs, err)
		}
	})
}

func TestAnAnswerIsOfItsBrowserAndItsTime(t *testing.T) {
	dbtest.EachWithClock(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		b, k := setup(t, d), newKeys(t)
		challenge, err := b.s.Challenge("pc")
		if err != nil {
			t.Fatal(err)
		}
		a := k.answer(t, challenge)
		if b.s.ProveDevice("pc", a).Key == "" {
			t.Error("an honest answer proves nothing")
		}
		other := newKeys(t).answer(t, challenge)
		for name, is := range map[string]bool{
			"from another browser":        b.s.ProveDevice("phone", a).Key == "",
			"from no browser":             b.s.ProveDevice("", a).Key == "",
			"with another's key":          b.s.ProveDevice("pc", session.Answer{Challenge: challenge, Key: other.Key, Signature: a.Signature}).Key == "",
			"without a signature":         b.s.ProveDevice("pc", session.Answer{Challenge: challenge, Key: a.Key}).Key == "",
			"to a challenge of one's own": b.s.ProveDevice("pc", k.answer(t, "eyJkZXZpY2UiOiJwYyJ9")).Key == "",
		} {
			if !is {
				t.Errorf("an answer %s proves something", name)
			}
		}
		clock.Advance(2 * time.Minute)
		if b.s.ProveDevice("pc", a).Key != "" {
			t.Error("an answer that comes too late proves something")
		}
	})
}

// Whatever a browser sends, it proves nothing unless it was signed; and nothing panics.
func FuzzDeviceProof(f *testing.F) {
	d := dbtest.New(f, db.SQLite, db.Options{})
	s := session.New(d, nil, keeper(f))
	k := newKeys(f)
	challenge, err := s.Challenge("pc")
	if err != nil {
		f.Fatal(err)
	}
	a := k.answer(f, challenge)
	f.Add(a.Challenge, a.Key, a.Signature)
	f.Add("", "", "")
	f.Add(a.Challenge+"=", a.Key, a.Signature)
	f.Add(a.Challenge, a.Key[:40], a.Signature)
	f.Add(a.Challenge, "BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", a.Signature)
	f.Fuzz(func(t *testing.T, challenge, key, signature string) {
		p := s.ProveDevice("pc", session.Answer{Challenge: challenge, Key: key, Signature: signature})
		if p.Key == "" {
			return
		}
		// Workers have keys of their own, so what proves something is checked and not compared.
		point, _ := base64.RawURLEncoding.DecodeString(key)
		sig, _ := base64.RawURLEncoding.DecodeString(signature)
		public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
		if err != nil || len(sig) != 64 || p.Key != key || p.Challenge != challenge {
			t.Fatalf("%q, %q, %q proves %+v", challenge, key, signature, p)
		}
		sum := sha256.Sum256([]byte(challenge))
		if !ecdsa.Verify(public, sum[:], new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:])) {
			t.Errorf("nobody signed %q, and it proves %+v", challenge, p)
		}
	})
}

// The attack: a program on the holder's machine sends session cookies away. With the
// cookie of the device missing, or another one in its place, the session is over.
func TestACopiedCookieEndsASessionThatIsBoundToAKey(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, k := setup(t, d), newKeys(t)
		var told []string
		b.s.Tell = func(tx *db.Tx, copied session.Session) error {
			tx.OnCommit(func() { told = append(told, copied.ID) })
			return nil
		}
		desktop := pc
		desktop.UserAgent = safari // "desktop site" of a telephone, say
		for name, c := range map[string]struct {
			from      access.Client
			keyed     bool
			goes, new bool
		}{
			"the cookie alone":                          {access.Client{IP: "198.51.100.9", UserAgent: firefox}, true, false, false},
			"another device":                            {access.Client{IP: "198.51.100.9", UserAgent: firefox, Device: "thief"}, true, false, false},
			"the same device elsewhere":                 {access.Client{IP: "198.51.100.9", UserAgent: firefox, Device: "pc"}, true, true, false},
			"the same device that calls itself another": {desktop, true, true, true},
			"another device, of one without a key":      {access.Client{IP: "198.51.100.9", UserAgent: firefox, Device: "other"}, false, true, true},
		} {
			told = nil
			mine := access.Client{IP: "192.0.2.1", UserAgent: firefox, Device: "plain"}
			if c.keyed {
				mine = b.proves(t, pc, k)
			}
			s, token, _ := b.open(t, mine)
			found, err := b.s.CheckFrom(t.Context(), token, c.from)
			if c.goes {
				if err != nil || (found.Segment > s.Segment) != c.new || found.Bound != c.keyed || len(told) != 0 {
					t.Errorf("%s: segment %d, %v, told %v", name, found.Segment, err, told)
				}
				continue
			}
			if !errors.Is(err, session.ErrOver) || len(told) != 1 || told[0] != s.ID {
				t.Errorf("%s: %v, told %v", name, err, told)
			}
			if _, err := b.s.CheckFrom(t.Context(), token, pc); !errors.Is(err, session.ErrOver) {
				t.Errorf("%s: afterwards from the device itself: %v", name, err)
			}
			err = d.Read(t.Context(), func(tx *db.Tx) error {
				all, err := history.Of(tx, "acc")
				if last := all[len(all)-1]; last.Verb != history.SignOut || last.Client.IP != c.from.IP || last.Device != "" {
					t.Errorf("%s: the last entry is %+v", name, last)
				}
				known, _, err2 := history.SeenDevice(tx, "acc", c.from.Device, 1<<40)
				if known {
					t.Errorf("%s: the copy's device counts as seen", name)
				}
				return errors.Join(err, err2)
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}
