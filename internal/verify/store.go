package verify

import (
	"errors"
	"time"

	"takeback/internal/casefile"
	"takeback/internal/db"
)

const proofColumns = `id, case_id, reporter, method, path, version, set_seq, good, visible, at, role, actor, until_at`

func scanProof(s db.Scanner) (p Proof, err error) {
	err = s.Scan(&p.ID, &p.Case, &p.Reporter, &p.Method, &p.Path, &p.Version, &p.SetSeq, &p.Good, &p.Visible, db.At(&p.At), &p.Role, &p.Actor, db.At(&p.Until))
	return p, err
}

func proofs(tx *db.Tx, caseID string) ([]Proof, error) {
	return db.All(tx, scanProof, `SELECT `+proofColumns+` FROM proof WHERE case_id = $1 ORDER BY at, id`, caseID)
}

// pieces counts what a verdict on a case could be made from: proofs, an
// exception, and people who came by a link. With none of them nobody is proved.
func pieces(tx *db.Tx, caseID string) (n int, err error) {
	err = tx.Row(`SELECT (SELECT COUNT(*) FROM proof WHERE case_id = $1) + (SELECT COUNT(*) FROM waiver WHERE case_id = $1)`, caseID).Scan(&n)
	if err != nil || n > 0 {
		return n, err
	}
	reporters, err := casefile.Reporters(tx, caseID)
	return len(reporters), err
}

// insertProof keeps a proof; fresh is false if this question was put to this person before.
func insertProof(tx *db.Tx, p Proof) (fresh bool, err error) {
	n, err := tx.Exec(`INSERT INTO proof (`+proofColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING`,
		p.ID, p.Case, p.Reporter, p.Method, p.Path, p.Version, p.SetSeq, p.Good, p.Visible, p.At, p.Role, p.Actor, p.Until)
	return n == 1, err
}

// Sent is a code on its way.
type Sent struct {
	ID       string
	Case     string
	Reporter string
	Slot     string
	Version  string
	SetSeq   int64
	Masked   string
	At       time.Time
	Until    time.Time
	Tries    int
	Ended    string // empty while it counts; used, spent, replaced
}

const sentColumns = `id, case_id, reporter, slot, version, set_seq, masked, made_at, expires_at, tries, ended`

func scanSent(s db.Scanner) (c Sent, err error) {
	err = s.Scan(&c.ID, &c.Case, &c.Reporter, &c.Slot, &c.Version, &c.SetSeq, &c.Masked, db.At(&c.At), db.At(&c.Until), &c.Tries, &c.Ended)
	return c, err
}

func sent(tx *db.Tx, caseID string) ([]Sent, error) {
	return db.All(tx, scanSent, `SELECT `+sentColumns+` FROM code_request WHERE case_id = $1 ORDER BY made_at, id`, caseID)
}

func insertSent(tx *db.Tx, c Sent) error {
	return tx.Put(`INSERT INTO code_request (`+sentColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		c.ID, c.Case, c.Reporter, c.Slot, c.Version, c.SetSeq, c.Masked, c.At, c.Until, c.Tries, c.Ended)
}

// countTry counts a try at the open code of a case and gives that code, or
// db.ErrNone. Counting comes before comparing: who sends many tries at once has no more of them.
func countTry(tx *db.Tx, caseID, reporter string) (Sent, error) {
	return db.One(tx, scanSent, `UPDATE code_request SET tries = tries + 1
		WHERE id = (SELECT id FROM code_request WHERE case_id = $1 AND (reporter = '' OR $2 = '' OR reporter = $2) AND ended = '' AND expires_at > $3 ORDER BY made_at DESC, id DESC LIMIT 1)
		AND tries < $4 RETURNING `+sentColumns, caseID, reporter, tx.Now, tries)
}

func endSent(tx *db.Tx, id, how string) error {
	return tx.Put(`UPDATE code_request SET ended = $2 WHERE id = $1 AND ended = ''`, id, how)
}

// replaceSent ends the codes that a new one takes the place of.
func replaceSent(tx *db.Tx, caseID, reporter string) error {
	return tx.Put(`UPDATE code_request SET ended = 'replaced' WHERE case_id = $1 AND reporter = $2 AND ended = ''`, caseID, reporter)
}

// waiverOf gives the newest exception of a case; the zero one if nobody asked.
func waiverOf(tx *db.Tx, caseID string) (Waiver, error) {
	w, err := db.One(tx, func(s db.Scanner) (w Waiver, err error) {
		err = s.Scan(&w.ID, &w.Case, &w.AskedBy, db.At(&w.AskedAt), &w.Reason, &w.AgreedBy, db.At(&w.AgreedAt), &w.AgreedWords, &w.Refused)
		return w, err
	}, `SELECT id, case_id, asked_by, asked_at, reason, agreed_by, agreed_at, agreed_words, refused FROM waiver
		WHERE case_id = $1 ORDER BY asked_at DESC, id DESC LIMIT 1`, caseID)
	if errors.Is(err, db.ErrNone) {
		err = nil
	}
	return w, err
}

func insertWaiver(tx *db.Tx, w Waiver) error {
	return tx.Put(`INSERT INTO waiver (id, case_id, asked_by, asked_at, reason, agreed_by, agreed_words, refused) VALUES ($1, $2, $3, $4, $5, '', '', $6)`,
		w.ID, w.Case, w.AskedBy, w.AskedAt, w.Reason, false)
}

// answerWaiver lets a second person agree to or refuse an exception; false if it is answered, or was asked for by the same person.
func answerWaiver(tx *db.Tx, id, by, words string, refused bool) (bool, error) {
	n, err := tx.Exec(`UPDATE waiver SET agreed_by = $2, agreed_at = $3, agreed_words = $4, refused = $5 WHERE id = $1 AND agreed_by = '' AND asked_by <> $2`,
		id, by, tx.Now, words, refused)
	return n == 1, err
}

// Contest is a second person's claim to be the holder.
type Contest struct {
	ID        string
	MarkedBy  string
	MarkedAt  time.Time
	Words     string
	SettledBy string // empty while open
	SettledAt time.Time
	Finding   string
}

func contests(tx *db.Tx, caseID string) ([]Contest, error) {
	return db.All(tx, func(s db.Scanner) (c Contest, err error) {
		err = s.Scan(&c.ID, &c.MarkedBy, db.At(&c.MarkedAt), &c.Words, &c.SettledBy, db.At(&c.SettledAt), &c.Finding)
		return c, err
	}, `SELECT id, marked_by, marked_at, words, settled_by, settled_at, finding FROM second_claim WHERE case_id = $1 ORDER BY marked_at, id`, caseID)
}

// insertContest marks a case; false if it is marked already.
func insertContest(tx *db.Tx, id, caseID, by, words string) (bool, error) {
	n, err := tx.Exec(`INSERT INTO second_claim (id, case_id, marked_by, marked_at, words, settled_by, finding) VALUES ($1, $2, $3, $4, $5, '', '') ON CONFLICT DO NOTHING`,
		id, caseID, by, tx.Now, words)
	return n == 1, err
}

// settleContest ends the mark; false if there is none, or the same person made it.
func settleContest(tx *db.Tx, caseID, by, finding string) (bool, error) {
	n, err := tx.Exec(`UPDATE second_claim SET settled_by = $2, settled_at = $3, finding = $4 WHERE case_id = $1 AND settled_by = '' AND marked_by <> $2`,
		caseID, by, tx.Now, finding)
	return n == 1, err
}
