package web

import (
	"bytes"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"takeback/internal/access"
	"takeback/internal/fault"
)

// The faults of a gate.
var (
	errGate  = fault.New(fault.Invalid, "gate.missing", "Very much is being sent at the moment. Please answer this as well, so that we know it is not a program.").On("answer")
	errProof = fault.New(fault.Invalid, "proof.wrong", "Your browser's sum was not right, or it took too long. Please send this once more.")
)

const (
	proofLife      = 20 * time.Minute
	proofAlgorithm = "PBKDF2/SHA-256"
	proofCost      = 2000
	proofPrefix    = "00" // one try in 256 fits: about half a second of a browser
	proofKey       = 32
	proofLongest   = 4 << 10
)

// Proof lets the browser work out a sum before mass requests are served: who
// sends one form does not notice, who sends a million pays for it. It speaks the
// protocol of ALTCHA, so that scripts and libraries made for that one can answer.
// Without script, or where the browser cannot calculate, the page asks the
// picture puzzle instead. It is a Gate.
type Proof struct {
	Puzzle   *Puzzle
	Hash     func(purpose, text string) string // a keyed hash
	Spent    SpentStore
	Purposes []string // what a challenge can be asked for
	Now      func() time.Time
}

// proofParameters are what the browser works with. The signature covers their
// JSON, which has its keys in the order of the alphabet.
type proofParameters struct {
	Algorithm string    `json:"algorithm"`
	Cost      int       `json:"cost"`
	Data      proofData `json:"data"`
	Expires   int64     `json:"expiresAt"` // Unix seconds
	KeyLength int       `json:"keyLength"`
	KeyPrefix string    `json:"keyPrefix"`
	Nonce     string    `json:"nonce"` // hex
	Salt      string    `json:"salt"`  // hex
}

type proofData struct {
	For string `json:"for"`
}

type challenge struct {
	Parameters proofParameters `json:"parameters"`
	Signature  string          `json:"signature"` // hex
}

type solution struct {
	Counter    uint32  `json:"counter"`
	DerivedKey string  `json:"derivedKey"`     // hex
	Time       float64 `json:"time,omitempty"` // how long it took, as some clients tell; nobody asks
}

type proofAnswer struct {
	Challenge challenge `json:"challenge"`
	Solution  solution  `json:"solution"`
}

// Ask implements Gate.
func (p *Proof) Ask(purpose string) (GateView, error) {
	v, err := p.Puzzle.Ask(purpose)
	v.Proof = "/challenge?" + url.Values{"for": {purpose}}.Encode()
	return v, err
}

// Check implements Gate: it reads the field "altcha" or, without one, the puzzle's.
func (p *Proof) Check(r *http.Request, f *Form, purpose string) error {
	text := f.Optional("altcha", proofLongest)
	delete(f.typed, "altcha")
	if err := f.Err(); err != nil {
		return err
	}
	if text == "" {
		if f.values.Get("puzzle") == "" {
			return errGate
		}
		return p.Puzzle.Check(r, f, purpose)
	}
	a, err := readProof(text)
	if err != nil {
		return errProof.Because(err)
	}
	if err := p.right(a, purpose); err != nil {
		return errProof.Because(err)
	}
	first, err := p.Spent.Spend(r.Context(), "proof "+a.Challenge.Parameters.Nonce, time.Unix(a.Challenge.Parameters.Expires, 0))
	if err == nil && !first {
		err = errProof
	}
	return err
}

// readProof reads the field as a browser sends it. It takes nothing that the
// signature would not cover.
func readProof(text string) (a proofAnswer, err error) {
	if len(text) > proofLongest {
		return a, errors.New("too long")
	}
	plain, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return a, err
	}
	d := json.NewDecoder(bytes.NewReader(plain))
	d.DisallowUnknownFields()
	if err := d.Decode(&a); err != nil {
		return a, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return a, errors.New("more than one answer")
	}
	return a, nil
}

// right checks what costs least first: nobody can make us calculate without a
// challenge of ours that is still good.
func (p *Proof) right(a proofAnswer, purpose string) error {
	q := a.Challenge.Parameters
	signature, err := p.sign(q)
	switch {
	case err != nil:
		return err
	case subtle.ConstantTimeCompare([]byte(signature), []byte(a.Challenge.Signature)) != 1:
		return errors.New("the signature is not ours")
	case q.Data.For != purpose:
		return errors.New("it is for another form")
	case p.now().Unix() >= q.Expires:
		return errors.New("it has expired")
	}
	nonce, err1 := hex.DecodeString(q.Nonce)
	salt, err2 := hex.DecodeString(q.Salt)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	key, err := pbkdf2.Key(sha256.New, string(binary.BigEndian.AppendUint32(nonce, a.Solution.Counter)), salt, q.Cost, q.KeyLength)
	if err != nil {
		return err
	}
	derived := hex.EncodeToString(key)
	if !strings.HasPrefix(derived, q.KeyPrefix) || subtle.ConstantTimeCompare([]byte(derived), []byte(a.Solution.DerivedKey)) != 1 {
		return errors.New("the sum is wrong")
	}
	return nil
}

func (p *Proof) sign(q proofParameters) (string, error) {
	text, err := json.Marshal(q)
	return p.Hash("proof of work", string(text)), err
}

// Routes serves challenges.
func (p *Proof) Routes() []Route {
	return []Route{{Method: "GET", Path: "/challenge", Permission: access.Public, Handler: p.serve}}
}

// serve makes a challenge. Nothing is kept of it: it carries its signature.
func (p *Proof) serve(w http.ResponseWriter, r *http.Request) error {
	purpose := r.URL.Query().Get("for")
	if !slices.Contains(p.Purposes, purpose) {
		return errNoPage
	}
	random := make([]byte, 32)
	_, _ = rand.Read(random) // never fails: crypto/rand ends the program instead
	c := challenge{Parameters: proofParameters{Algorithm: proofAlgorithm, Cost: proofCost, Data: proofData{purpose}, Expires: p.now().Add(proofLife).Unix(),
		KeyLength: proofKey, KeyPrefix: proofPrefix, Nonce: hex.EncodeToString(random[:16]), Salt: hex.EncodeToString(random[16:])}}
	var err error
	if c.Signature, err = p.sign(c.Parameters); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(c)
}

func (p *Proof) now() time.Time {
	if p.Now != nil {
		return p.Now()
	}
	return time.Now()
}
