package web

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// worked finds the answer to a challenge, as a browser does.
func worked(t testing.TB, c challenge) proofAnswer {
	t.Helper()
	nonce, err := hex.DecodeString(c.Parameters.Nonce)
	if err != nil {
		t.Fatal(err)
	}
	salt, err := hex.DecodeString(c.Parameters.Salt)
	if err != nil {
		t.Fatal(err)
	}
	for n := uint32(0); ; n++ {
		key, err := pbkdf2.Key(sha256.New, string(binary.BigEndian.AppendUint32(nonce, n)), salt, c.Parameters.Cost, c.Parameters.KeyLength)
		if err != nil {
			t.Fatal(err)
		}
		if text := hex.EncodeToString(key); strings.HasPrefix(text, c.Parameters.KeyPrefix) {
			return proofAnswer{c, solution{Counter: n, DerivedKey: text}}
		}
	}
}

func TestAProofIsRightForOneFormAndForItsTime(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	p := &Proof{Hash: func(purpose, text string) string {
		sum := sha256.Sum256([]byte("key " + purpose + text))
		return hex.EncodeToString(sum[:])
	}, Now: func() time.Time { return now }}
	c := challenge{Parameters: proofParameters{Algorithm: proofAlgorithm, Cost: 10, Data: proofData{"register"}, Expires: now.Add(time.Minute).Unix(),
		KeyLength: 32, KeyPrefix: "0", Nonce: strings.Repeat("ab", 16), Salt: strings.Repeat("cd", 16)}}
	var err error
	if c.Signature, err = p.sign(c.Parameters); err != nil {
		t.Fatal(err)
	}
	good := worked(t, c)
	if err := p.right(good, "register"); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(a *proofAnswer){
		"an easier sum":            func(a *proofAnswer) { a.Challenge.Parameters.KeyPrefix = "" },
		"a cheaper sum":            func(a *proofAnswer) { a.Challenge.Parameters.Cost = 1 },
		"a longer time":            func(a *proofAnswer) { a.Challenge.Parameters.Expires++ },
		"a name of one's own":      func(a *proofAnswer) { a.Challenge.Parameters.Nonce = strings.Repeat("ee", 16) },
		"another form written in":  func(a *proofAnswer) { a.Challenge.Parameters.Data.For = "contact" },
		"no signature":             func(a *proofAnswer) { a.Challenge.Signature = "" },
		"a counter that fits not":  func(a *proofAnswer) { a.Solution.Counter++ },
		"a key that was made up":   func(a *proofAnswer) { a.Solution.DerivedKey = strings.Repeat("00", 32) },
		"half of the key":          func(a *proofAnswer) { a.Solution.DerivedKey = a.Solution.DerivedKey[:8] },
		"the key in large letters": func(a *proofAnswer) { a.Solution.DerivedKey = "0" + strings.ToUpper(a.Solution.DerivedKey[1:]) + " " },
	} {
		a := good
		spoil(&a)
		if p.right(a, "register") == nil {
			t.Errorf("%s is right", name)
		}
	}
	if p.right(good, "contact") == nil {
		t.Error("it is right for another form")
	}
	now = now.Add(time.Minute)
	if p.right(good, "register") == nil {
		t.Error("it is right when its time is over")
	}
}

func FuzzReadProof(f *testing.F) {
	text, err := json.Marshal(proofAnswer{challenge{Parameters: proofParameters{Algorithm: proofAlgorithm, Cost: 2000, Nonce: "00", Salt: "00"}, Signature: "x"}, solution{1, "00", 0.5}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(base64.StdEncoding.EncodeToString(text))
	f.Add("e30=")
	f.Add("")
	p := &Proof{Hash: func(_, text string) string { return "not " + text }}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := readProof(text)
		if err != nil {
			return
		}
		if p.right(a, "register") == nil {
			t.Errorf("%q is right without our signature", text)
		}
	})
}
