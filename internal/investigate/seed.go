package investigate

import (
	"takeback/internal/access"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/fault"
)

// Seed marks many things of a case at once, after whatever was marked before, in
// the caller's transaction: what a cohort has in common is the intruder's in each
// of its accounts, until somebody says otherwise there.
func (v *Investigator) Seed(tx *db.Tx, by access.Actor, caseID string, marks ...Mark) (err error) {
	defer fault.Wrap(&err, "investigate.Seed(%s)", caseID)
	if !by.May(access.Investigate) {
		return ErrForbidden
	}
	for _, m := range marks {
		if err := v.Files.Note(tx, caseID, by, "mark."+string(m.Verdict), m.Reason); err != nil {
			return err
		}
	}
	c, err := casefile.Get(tx, caseID) // its row is locked by now: of two who mark at once one sees the other
	if err != nil {
		return err
	}
	all, err := marked(tx, caseID)
	if err != nil {
		return err
	}
	for i, m := range marks {
		if err := insertMark(tx, caseID, Marked{Mark: m, No: int64(len(all) + i + 1), Actor: by.ID, Name: by.Name}); err != nil {
			return err
		}
	}
	if err := v.reopen(tx, c, by); err != nil || v.OnMark == nil {
		return err
	}
	return v.OnMark(tx, c)
}
