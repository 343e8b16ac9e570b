package web

import (
	"bytes"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"math/big"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"takeback/internal/access"
	"takeback/internal/fault"
	"takeback/internal/seal"
)

// The faults of the puzzle.
var (
	ErrPuzzleWrong = fault.New(fault.Invalid, "puzzle.wrong", "These were not the digits. Please try the new ones.").On("answer")
	ErrPuzzleOver  = fault.New(fault.Invalid, "puzzle.over", "This check has expired. Please try the new digits.").On("answer")
)

const (
	puzzleLife   = 10 * time.Minute
	puzzleDigits = 6
	puzzleDrawn  = 64 // pictures and sounds kept at once; about 4 MB
)

// Sealer seals what a stranger carries for us; *seal.Keeper is one.
type Sealer interface {
	Seal(purpose string, plain seal.Secret) (string, error)
	Unseal(purpose, sealed string) (seal.Secret, error)
}

// Puzzle asks for digits in a picture, or spoken, before mass requests are
// served. Nobody outside is asked for help, and nothing is loaded from elsewhere.
//
// The address of the picture is the answer, sealed: any process that has the
// key can draw it, also after a restart. That it is answered only once is the
// store's work. It is a Gate.
type Puzzle struct {
	Spent SpentStore
	Seal  Sealer
	Now   func() time.Time // nil means time.Now

	mu    sync.Mutex
	drawn map[string][]byte // a picture drawn twice with different noise would be easier to read for a program
	order []string
}

type puzzleText struct {
	Answer string    `json:"a"`
	Until  time.Time `json:"u"`
	For    string    `json:"f"`
}

const puzzlePurpose = "puzzle"

// Ask implements Gate: it makes a puzzle for a page.
func (p *Puzzle) Ask(purpose string) (GateView, error) {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return GateView{}, err
	}
	digits := strconv.FormatInt(1_000_000+n.Int64(), 10)[1:]
	text, err := json.Marshal(puzzleText{digits, p.now().Add(puzzleLife), purpose})
	if err != nil {
		return GateView{}, err
	}
	sealed, err := p.Seal.Seal(puzzlePurpose, seal.NewSecret(string(text)))
	return GateView{Puzzle: strings.NewReplacer("+", "-", "/", "_").Replace(sealed)}, err // it stands in an address
}

// Check implements Gate: it reads the fields "puzzle" and "answer" and uses the
// puzzle up, whether or not the answer is right: a program must not guess at one
// picture twice. Digits may be typed in the wide form that Japanese keyboards
// give, and with spaces.
func (p *Puzzle) Check(r *http.Request, f *Form, purpose string) error {
	id, answer := f.Text("puzzle", 400), f.Text("answer", 20)
	delete(f.typed, "answer") // it is spent
	if err := f.Err(); err != nil {
		return err
	}
	text, err := p.read(id)
	if err != nil || text.For != purpose || !p.now().Before(text.Until) {
		return ErrPuzzleOver.Because(err)
	}
	first, err := p.Spent.Spend(r.Context(), id, text.Until)
	switch {
	case err != nil:
		return err
	case !first:
		return ErrPuzzleOver
	case subtle.ConstantTimeCompare([]byte(text.Answer), []byte(plainDigits(answer))) != 1:
		return ErrPuzzleWrong
	}
	return nil
}

// read opens what stands in the address of a picture.
func (p *Puzzle) read(id string) (text puzzleText, err error) {
	plain, err := p.Seal.Unseal(puzzlePurpose, strings.NewReplacer("-", "+", "_", "/").Replace(id))
	if err == nil {
		err = json.Unmarshal([]byte(plain.Reveal()), &text)
	}
	return text, err
}

func plainDigits(s string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c >= '０' && c <= '９':
			return c - '０' + '0'
		case c == ' ' || c == '　' || c == '-':
			return -1
		}
		return c
	}, s)
}

// Routes serves pictures and sounds.
func (p *Puzzle) Routes() []Route {
	return []Route{{Method: "GET", Path: "/puzzle/{file}", Permission: access.Public, Handler: p.serve}}
}

func (p *Puzzle) serve(w http.ResponseWriter, r *http.Request) error {
	file := r.PathValue("file")
	id, kind, _ := strings.Cut(file, ".")
	if kind != "png" && kind != "wav" || len(id) > 400 {
		return errNoPage
	}
	text, err := p.read(id)
	if err != nil {
		return errNoPage.Because(err)
	}
	if !p.now().Before(text.Until) {
		return errNoPage
	}
	lang := stateOf(r).lang
	data, err := p.draw(file+" "+lang, kind, lang, text.Answer)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", map[string]string{"png": "image/png", "wav": "audio/wav"}[kind])
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data)) // browsers ask for sound by ranges
	return nil
}

// draw draws a picture or a sound, once.
func (p *Puzzle) draw(key, kind, lang, answer string) ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if data := p.drawn[key]; data != nil {
		return data, nil
	}
	var data []byte
	var err error
	if kind == "wav" {
		data, err = speak(lang, answer)
	} else {
		data, err = drawPicture(answer)
	}
	if err != nil {
		return nil, err
	}
	if p.drawn == nil {
		p.drawn = map[string][]byte{}
	}
	if len(p.order) >= puzzleDrawn {
		delete(p.drawn, p.order[0])
		p.order = slices.Delete(p.order, 0, 1)
	}
	p.drawn[key], p.order = data, append(p.order, key)
	return data, nil
}

func (p *Puzzle) now() time.Time {
	if p.Now != nil {
		return p.Now()
	}
	return time.Now()
}
