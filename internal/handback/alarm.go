package handback

import (
	"encoding/json"
	"slices"

	"takeback/internal/account"
	"takeback/internal/casefile"
	"takeback/internal/connector"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/history"
	"takeback/internal/mail"
)

// Alarm writes the letter after a false alarm, as far as the history tells it.
// signed is who found that it was the holder all along. It is sent when the
// account is let go; after a plan was carried out HandBack sends it.
func (r *Returner) Alarm(tx *db.Tx, c casefile.Case, signed string) (_ mail.FalseAlarm, err error) {
	defer fault.Wrap(&err, "handback.Alarm(%s)", c.ID)
	w, err := r.writer(tx, c)
	if err != nil {
		return mail.FalseAlarm{}, err
	}
	h, err := history.Of(tx, c.Account)
	if err != nil {
		return mail.FalseAlarm{}, err
	}
	return w.alarm(tx, c, h, signed), nil
}

// alarm says when the account was stopped, what of it waited, and what we had
// done to it meanwhile.
func (w *writer) alarm(tx *db.Tx, c casefile.Case, h []history.Change, signed string) mail.FalseAlarm {
	h = sinceStop(h, c.ID)
	b := mail.FalseAlarm{Case: c.ID, At: tx.Now, Signed: signed, SignedAs: w.desk}
	if len(h) > 0 {
		b.Stopped = h[0].At
	}
	var lost []string
	for _, m := range putBack(h, c.ID) {
		kind, _ := w.kinds.Of(m.path)
		switch {
		case kind.Algebra == account.Effect:
			lost = append(lost, m.path)
			b.Lost = append(b.Lost, w.lost(m.path))
		case kind.Algebra != account.SecretOf && connector.Same(m.before.Before, m.after.After):
			if noun := w.noun(m.path); !slices.Contains(b.PutBack, noun) { // of several addresses the reader knows them all
				b.PutBack = append(b.PutBack, noun)
			}
		}
	}
	for _, path := range held(h, c.ID) {
		if !slices.Contains(lost, path) {
			b.Held = append(b.Held, w.noun(path))
		}
	}
	return b
}

// lost tells of an order that was called back or made good, and what became of its price.
func (w *writer) lost(path string) mail.Charge {
	var o struct {
		Undone string `json:"undone"`
	}
	_ = json.Unmarshal(w.facts[path].Value, &o) // what cannot be read has no word of its own
	return mail.Charge{What: w.noun(path), Amount: account.Price(w.facts[path].Value, w.language), State: w.undone[o.Undone]}
}

// sinceStop gives the history from where the account was last stopped for a case.
func sinceStop(h []history.Change, caseID string) []history.Change {
	for i := len(h) - 1; i >= 0; i-- {
		if h[i].Verb == history.Freeze && h[i].Case == caseID {
			return h[i:]
		}
	}
	return nil
}

// held picks the orders that a case let wait.
func held(h []history.Change, caseID string) (paths []string) {
	for _, c := range h {
		if c.Verb == history.Hold && c.Case == caseID && !slices.Contains(paths, c.Path) {
			paths = append(paths, c.Path)
		}
	}
	return paths
}
