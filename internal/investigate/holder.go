package investigate

import (
	"slices"

	"takeback/internal/access"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/finding"
	"takeback/internal/history"
)

// ErrUnasked says that the holder spoke of something that nobody asks about (any more).
var ErrUnasked = fault.New(fault.Conflict, "investigate.unasked", "This is not asked any more. Somebody has found the answer meanwhile.")

// TakeWord keeps what the holder says in a limited session about what is suspect, in
// the caller's transaction. That it was hers clears the suspicion and never what
// the rules are sure of, where it is a contradiction for people to look at; that
// it was not makes a seed. About anything else she was not asked.
func (v *Investigator) TakeWord(tx *db.Tx, by access.Actor, c casefile.Case, mine bool, about ...finding.Node) (err error) {
	defer fault.Wrap(&err, "investigate.TakeWord(%s)", c.ID)
	if !by.Limited || by.Account != c.Account || by.Session == "" {
		return ErrForbidden
	}
	verdict := Intruder
	if mine {
		verdict = Holder
	}
	if err := v.Files.Note(tx, c.ID, by, "said."+string(verdict), ""); err != nil { // it locks the case
		return err
	}
	x, err := v.examine(tx, c)
	if err != nil {
		return err
	}
	for i, n := range about {
		m := Mark{Verdict: verdict, Session: n.Session, Change: n.Change}
		if !x.suspects(n) {
			return ErrUnasked
		}
		if err := m.check(x.History, by.ID); err != nil {
			return err
		}
		if err := insertMark(tx, c.ID, Marked{Mark: m, No: int64(len(x.Marks) + i + 1), Actor: by.ID, SaidIn: by.Session}); err != nil {
			return err
		}
	}
	if c, err = casefile.Get(tx, c.ID); err != nil {
		return err
	}
	if err := v.reopen(tx, c, by); err != nil || v.OnMark == nil {
		return err
	}
	return v.OnMark(tx, c)
}

// suspects tells whether a session or change is suspect, or the intruder's by a
// mere guess, and so the holder can be asked whose it was.
func (x *examined) suspects(n finding.Node) bool {
	if n.Session != "" {
		return x.Findings.Sessions[n.Session].Asked()
	}
	return x.Findings.Asked(n.Change) &&
		slices.ContainsFunc(x.History, func(c history.Change) bool { return c.Seq == n.Change && actOf(c.Verb).changesFacts() })
}
