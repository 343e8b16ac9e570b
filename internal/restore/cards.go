package restore

import (
	"errors"
	"slices"
	"strings"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/history"
)

// Usable tells whether a card may pay. After a takeover none may until its
// holder has entered it again: whoever was in the account saw which cards there are.
func Usable(tx *db.Tx, accountID, path string) (bool, error) {
	var one int64
	err := tx.Row(`SELECT 1 FROM card_check WHERE account = $1 AND path = $2`, accountID, path).Scan(&one)
	if errors.Is(err, db.ErrNone) {
		return true, nil
	}
	return false, err
}

// Hear is for history.Book.OnAppend: a card that its holder enters again, or
// takes away, is asked for no more.
func (r *Restorer) Hear(tx *db.Tx, c history.Change) error {
	if !isCard(c.Path) || c.Role != access.Holder {
		return nil
	}
	switch c.Verb {
	case history.Add, history.Set, history.Remove:
		return tx.Put(`DELETE FROM card_check WHERE account = $1 AND path = $2`, c.Account, c.Path)
	}
	return nil
}

func isCard(path string) bool { return strings.HasPrefix(path, "card/") }

// settleCards lets the cards of an account wait for their holder, or pay again if nobody else was there.
func (w *worker) settleCards(tx *db.Tx, facts []account.Fact) error {
	f, err := w.Declared(tx, w.plan.Case)
	if err != nil {
		return err
	}
	if !f.At.IsZero() { // what an earlier takeover asks for stays asked
		return tx.Put(`DELETE FROM card_check WHERE account = $1 AND since >= $2`, w.plan.Account, f.stopped)
	}
	return w.askCards(tx, facts)
}

// askCards makes every card of an account wait for its holder.
func (w *worker) askCards(tx *db.Tx, facts []account.Fact) error {
	for _, f := range facts {
		if !isCard(f.Path) {
			continue
		}
		if err := tx.Put(`INSERT INTO card_check (account, path, since) VALUES ($1, $2, $3) ON CONFLICT (account, path) DO NOTHING`,
			w.plan.Account, f.Path, tx.Now); err != nil {
			return err
		}
	}
	return nil
}

// Unusable lists the cards of an account that wait to be entered again.
func Unusable(tx *db.Tx, accountID string) ([]string, error) {
	return db.All(tx, db.Scan1[string], `SELECT path FROM card_check WHERE account = $1 ORDER BY path`, accountID)
}

// Outcome tells what is left to the holder after a case was restored: the paths
// whose questions only he can answer, the secrets he enrols again, and the cards
// he enters again. It fails with ErrMovedOn if the plan that was carried out is
// not what it would be today.
func (r *Restorer) Outcome(tx *db.Tx, caseID string) (open, enrol, again []string, err error) {
	p, err := present(tx, caseID)
	if err != nil {
		return nil, nil, nil, err
	}
	if p.DoneAt.IsZero() {
		return nil, nil, nil, ErrNoPlan
	}
	marks, err := r.Finder.Marked(tx, caseID)
	if err != nil {
		return nil, nil, nil, err
	}
	if marks != p.Marks {
		return nil, nil, nil, ErrMovedOn
	}
	answers, err := answersOf(tx, caseID)
	if err != nil {
		return nil, nil, nil, err
	}
	for _, q := range p.Questions {
		if left(p.Questions, answers, q.Path) && !slices.Contains(open, q.Path) {
			open = append(open, q.Path)
		}
	}
	again, err = Unusable(tx, p.Account)
	return open, p.Enrol, again, err
}
