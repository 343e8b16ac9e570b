package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"takeback/internal/access"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/mail/inbox"
)

// Means are what players know or have besides a browser.
type Means struct {
	Inbox *inbox.Inbox
	Key   string // of the shop, for the API

	// Code is what the authenticator app of a member of staff shows now.
	Code func(role access.Role) string
	// Answer reads the digits of a picture puzzle by the id in its form.
	Answer func(puzzle string) string
	// Today ends the ordinary life before the story, which lies weeks back. It
	// may be nil: then everything happens today.
	Today func()
	// Staff gives the address and the password of the one who has a role.
	Staff func(role access.Role) (email, password string)
}

// Means gives what the demo lets its players have. Two things no player could
// do by looking at pages: the demo made the seeds of the authenticator apps and
// so knows their codes, and being the operator it has the key with which the
// digits of a puzzle are sealed into its address. Everything else goes over
// HTTP and SMTP.
func (h *House) Means(ctx context.Context) (m Means, err error) {
	defer fault.Wrap(&err, "demo.Means")
	m.Inbox = h.Inbox
	err = h.App.DB.Write(ctx, func(tx *db.Tx) error {
		_, m.Key, err = access.MakeKey(tx, h.App.Seal, "shop")
		return err
	})
	m.Code = func(role access.Role) string {
		code, _ := h.employee(role).Code(h.Clock.Now()) // an empty one is refused, and the player says so
		return code
	}
	m.Staff = func(role access.Role) (email, password string) {
		e := h.employee(role)
		return e.Email, e.Password
	}
	m.Answer = func(puzzle string) string {
		plain, err := h.App.Seal.Unseal("puzzle", strings.NewReplacer("-", "+", "_", "/").Replace(puzzle))
		var text struct {
			Answer string `json:"a"`
		}
		if err != nil || json.Unmarshal([]byte(plain.Reveal()), &text) != nil {
			return ""
		}
		return text.Answer
	}
	return m, err
}

func (h *House) employee(role access.Role) Employee {
	for _, e := range h.Staff {
		if e.Role == role {
			return e
		}
	}
	return Employee{}
}

// Script is the story being played: the cast, what they know of one another,
// and what has come out so far. Its steps are in story_*.go, in their order.
type Script struct {
	*Stage
	Means
	Shop                            *Service
	Holder, Intruder, Neighbour     *Player
	Tablet                          *Player // somebody of whom nobody can tell whether it is the holder
	Agent, Investigator, Supervisor *Player

	account string          // of the holder
	before  map[string]Fact // what was true of it before the intruder came
	session string          // of the intruder
	case_   string
	notice  inbox.Letter // the letter that told of the new address
	told    time.Duration
	letter  inbox.Letter    // the letter of the hand-back
	read    map[string]bool // letters that somebody in the story has read, by their id
}

// NewScript sets the stage for a story.
func NewScript(ctx context.Context, site string, m Means) *Script {
	s := &Script{Stage: NewStage(ctx, site), Means: m, read: map[string]bool{}}
	s.Shop = s.Service(m.Key)
	s.Holder = s.Player("holder", "ja", "203.0.113.24", iPhone)
	s.Intruder = s.Player("intruder", "en", "198.51.100.66", windows)
	s.Tablet = s.Player("tablet", "en", "198.51.100.71", android)
	s.Neighbour = s.Player("neighbour", "ja", "203.0.113.99", android)
	s.Agent = s.Player("agent", "en", "192.0.2.11", windows)
	s.Investigator = s.Player("investigator", "en", "192.0.2.12", linux)
	s.Supervisor = s.Player("supervisor", "en", "192.0.2.13", mac)
	return s
}

// Scene is one step of the story. Play gives the sentence that says what came out.
type Scene struct {
	Name string
	Play func(*Script) string
}

// Scenes are the story, in order.
func Scenes() []Scene {
	return []Scene{
		{"ordinary life", (*Script).ordinaryLife},
		{"takeover", (*Script).takeover},
		{"notice", (*Script).noticed},
		{"report", (*Script).reported},
		{"freeze", (*Script).frozen},
		{"call", (*Script).called},
		{"verify", (*Script).verified},
		{"investigate", (*Script).investigated},
		{"questions", (*Script).asked},
		{"approve", (*Script).approved},
		{"restore", (*Script).restored},
		{"hand back", (*Script).handedBack},
		{"letter", (*Script).lettered},
		{"reset", (*Script).reset},
		{"the way out", (*Script).shutOut},
		{"phishing", (*Script).phished},
		{"leftovers", (*Script).leftNothing},
	}
}

// Plays plays all scenes and prints a line for each. It gives an error that says
// what differed, if anything did.
func (s *Script) Plays(out io.Writer) error {
	for i, scene := range Scenes() {
		began := time.Now()
		said := scene.Play(s)
		mark := "✓"
		if s.Err() != nil {
			mark, said = "✗", s.Err().Error()
		}
		if _, err := fmt.Fprintf(out, "%3d  %-14s %6d ms  %s %s\n", i+1, scene.Name, time.Since(began).Milliseconds(), mark, said); err != nil {
			return err
		}
		if s.Err() != nil {
			return fmt.Errorf("the story ended at %q: %w", scene.Name, s.Err())
		}
	}
	return nil
}

// want says that something did not come out.
func (s *Script) want(is bool, format string, args ...any) {
	if !is {
		s.Fail(format, args...)
	}
}

// patience is how long a player waits for a letter before he says that none came.
const patience = 20 * time.Second

// gets waits for a letter to an address that nobody has read yet and that has a
// link whose address has the part.
func (s *Script) gets(address, link string) inbox.Letter {
	return s.getsWhich(address, "with a link to "+link, func(l inbox.Letter) bool { return l.Link(link) != "" })
}

func (s *Script) getsWhich(address, what string, is func(inbox.Letter) bool) inbox.Letter {
	if s.err != nil {
		return inbox.Letter{}
	}
	ctx, stop := context.WithTimeout(s.ctx, patience)
	defer stop()
	l, err := s.Inbox.Wait(ctx, func(l inbox.Letter) bool { return l.IsTo(address) && !s.read[idOf(l)] && is(l) })
	s.read[idOf(l)] = true
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("no letter %s came to %s", what, address)
	}
	if err != nil {
		s.Fail("%v", err)
	}
	return l
}

var sixDigits = regexp.MustCompile(`(?m)^\s*(\d{6})\s*$`)

// codeIn gives the six digits that stand alone on a line of a letter.
func codeIn(l inbox.Letter) string {
	if m := sixDigits.FindStringSubmatch(l.Text); m != nil {
		return m[1]
	}
	return ""
}
