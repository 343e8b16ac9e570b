package bench

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"takeback/internal/access"
	"takeback/internal/history"
	"takeback/internal/investigate"
)

// life is the history of one account, and what an investigator marks in it.
type life struct {
	changes     []history.Change
	marks       investigate.Marks
	established map[string]bool
	end         time.Time

	dice      *rand.Rand
	passwords int
	device    string
	factors   []history.Factor // what the holder signs in with now
	cards     int
	orders    []string
	words     map[string]string
}

// live makes the history of an account with n changes: somebody signs in, looks
// around, orders, earns points, moves house, changes a password now and then. In
// the last twentieth of it an intruder is there, too, with the password; one of his
// sessions is marked. The same n gives the same history.
func live(n int) *life {
	l := &life{dice: rand.New(rand.NewPCG(1, uint64(n))), device: "dev_laptop", end: time.Date(2026, time.March, 1, 9, 0, 0, 0, time.UTC),
		established: map[string]bool{"dev_laptop": true, "dev_phone": true}, changes: make([]history.Change, 0, n), words: map[string]string{}}
	l.begin()
	for visit := 0; len(l.changes) < n; visit++ {
		if taken := len(l.changes) >= n-n/20; taken && l.dice.IntN(3) == 0 {
			l.burgle(n, visit)
			continue
		}
		l.visit(n, visit)
	}
	return l
}

// begin is the registration, with a way in for everybody.
func (l *life) begin() {
	l.add(history.Change{Session: "ses_registration", Verb: history.Open, Device: l.device})
	l.add(history.Change{Session: "ses_registration", Verb: history.Contact, Path: "email", Version: "ver_mail", After: json.RawMessage(`"mika@example.org"`)})
	l.add(history.Change{Session: "ses_registration", Verb: history.Credential, Path: "passkey/1", Version: "ver_key", After: json.RawMessage(`"ver_key"`)})
	l.password("ses_registration")
}

func (l *life) password(session string) {
	l.passwords++
	version := fmt.Sprintf("ver_password_%016d", l.passwords)
	l.add(history.Change{Session: session, Verb: history.Credential, Path: "password", Version: version, SecretID: "id " + version,
		After: json.RawMessage(`"` + version + `"`)})
	l.factors = []history.Factor{{Path: "password", Version: version, Proof: "password"}}
}

// visit is one sign-in of the holder and what came of it.
func (l *life) visit(n, visit int) {
	session := fmt.Sprintf("ses_%022d", visit)
	device := l.device
	if l.dice.IntN(4) == 0 {
		device = "dev_phone"
	}
	l.add(history.Change{Session: session, Verb: history.Open, Factors: l.factors, Device: device})
	for range 1 + l.dice.IntN(5) {
		if len(l.changes) < n {
			l.act(session)
		}
	}
}

// burgle is one sign-in of the intruder. The first one is what the investigator marks.
func (l *life) burgle(n, visit int) {
	session := fmt.Sprintf("ses_%022d", visit)
	if l.marks.Sessions == nil {
		l.marks.Sessions = []string{session}
	}
	with := l.factors
	l.add(history.Change{Session: session, Verb: history.Open, Factors: with, Device: "dev_burglar"})
	for range 1 + l.dice.IntN(5) {
		if len(l.changes) < n {
			l.act(session)
		}
	}
	if l.dice.IntN(8) == 0 && len(l.changes) < n {
		version := fmt.Sprintf("ver_token_%016d", visit)
		l.add(history.Change{Session: session, Verb: history.Credential, Path: "token/" + version, Version: version, After: json.RawMessage(`"` + version + `"`)})
		l.factors = append(with[:len(with):len(with)], history.Factor{Path: "token/" + version, Version: version, Proof: "token"})
	}
}

// act is one thing that people do in a shop.
func (l *life) act(session string) {
	c := history.Change{Session: session}
	house := fmt.Sprint(l.dice.IntN(12))
	switch l.dice.IntN(20) {
	case 0, 1, 2, 3, 4:
		order := fmt.Sprintf("order/%016d", len(l.orders))
		l.orders = append(l.orders, order)
		c.Verb, c.Path, c.Reads = history.Order, order, []history.Read{{Path: "address/" + house}}
		c.After = json.RawMessage(`{"effect":"window","until":"2026-03-01T08:00:00Z","ship_to":"address/` + house + `","amount":2400,"goods":["tea","cups"]}`)
	case 5, 6, 7, 8:
		c.Verb, c.Path, c.Amount = history.Move, "points", int64(l.dice.IntN(100))
		c.After = json.RawMessage(fmt.Sprint(l.dice.IntN(10_000)))
	case 9, 10, 11:
		c.Verb, c.Path, c.Part = history.Patch, "prefs", "news"
		c.After = json.RawMessage(`{"news":"` + house + `","size":"M","colour":"indigo"}`)
	case 12, 13:
		c.Verb, c.Path = history.Set, "note/"+house
		c.After = json.RawMessage(`"a note of ` + house + `"`)
	case 14, 15:
		c.Verb, c.Path = history.Set, "address/"+house
		c.After = json.RawMessage(`{"to":"Mika","post":"150-0001","line":"Jingumae ` + fmt.Sprint(l.dice.IntN(100)) + `"}`)
	case 16:
		l.cards++
		c.Verb, c.Path = history.Add, fmt.Sprintf("card/%d", l.cards)
		c.After = json.RawMessage(fmt.Sprintf(`{"token":"tok_%d","brand":"visa","last4":"4242","expiry":"2031-01"}`, l.cards))
	case 17:
		c.Verb, c.Path = history.View, "password"
	case 18:
		c.Verb = history.StepUp
		c.Factors = []history.Factor{{Path: "passkey/1", Version: "ver_key", Proof: "passkey"}}
	default:
		if l.dice.IntN(4) == 0 {
			l.password(session)
			return
		}
		c.Verb, c.Path, c.After = history.Set, "default/address", json.RawMessage(`"`+house+`"`)
	}
	l.add(c)
}

// add enters a change as package history reads it out of a database: equal words
// and equal lists of factors are kept once, and values are each change's own.
func (l *life) add(c history.Change) {
	c.Account, c.Seq, c.Epoch, c.Role, c.Actor, c.Segment = "acc_0123456789abcdef", int64(len(l.changes)+1), 1, access.Holder, "acc_0123456789abcdef", 1
	c.Total = c.Verb != history.Patch
	c.At = l.end.Add(-time.Duration(len(l.changes)) * time.Minute)
	c.Client = access.Client{IP: "203.0.113.7", Device: c.Device, UserAgent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"}
	for _, word := range []*string{&c.Session, &c.Path} {
		*word = l.once(*word)
	}
	c.Version, c.SecretID = strings.Clone(c.Version), strings.Clone(c.SecretID)
	c.Hash, c.Commit = fmt.Sprintf("%064d", c.Seq), fmt.Sprintf("%064d", c.Seq)
	l.changes = append(l.changes, c)
}

// once gives the word that equals this one and was read first.
func (l *life) once(word string) string {
	if l.words[word] == "" {
		l.words[word] = word
	}
	return l.words[word]
}
