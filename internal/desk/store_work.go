package desk

import (
	"time"

	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/seal"
)

// granted tells whether a look of this session at this case still counts.
func granted(tx *db.Tx, session, caseID, account string, epoch int64) (yes bool, err error) {
	err = tx.Row(`SELECT EXISTS (SELECT 1 FROM look WHERE session = $1 AND case_id = $2 AND account = $3 AND epoch = $4 AND until_at > $5)`,
		session, caseID, account, epoch, tx.Now).Scan(&yes)
	return yes, err
}

func insertLook(tx *db.Tx, staff, session, caseID, account string, epoch int64, reason string) error {
	return tx.Put(`INSERT INTO look (id, staff, session, case_id, account, epoch, reason, at, until_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		seal.ID("look"), staff, session, caseID, account, epoch, reason, tx.Now, tx.Now.Add(lookFor))
}

func insertUnmask(tx *db.Tx, staff, session, caseID, account, path string) error {
	return tx.Put(`INSERT INTO unmask (id, staff, session, case_id, account, path, at, until_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		seal.ID("unmask"), staff, session, caseID, account, path, tx.Now, tx.Now.Add(clearFor))
}

// unmasked lists the paths that a session sees in clear now.
func unmasked(tx *db.Tx, session, caseID string) ([]string, error) {
	return db.All(tx, db.Scan1[string], `SELECT DISTINCT path FROM unmask WHERE session = $1 AND case_id = $2 AND until_at > $3`, session, caseID, tx.Now)
}

// cleared counts the fields that somebody saw in clear in the last hour, and how often a supervisor allowed more.
func cleared(tx *db.Tx, staff string) (seen, lifts int, err error) {
	since := tx.Now.Add(-time.Hour)
	err = tx.Row(`SELECT (SELECT COUNT(*) FROM unmask WHERE staff = $1 AND at > $2), (SELECT COUNT(*) FROM quota_lift WHERE staff = $1 AND at > $2)`,
		staff, since).Scan(&seen, &lifts)
	return seen, lifts, err
}

func insertLift(tx *db.Tx, id, staff, by string) error {
	return tx.Put(`INSERT INTO quota_lift (id, staff, made_by, at) VALUES ($1, $2, $3, $4)`, id, staff, by, tx.Now)
}

// Act is something that staff did, for the audit.
type Act struct {
	At      time.Time
	Staff   string
	Kind    string // look, unmask, lift, or the code of an entry
	Case    string
	Account string
	Detail  string // path, reason, words
}

func scanAct(s db.Scanner) (a Act, err error) {
	err = s.Scan(db.At(&a.At), &a.Staff, &a.Kind, &a.Case, &a.Account, &a.Detail)
	return a, err
}

const auditMost = 300

// acts lists what staff did between two times, newest first. An empty staff means everybody; kind is
// look, unmask, lift, act (everything done in cases), or empty for all.
func acts(tx *db.Tx, staff, kind, caseID string, from, to time.Time) (out []Act, err error) {
	for _, q := range []struct{ kind, sql string }{
		{"look", `SELECT at, staff, 'look', case_id, account, reason FROM look
			WHERE ($1 = '' OR staff = $1) AND ($2 = '' OR case_id = $2) AND at >= $3 AND at < $4 ORDER BY at DESC LIMIT $5`},
		{"unmask", `SELECT at, staff, 'unmask', case_id, account, path FROM unmask
			WHERE ($1 = '' OR staff = $1) AND ($2 = '' OR case_id = $2) AND at >= $3 AND at < $4 ORDER BY at DESC LIMIT $5`},
		{"lift", `SELECT at, made_by, 'lift', '', '', staff FROM quota_lift
			WHERE ($1 = '' OR made_by = $1) AND $2 = '' AND at >= $3 AND at < $4 ORDER BY at DESC LIMIT $5`},
	} {
		if kind != "" && kind != q.kind {
			continue
		}
		some, err := db.All(tx, scanAct, q.sql, staff, caseID, from, to, auditMost)
		if err != nil {
			return nil, err
		}
		out = append(out, some...)
	}
	if kind != "" && kind != "act" {
		return out, nil
	}
	entries, err := casefile.EntriesOfStaff(tx, staff, caseID, from, to, auditMost)
	for _, e := range entries {
		out = append(out, Act{At: e.At, Staff: e.Actor, Kind: e.What, Case: e.Case, Account: e.Account, Detail: e.Text})
	}
	return out, err
}
