package investigate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/finding"
	"takeback/internal/history"
	"takeback/internal/session"
)

// lookBack is how long before the intruder's first act an account must have
// known a device for it to count as established. Who prepared a takeover in the
// month before it cannot have made his own device familiar.
const lookBack = 30 * 24 * time.Hour

// Investigator finds out what is the intruder's.
type Investigator struct {
	Analyst
	DB       *db.DB
	Files    *casefile.Files
	Kinds    account.Kinds
	LookBack time.Duration                          // 30 days if zero
	OnMark   func(tx *db.Tx, c casefile.Case) error // in the transaction of every mark; app fills it
}

// The errors of this room besides those of casefile and of marks.
var (
	ErrForbidden = fault.New(fault.Forbidden, "investigate.forbidden", "Only investigators may do this.")
	ErrNoAccount = fault.New(fault.Conflict, "investigate.no-account", "Nobody knows yet which account this case is about.")
	ErrGroup     = fault.New(fault.Invalid, "mark.group", "Please name a device, a time or a network, such as 203.0.113.0/24.")
	ErrRevision  = fault.New(fault.Conflict, "investigate.revision", "Somebody else has marked something meanwhile. Please look at it first.")
)

// Mark keeps what an investigator says. revision is the number of the last mark
// that he has seen; if there is a newer one he hears ErrRevision. The case is
// under investigation from here on: a plan that was made before, and whatever
// was approved of it, counts no more.
func (v *Investigator) Mark(ctx context.Context, by access.Actor, caseID string, m Mark, revision int64) (err error) {
	defer fault.Wrap(&err, "investigate.Mark(%s)", caseID)
	said := saying{by: by, caseID: caseID, what: string(m.Verdict), reason: m.Reason, revision: revision}
	return v.say(ctx, said, func([]history.Change, []Marked) ([]Mark, error) { return []Mark{m}, nil })
}

// MarkGroup says the same of several sessions at once.
func (v *Investigator) MarkGroup(ctx context.Context, by access.Actor, caseID string, g Group, m Mark, revision int64) (err error) {
	defer fault.Wrap(&err, "investigate.MarkGroup(%s)", caseID)
	said := saying{by: by, caseID: caseID, what: string(m.Verdict), reason: m.Reason, revision: revision}
	return v.say(ctx, said, func(h []history.Change, _ []Marked) ([]Mark, error) { return g.marks(h, m) })
}

// saying is who says something of a case, having seen which marks.
type saying struct {
	by           access.Actor
	caseID       string
	what, reason string // as the case notes it
	revision     int64
}

// say keeps the marks that choose gives for the history and the marks until now.
func (v *Investigator) say(ctx context.Context, s saying, choose func([]history.Change, []Marked) ([]Mark, error)) error {
	if !s.by.May(access.Investigate) {
		return ErrForbidden
	}
	return v.DB.Write(ctx, func(tx *db.Tx) error {
		// The entry in the case comes first: it locks the case, so that of two who mark at once one sees the other.
		if err := v.Files.Note(tx, s.caseID, s.by, "mark."+s.what, s.reason); err != nil {
			return err
		}
		c, err := casefile.Get(tx, s.caseID)
		if err != nil {
			return err
		}
		if c.Account == "" {
			return ErrNoAccount
		}
		all, err := marked(tx, s.caseID)
		if err != nil {
			return err
		}
		if int64(len(all)) != s.revision {
			return ErrRevision
		}
		h, err := history.RuledOf(tx, c.Account) // what a mark is about is all that it is checked against
		if err != nil {
			return err
		}
		marks, err := choose(h, all)
		if err != nil {
			return err
		}
		if len(marks) == 0 {
			return ErrMark
		}
		for i, m := range marks {
			if err := m.check(h, s.by.ID); err != nil {
				return err
			}
			if err := insertMark(tx, s.caseID, Marked{Mark: m, No: s.revision + 1 + int64(i), Actor: s.by.ID, Name: s.by.Name}); err != nil {
				return err
			}
		}
		if err := v.reopen(tx, c, s.by); err != nil || v.OnMark == nil {
			return err
		}
		return v.OnMark(tx, c)
	})
}

// TakeBack takes back what was marked in a case since a time, as somebody does
// who finds that there was no intruder. What stood before that stands again: it
// is about an earlier takeover of the same account.
func (v *Investigator) TakeBack(tx *db.Tx, c casefile.Case, since time.Time, by access.Actor, reason string) error {
	all, err := marked(tx, c.ID)
	if err != nil {
		return err
	}
	back := backTo(all, since)
	if len(back) == 0 {
		return nil
	}
	if !by.May(access.Investigate) {
		return ErrForbidden
	}
	h, err := history.RuledOf(tx, c.Account)
	if err != nil {
		return err
	}
	for i, m := range back {
		m.Reason = reason
		if err := m.check(h, by.ID); err != nil {
			return err
		}
		m.No, m.Actor, m.Name = int64(len(all)+i+1), by.ID, by.Name
		if err := insertMark(tx, c.ID, m); err != nil {
			return err
		}
	}
	return nil
}

