package scenario

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/history"
	"takeback/internal/restore"
)

// world makes histories in which two people, the holder and the intruder, only
// do what they could know or hold. It keeps the truth beside the history.
type world struct {
	pick    func(n int) int // 0 to n-1
	h       []history.Change
	facts   map[string]json.RawMessage
	balance int64
	slots   map[string]version           // what secret and contact slots hold
	knows   map[string]map[string]bool   // person -> secret or address
	live    map[string][]string          // person -> sessions
	who     map[string]string            // session -> person
	entries []string                     // sessions that the intruder opened with what the holder knew: the seeds
	shown   map[string][]json.RawMessage // values that a path ever had
	passkey map[string]bool              // secrets that cannot be read out
}

type version struct{ label, secret string }

const (
	holder   = "holder"
	intruder = "intruder"
)

// the paths of a small account
var (
	values   = []string{"name", "language", "default/address"}
	groups   = []string{"profile", "address/a", "address/b", "address/c", "filter/a"}
	secrets  = []string{"password", "totp", "passkey/a", "token/a", "token/b"}
	contacts = []string{"email", "phone"}
)

func newWorld(pick func(n int) int) *world {
	w := &world{pick: pick, facts: map[string]json.RawMessage{}, slots: map[string]version{},
		knows: map[string]map[string]bool{holder: {}, intruder: {}}, live: map[string][]string{}, who: map[string]string{},
		shown: map[string][]json.RawMessage{}, passkey: map[string]bool{}}
	own := w.session(holder)
	w.add(history.Change{Verb: history.Open, Session: own, Device: holder})
	w.setSecret(holder, own, "password", w.fresh("password"))
	w.setContact(holder, own, "email", "own-1@home.example")
	return w
}

// grow adds n acts. The intruder comes in after a third of them.
func (w *world) grow(n int) *world {
	for i := range n {
		person := holder
		if i > n/3 && w.pick(3) == 0 {
			person = intruder
			if w.slots["password"].label != "" && len(w.live[intruder]) == 0 {
				w.knows[intruder][w.slots["password"].secret] = true // it was phished
				if mail := w.slots["email"]; mail.label != "" && w.pick(3) == 0 {
					w.knows[intruder][mail.secret] = true // he reads the mail too
				}
			}
		}
		w.act(person)
	}
	return w
}

func (w *world) session(person string) string {
	s := fmt.Sprintf("%s-%d", person, len(w.who))
	w.who[s] = person
	w.live[person] = append(w.live[person], s)
	return s
}

func (w *world) fresh(slot string) string { return fmt.Sprintf("%s-secret-%d", slot, len(w.h)) }

func (w *world) add(c history.Change) {
	c.Seq, c.At = int64(len(w.h)+1), start.Add(time.Duration(len(w.h))*time.Minute)
	c.Role, c.Total, c.Segment = access.Holder, c.Verb != history.Patch && c.Verb != history.Move, 1
	c.Before = w.facts[c.Path]
	if c.Path != "" && c.Verb != history.View {
		w.facts[c.Path] = c.After
		if c.After == nil {
			delete(w.facts, c.Path)
		}
		w.shown[c.Path] = append(w.shown[c.Path], c.After)
	}
	w.h = append(w.h, c)
}

// act does one thing that a person is able to do.
func (w *world) act(person string) {
	if len(w.live[person]) == 0 || w.pick(6) == 0 {
		w.enter(person)
		return
	}
	session := w.live[person][w.pick(len(w.live[person]))]
	switch w.pick(12) {
	case 0:
		slot := secrets[w.pick(len(secrets))]
		secret := w.fresh(slot)
		if known := slices.Sorted(maps.Keys(w.knows[person])); w.pick(3) == 0 && len(known) > 0 {
			if again := known[w.pick(len(known))]; !w.passkey[again] && slot != "passkey/a" && !isAddress(again) {
				secret = again
			}
		}
		w.setSecret(person, session, slot, secret)
	case 1:
		address := fmt.Sprintf("%s-%d@%s.example", person, w.pick(3), person)
		w.setContact(person, session, contacts[w.pick(len(contacts))], address)
	case 2:
		w.drop(session, slices.Concat(secrets, contacts)[w.pick(len(secrets)+len(contacts))])
	case 3:
		w.view(person, session, secrets[w.pick(len(secrets))])
	case 4:
		amount := int64(w.pick(200) - 100)
		w.balance += amount
		w.add(history.Change{Verb: history.Move, Session: session, Path: "points", Amount: amount, After: encode(w.balance)})
	case 5:
		class := []restore.Class{restore.Undo, restore.Compensate, restore.Final}[w.pick(3)]
		w.add(history.Change{Verb: history.Order, Session: session, Path: fmt.Sprintf("order/%d", len(w.h)),
			After: encode(restore.Effect{Class: class}), Reads: []history.Read{{Path: "address/a"}}})
	case 6:
		w.remove(session, groups[1+w.pick(len(groups)-1)])
	case 7, 8:
		w.patch(session, groups[w.pick(len(groups))])
	case 9, 10:
		path := groups[w.pick(len(groups))]
		w.add(history.Change{Verb: history.Set, Session: session, Path: path, After: encode(map[string]string{"to": w.word(), "line": w.word()})})
	default:
		path := values[w.pick(len(values))]
		w.add(history.Change{Verb: history.Set, Session: session, Path: path, After: encode(w.word())})
	}
}

