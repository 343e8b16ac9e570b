package investigate

import (
	"cmp"

	"takeback/internal/db"
)

func scanMark(s db.Scanner) (m Marked, err error) {
	err = s.Scan(&m.No, db.At(&m.At), &m.Actor, &m.Name, &m.Verdict, &m.Session, &m.From, &m.Change,
		&m.Version.Path, &m.Version.Version, &m.Agent, &m.Reason, &m.SaidIn, &m.Percent)
	return m, err
}

// marked lists the marks of a case in their order.
func marked(tx *db.Tx, caseID string) ([]Marked, error) {
	return db.All(tx, scanMark, `SELECT no, at, actor, name, verdict, session, from_seq, change, slot, version, agent, reason, said_in, percent
		FROM investigate_mark WHERE case_id = $1 ORDER BY no`, caseID)
}

func insertMark(tx *db.Tx, caseID string, m Marked) error {
	return tx.Put(`INSERT INTO investigate_mark (case_id, no, at, actor, name, verdict, session, from_seq, change, slot, version, agent, reason, said_in, percent)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
		caseID, m.No, tx.Now, m.Actor, m.Name, m.Verdict, m.Session, m.From, m.Change, m.Version.Path, m.Version.Version, m.Agent, m.Reason, m.SaidIn, cmp.Or(m.Percent, Certain))
}
