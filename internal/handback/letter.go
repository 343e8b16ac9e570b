package handback

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/finding"
	"takeback/internal/history"
	"takeback/internal/mail"
	"takeback/internal/session"
)

// open is the state in the history's words.
var open = json.RawMessage(`"` + string(account.Open) + `"`)

// letters writes the letter of a case, one for each clean contact. What is
// previewed and what is sent both come from here.
func (r *Returner) letters(tx *db.Tx, by access.Actor, caseID, sentence string) ([]mail.Letter, casefile.Case, error) {
	c, err := casefile.Get(tx, caseID)
	if err != nil {
		return nil, c, err
	}
	if sentence, err = checkSentence(sentence); err != nil {
		return nil, c, err
	}
	w, err := r.writer(tx, c)
	if err != nil {
		return nil, c, err
	}
	h, found, err := r.Finder.Findings(tx, c)
	if err != nil {
		return nil, c, err
	}
	waits, enrol, cards, err := r.Restored.Outcome(tx, caseID)
	if err != nil {
		return nil, c, err
	}
	contacts, err := account.Contacts(tx, c.Account)
	if err != nil {
		return nil, c, err
	}
	var nouns []string
	for _, path := range enrol {
		if path != "password" { // it has a chapter of its own
			nouns = append(nouns, w.noun(path))
		}
	}
	falsely, err := r.Restored.DeclaredFalse(tx, caseID)
	if err != nil {
		return nil, c, err
	}
	var body mail.Body
	if falsely {
		b := w.alarm(tx, c, h, by.Name)
		b.Personal, b.Open, b.Enrol, b.Password, b.Watched = sentence, w.open(waits), nouns, slices.Contains(enrol, "password"), r.until(tx.Now)
		body = b
	} else {
		b := mail.HandBack{Case: caseID, Watched: r.until(tx.Now), Signed: by.Name, SignedAs: w.desk, Personal: sentence,
			Story: w.story(told(h, &found, caseID)), PutBack: w.putBack(putBack(h, caseID)), Charges: w.charges(h, &found), Open: w.open(waits), Enrol: nouns}
		for _, path := range cards {
			b.Cards = append(b.Cards, Card(w.facts[path].Parts()))
		}
		body = b
	}
	var letters []mail.Letter
	to, _ := clean(contacts, &found)
	for _, address := range to {
		letters = append(letters, mail.Letter{Account: c.Account, Case: caseID, To: address, Name: w.facts["name"].Text(), Language: w.language, Body: body})
	}
	return letters, c, nil
}

// writer turns changes into words.
type writer struct {
	words
	language string
	kinds    account.Kinds
	facts    map[string]account.Fact
}

// writer gives one for the account of a case, in the language of its holder.
func (r *Returner) writer(tx *db.Tx, c casefile.Case) (*writer, error) {
	a, err := account.Get(tx, c.Account)
	if err != nil {
		return nil, err
	}
	facts, err := account.Facts(tx, a.ID)
	if err != nil {
		return nil, err
	}
	w := &writer{words: in(a.Language), language: a.Language, kinds: r.Book.Kinds, facts: map[string]account.Fact{}}
	for _, f := range facts {
		w.facts[f.Path] = f
	}
	return w, nil
}

func (w *writer) noun(path string) string {
	kind, _ := w.kinds.Of(path)
	return Noun(kind, path, w.language)
}

func (w *writer) story(changes []history.Change) (all []mail.Moment) {
	for _, c := range changes {
		kind, _ := w.kinds.Of(c.Path)
		if s := w.moment(c, kind, w.language, session.Describe(c.Client.UserAgent)); s != "" {
			all = append(all, mail.Moment{At: c.At, Words: s})
		}
	}
	return all
}

// putBack says what was there when we came and what is there since. Secrets are
// told elsewhere (they never come back), and so are orders.
func (w *writer) putBack(all []mended) (said []mail.PutBack) {
	for _, m := range all {
		kind, ok := w.kinds.Of(m.path)
		passkey := kind.Pattern == "passkey/*" && m.after.After != nil
		if !ok || kind.Algebra == account.Effect || kind.Algebra == account.SecretOf && !passkey {
			continue
		}
		p := mail.PutBack{What: Noun(kind, m.path, w.language), Before: w.shown(kind, m.before.Before), After: w.shown(kind, m.after.After)}
		target, points := w.pointsAt(m.path, m.after.After)
		switch {
		case points: // its value is the name of an element, which says nothing to a reader
			p.Before, p.After = "", target
		case passkey:
			p.Before, p.After = "", w.active
		case m.after.After == nil && kind.Algebra == account.ContactOf:
			p.After = w.empty
		case m.after.After == nil:
			p.After = w.removed
		}
		said = append(said, p)
	}
	return said
}

// pointsAt shows the element that a pointer names; false if it is none, or names nothing.
func (w *writer) pointsAt(path string, value json.RawMessage) (string, bool) {
	set, ok := strings.CutPrefix(path, "default/")
	if !ok || value == nil {
		return "", false
	}
	at := set + "/" + account.Fact{Value: value}.Text()
	kind, _ := w.kinds.Of(at)
	shown := Shown(kind, w.facts[at].Value, w.language)
	return shown, shown != ""
}

func (w *writer) shown(kind account.Kind, value json.RawMessage) string {
	if kind.Algebra == account.Ledger {
		if n, err := history.Balance(value); err == nil {
			return w.amount(kind, n)
		}
	}
	return Shown(kind, value, w.language)
}

// charges tells of the intruder's orders that cost somebody something. One that
// was cancelled in time has cost nothing.
func (w *writer) charges(h []history.Change, f *finding.Findings) (all []mail.Charge) {
	for _, c := range h {
		if c.Verb != history.Order || !f.Of(c.Seq).Certain() {
			continue
		}
		var o struct {
			Undone string `json:"undone"`
		}
		if json.Unmarshal(w.facts[c.Path].Value, &o) != nil || w.states[o.Undone] == "" {
			continue
		}
		all = append(all, mail.Charge{What: w.noun(c.Path), Amount: account.Price(w.facts[c.Path].Value, w.language), State: w.states[o.Undone]})
	}
	return all
}

// open says what only the holder can tell or do.
func (w *writer) open(paths []string) (said []string) {
	for _, path := range paths {
		kind, known := w.kinds.Of(path)
		if !known || strings.HasPrefix(path, "ses_") {
			continue // a session that people doubted says nothing to its holder
		}
		sentence := w.waits
		if kind.Algebra == account.ContactOf && w.facts[path].Value == nil {
			sentence = w.lacks
		}
		said = append(said, fmt.Sprintf(sentence, Noun(kind, path, w.language)))
	}
	return said
}