// reopen puts the case under investigation. While steps are being carried out,
// and after them, the way back is a new plan, which restore makes.
func (v *Investigator) reopen(tx *db.Tx, c casefile.Case, by access.Actor) error {
	switch c.Step {
	case casefile.Investigating, casefile.Restoring, casefile.Restored:
		return nil
	}
	_, err := v.Files.Advance(tx, c.ID, casefile.Investigating, by)
	return err
}

// Marked gives the number of the last mark of a case; 0 if nobody marked anything.
func (v *Investigator) Marked(tx *db.Tx, caseID string) (int64, error) {
	all, err := marked(tx, caseID)
	return int64(len(all)), err
}

// Findings gives the history of the account of a case, and what follows from
// the marks about it.
func (v *Investigator) Findings(tx *db.Tx, c casefile.Case) ([]history.Change, Findings, error) {
	x, err := v.examine(tx, c)
	return x.History, x.Findings, err
}

// Exposed gives the versions of secrets and contacts that the intruder has or
// had in his hands, as far as the open case of an account tells. While nobody has
// marked anything it goes by the report alone: what was reported as strange
// proves nothing about the holder, even before an investigator has looked.
func (v *Investigator) Exposed(tx *db.Tx, accountID string) (_ map[string]bool, err error) {
	defer fault.Wrap(&err, "investigate.Exposed(%s)", accountID)
	c, err := casefile.OfAccount(tx, accountID)
	if errors.Is(err, casefile.ErrNone) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	h, f, err := v.foresee(tx, c, agreed)
	if err != nil {
		return nil, err
	}
	return exposedIn(h, &f), nil
}

// Foreseen is Findings, but while nobody has marked anything it goes by what
// was reported: for what must not wait for an investigator to look.
func (v *Investigator) Foreseen(tx *db.Tx, c casefile.Case) (h []history.Change, f Findings, err error) {
	defer fault.Wrap(&err, "investigate.Foreseen(%s)", c.ID)
	return v.foresee(tx, c, func(all []Marked, _ *Findings) []Marked { return all })
}

// foresee is Foreseen without the marks that less leaves out.
func (v *Investigator) foresee(tx *db.Tx, c casefile.Case, less func([]Marked, *Findings) []Marked) (h []history.Change, f Findings, err error) {
	all, err := marked(tx, c.ID)
	if err != nil {
		return nil, f, err
	}
	if h, err = history.Of(tx, c.Account); err != nil {
		return nil, f, err
	}
	if m, ok := suggest(h, c.ReportedSeq); ok && len(all) == 0 {
		all = append(all, Marked{Mark: m})
	}
	known, err := v.established(tx, c.Account, begin(h, marksOf(all), tx.Now))
	if err != nil {
		return nil, f, err
	}
	all = v.believed(h, all, known)
	f = v.Analyse(h, marksOf(all), known)
	if fewer := less(all, &f); len(fewer) < len(all) {
		f = v.Analyse(h, marksOf(fewer), known)
	}
	return h, f, nil
}

// examined is everything that is known about the account of a case.
type examined struct {
	History     []history.Change
	Findings    Findings
	Marks       []Marked
	Established map[string]bool
	newest      map[string]*Marked // by node; made when first asked for
	paths       *finding.Paths     // likewise
}

func (v *Investigator) examine(tx *db.Tx, c casefile.Case) (x examined, err error) {
	defer fault.Wrap(&err, "investigate.Findings(%s)", c.ID)
	if c.Account == "" {
		return x, ErrNoAccount
	}
	if x.History, err = history.Of(tx, c.Account); err != nil {
		return x, err
	}
	if x.Marks, err = marked(tx, c.ID); err != nil {
		return x, err
	}
	if x.Established, err = v.established(tx, c.Account, begin(x.History, marksOf(x.Marks), c.OpenedAt)); err != nil {
		return x, err
	}
	x.Findings = v.Analyse(x.History, marksOf(v.believed(x.History, x.Marks, x.Established)), x.Established)
	return x, nil
}

// established gives the devices that an account knew well before a time.
func (v *Investigator) established(tx *db.Tx, accountID string, begun time.Time) (map[string]bool, error) {
	window := v.LookBack
	if window == 0 {
		window = lookBack
	}
	all, err := session.Devices(tx, accountID)
	if err != nil {
		return nil, fmt.Errorf("devices: %w", err)
	}
	known := map[string]bool{}
	for _, d := range all {
		known[d.ID] = d.FirstAt.Before(begun.Add(-window))
	}
	return known, nil
}
