package restore

import (
	"encoding/json"
	"errors"
	"time"

	"takeback/internal/access"
	"takeback/internal/db"
	"takeback/internal/seal"
)

const planColumns = `id, case_id, account, hash, epoch, head, marks, made_at, made_by, made_name, barred, questions, held, enrol,
	superseded_at, started_at, run_epoch, lease, killed_at, done_at, erased`

func scanPlan(s db.Scanner) (p Stored, err error) {
	err = s.Scan(&p.ID, &p.Case, &p.Account, &p.Hash, &p.Epoch, &p.Head, &p.Marks, db.At(&p.MadeAt), &p.MadeBy, &p.MadeName, db.JSON(&p.Barred),
		db.JSON(&p.Questions), db.JSON(&p.Held), db.JSON(&p.Enrol), db.At(&p.SupersededAt), db.At(&p.StartedAt), &p.RunEpoch, &p.Lease,
		db.At(&p.KilledAt), db.At(&p.DoneAt), db.JSON(&p.Erased))
	return p, err
}

func scanRow(s db.Scanner) (r Row, err error) {
	err = s.Scan(&r.No, &r.ID, &r.Op, &r.Path, &r.Phase, db.JSON(&r.Pre), db.JSON(&r.Want), &r.Amount, &r.Version, db.JSON(&r.Because),
		&r.State, db.At(&r.At), db.JSON(&r.Seen), &r.Note)
	return r, err
}

// present gives the plan of a case with its journal; one without an ID if there is none.
func present(tx *db.Tx, caseID string) (Stored, error) {
	return withRows(tx, `SELECT `+planColumns+` FROM restore_plan WHERE case_id = $1 AND superseded_at IS NULL`, caseID)
}

// planAt gives a plan by its id, also one that was superseded.
func planAt(tx *db.Tx, id string) (Stored, error) {
	return withRows(tx, `SELECT `+planColumns+` FROM restore_plan WHERE id = $1`, id)
}

func withRows(tx *db.Tx, sql, arg string) (Stored, error) {
	p, err := db.One(tx, scanPlan, sql, arg)
	if errors.Is(err, db.ErrNone) {
		return Stored{}, nil
	}
	if err != nil {
		return p, err
	}
	p.Rows, err = db.All(tx, scanRow, `SELECT no, id, op, path, phase, pre, want, amount, version, because, state, at, seen, note
		FROM restore_step WHERE plan = $1 ORDER BY no`, p.ID)
	for _, r := range p.Rows {
		p.Steps = append(p.Steps, r.Step)
	}
	return p, err
}

// insertPlan keeps a plan in the place of the one that had the id former. It
// returns ErrOther if that was replaced meanwhile.
func insertPlan(tx *db.Tx, p *Stored, former string) error {
	if former != "" {
		n, err := tx.Exec(`UPDATE restore_plan SET superseded_at = $1 WHERE id = $2 AND superseded_at IS NULL`, tx.Now, former)
		if err != nil {
			return err
		}
		if n == 0 {
			return ErrOther
		}
	}
	p.ID, p.MadeAt = seal.ID("plan"), tx.Now
	texts := make([]string, 5)
	for i, v := range []any{p.Barred, p.Questions, p.Held, p.Enrol, p.Erased} {
		b, err := json.Marshal(v)
		if err != nil {
			return err
		}
		texts[i] = string(b)
	}
	_, err := tx.Exec(`INSERT INTO restore_plan (`+planColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, NULL, NULL, 0, 0, NULL, NULL, $15)`,
		p.ID, p.Case, p.Account, p.Hash, p.Epoch, p.Head, p.Marks, p.MadeAt, p.MadeBy, p.MadeName, texts[0], texts[1], texts[2], texts[3], texts[4])
	if db.IsDuplicate(err) {
		return ErrOther.Because(err)
	}
	if err != nil {
		return err
	}
	p.Rows = nil
	for i, s := range p.Steps {
		r := Row{Step: s, No: i + 1, ID: s.ID(p.Hash), State: Pending}
		because, err := json.Marshal(s.Because)
		if err != nil {
			return err
		}
		if err := tx.Put(`INSERT INTO restore_step (plan, no, id, op, path, phase, pre, want, amount, version, because, state, at, lease, seen, note)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, NULL, 0, NULL, '')`,
			p.ID, r.No, r.ID, r.Op, r.Path, int64(r.Phase), r.Pre, r.Want, r.Amount, r.Version, string(because), r.State); err != nil {
			return err
		}
		p.Rows = append(p.Rows, r)
	}
	return nil
}

// begin keeps that a plan is being carried out under an epoch of its own.
func begin(tx *db.Tx, plan string, epoch int64) error {
	return tx.Put(`UPDATE restore_plan SET started_at = $1, run_epoch = $2 WHERE id = $3`, tx.Now, epoch, plan)
}

// takeLease gives the next lease of a plan that is being carried out, or ErrTurn.
func takeLease(tx *db.Tx, plan string) (lease int64, err error) {
	err = tx.Row(`UPDATE restore_plan SET lease = lease + 1 WHERE id = $1 AND superseded_at IS NULL AND started_at IS NOT NULL AND done_at IS NULL
		RETURNING lease`, plan).Scan(&lease)
	if errors.Is(err, db.ErrNone) {
		err = ErrTurn
	}
	return lease, err
}

// underLease runs a statement on the plan itself if the lease still holds, else it returns ErrTurn.
func underLease(tx *db.Tx, p Stored, set string) error {
	n, err := tx.Exec(`UPDATE restore_plan SET `+set+` = $1 WHERE id = $2 AND lease = $3 AND superseded_at IS NULL`, tx.Now, p.ID, p.Lease)
	if err == nil && n == 0 {
		err = ErrTurn
	}
	return err
}

// writeRow moves a step on in the journal, if the lease of the plan still holds.
func writeRow(tx *db.Tx, p Stored, r Row) error {
	n, err := tx.Exec(`UPDATE restore_step SET state = $1, at = $2, lease = $3, seen = $4, note = $5 WHERE plan = $6 AND no = $7
		AND EXISTS (SELECT 1 FROM restore_plan WHERE id = $6 AND lease = $3 AND superseded_at IS NULL)`,
		r.State, tx.Now, p.Lease, r.Seen, r.Note, p.ID, r.No)
	if err == nil && n == 0 {
		err = ErrTurn
	}
	return err
}

func insertApproval(tx *db.Tx, plan string, a Approval) error {
	return tx.Put(`INSERT INTO restore_approval (plan, hash, at, actor, name) VALUES ($1, $2, $3, $4, $5)`, plan, a.Hash, tx.Now, a.Actor, a.Name)
}

// approvals lists who approved a plan.
func approvals(tx *db.Tx, plan string) ([]Approval, error) {
	return db.All(tx, func(s db.Scanner) (a Approval, err error) {
		err = s.Scan(&a.Hash, db.At(&a.At), &a.Actor, &a.Name)
		return a, err
	}, `SELECT hash, at, actor, name FROM restore_approval WHERE plan = $1 ORDER BY at`, plan)
}

func insertAnswer(tx *db.Tx, caseID string, a Answered) error {
	return tx.Put(`INSERT INTO restore_answer (id, case_id, at, actor, why, path, seq, answer) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		seal.ID("ans"), caseID, tx.Now, a.Actor, a.Why, a.Path, a.Seq, a.Answer)
}