func (w *world) word() string { return fmt.Sprintf("w%d", w.pick(4)) }

func isAddress(thing string) bool { return slices.Contains([]byte(thing), '@') }

// enter opens a session with what the person knows of the secrets and
// addresses that are in the slots now, or derives one.
func (w *world) enter(person string) {
	var with []history.Factor
	var via []history.Factor
	for _, slot := range slices.Sorted(maps.Keys(w.slots)) {
		v := w.slots[slot]
		if v.label == "" || !w.knows[person][v.secret] {
			continue
		}
		f := history.Factor{Path: slot, Version: v.label}
		if isAddress(v.secret) {
			via = append(via, f)
		} else if w.pick(2) == 0 {
			with = append(with, f)
		}
	}
	switch {
	case len(with) > 0:
		w.seed(person, with)
		w.add(history.Change{Verb: history.Open, Session: w.session(person), Factors: with, Device: w.device(person)})
	case len(via) > 0:
		w.seed(person, via[:1])
		w.add(history.Change{Verb: history.Recover, Session: w.session(person), Factors: via[:1], Device: w.device(person)})
	case len(w.live[person]) > 0:
		parent := w.live[person][w.pick(len(w.live[person]))]
		w.add(history.Change{Verb: history.Derive, Session: w.session(person), Parent: parent})
	}
}

// device gives the device a person comes with: mostly their own, which is new in the hands of the
// intruder. Sometimes the holder has a new one, and sometimes the intruder sits at the holder's.
func (w *world) device(person string) string {
	if w.pick(10) > 0 {
		return person
	}
	if person == intruder {
		return holder
	}
	return "new-laptop"
}

// seed keeps the session that the intruder is about to open with something the holder knows too.
func (w *world) seed(person string, with []history.Factor) {
	if person != intruder {
		return
	}
	for _, f := range with {
		if !w.knows[holder][w.slots[f.Path].secret] {
			return // the rules find it by what only he has
		}
	}
	w.entries = append(w.entries, fmt.Sprintf("%s-%d", person, len(w.who)))
}

func (w *world) setSecret(person, session, slot, secret string) {
	label := fmt.Sprintf("v%d", len(w.h))
	w.slots[slot] = version{label, secret}
	w.knows[person][secret] = true
	w.passkey[secret] = w.passkey[secret] || slot == "passkey/a"
	w.add(history.Change{Verb: history.Credential, Session: session, Path: slot, Version: label, SecretID: secret, After: encode(label)})
}

func (w *world) setContact(person, session, slot, address string) {
	label := fmt.Sprintf("v%d", len(w.h))
	w.slots[slot] = version{label, address}
	w.knows[person][address] = true
	w.add(history.Change{Verb: history.Contact, Session: session, Path: slot, Version: label, After: encode(address)})
}

func (w *world) drop(session, slot string) {
	if w.slots[slot].label == "" {
		return
	}
	delete(w.slots, slot)
	w.add(history.Change{Verb: history.Drop, Session: session, Path: slot})
}

func (w *world) remove(session, path string) {
	if w.facts[path] != nil {
		w.add(history.Change{Verb: history.Remove, Session: session, Path: path})
	}
}

func (w *world) view(person, session, slot string) {
	if v := w.slots[slot]; v.label != "" {
		if !w.passkey[v.secret] {
			w.knows[person][v.secret] = true
		}
		w.add(history.Change{Verb: history.View, Session: session, Path: slot})
	}
}

func (w *world) patch(session, path string) {
	part := []string{"to", "line"}[w.pick(2)]
	parts := account.Fact{Value: w.facts[path]}.Parts()
	if parts == nil {
		parts = map[string]string{}
	}
	if path == "profile" {
		part = "given"
	}
	parts[part] = w.word()
	w.add(history.Change{Verb: history.Patch, Session: session, Path: path, Part: part, After: encode(parts)})
}

// apply adds the steps of a plan to the history, as the server does.
func (w *world) apply(p restore.Plan) {
	for _, s := range p.Steps {
		c := history.Change{Verb: history.Set, Path: s.Path, After: s.Want, Version: s.Version}
		switch s.Op {
		case restore.Revoke, restore.Drop:
			c.Verb = history.Drop
		case restore.Remove:
			c.Verb = history.Remove
		case restore.Move:
			c.Verb, c.Amount = history.Move, s.Amount
		case restore.PutBack:
			c.Verb = history.Contact
		case restore.Reenable:
			c.Verb = history.Credential
			for _, old := range w.h {
				if old.Path == s.Path && old.Version == s.Version {
					c.SecretID = old.SecretID
				}
			}
		}
		w.add(c)
		last := &w.h[len(w.h)-1]
		last.Role, last.Actor, last.Segment = access.System, restore.ActorID, 0
	}
}