// answersOf lists the answers given in a case, oldest first.
func answersOf(tx *db.Tx, caseID string) ([]Answered, error) {
	return db.All(tx, func(s db.Scanner) (a Answered, err error) {
		err = s.Scan(db.At(&a.At), &a.Actor, &a.Why, &a.Path, &a.Seq, &a.Answer)
		return a, err
	}, `SELECT at, actor, why, path, seq, answer FROM restore_answer WHERE case_id = $1 ORDER BY at, id`, caseID)
}

// insertLoss keeps that an order is about to be called back, unless that is kept already.
func insertLoss(tx *db.Tx, caseID string, l Loss) error {
	because, err := json.Marshal(l.Because)
	if err != nil {
		return err
	}
	return tx.Put(`INSERT INTO restore_loss (id, case_id, path, pre, want, because, until_at, state, at, seen, note)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, NULL, NULL, '') ON CONFLICT (id) DO NOTHING`,
		l.ID, caseID, l.Path, l.Pre, l.Want, string(because), l.Until, Pending)
}

// lossesOf lists the journal of the lane, the earliest deadline first.
func lossesOf(tx *db.Tx, caseID string) ([]Loss, error) {
	return db.All(tx, func(s db.Scanner) (Loss, error) {
		l := Loss{Row: Row{Step: Step{Op: Cancel, Phase: StopLoss}}}
		err := s.Scan(&l.ID, &l.Path, db.JSON(&l.Pre), db.JSON(&l.Want), db.JSON(&l.Because), db.At(&l.Until), &l.State, db.At(&l.At), db.JSON(&l.Seen), &l.Note)
		return l, err
	}, `SELECT id, path, pre, want, because, until_at, state, at, seen, note FROM restore_loss WHERE case_id = $1 ORDER BY until_at, path`, caseID)
}

func moveLoss(tx *db.Tx, r Row) error {
	return tx.Put(`UPDATE restore_loss SET state = $1, at = $2, seen = $3, note = $4 WHERE id = $5`, r.State, tx.Now, r.Seen, r.Note, r.ID)
}

// leaseIn gives the highest lease that a plan has had in an epoch of its account.
func leaseIn(tx *db.Tx, accountID string, epoch int64) (lease int64, err error) {
	err = tx.Row(`SELECT COALESCE(MAX(lease), 0) FROM restore_plan WHERE account = $1 AND run_epoch = $2`, accountID, epoch).Scan(&lease)
	return lease, err
}

// begunSince tells whether any plan of a case was begun since a time.
func begunSince(tx *db.Tx, caseID string, t time.Time) (bool, error) {
	var n int64
	err := tx.Row(`SELECT COUNT(*) FROM restore_plan WHERE case_id = $1 AND started_at >= $2`, caseID, t).Scan(&n)
	return n > 0, err
}

func insertFalse(tx *db.Tx, caseID string, marks int64, by access.Actor) error {
	return tx.Put(`INSERT INTO restore_false (case_id, marks, at, actor, name) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (case_id) DO UPDATE SET marks = excluded.marks, at = excluded.at, actor = excluded.actor, name = excluded.name`,
		caseID, marks, tx.Now, by.ID, by.Name)
}

// falseOf tells when and by whom a case was last declared false, or gives db.ErrNone.
func falseOf(tx *db.Tx, caseID string) (f False, err error) {
	err = tx.Row(`SELECT marks, at, name FROM restore_false WHERE case_id = $1`, caseID).Scan(&f.marks, db.At(&f.At), &f.Name)
	return f, err
}
