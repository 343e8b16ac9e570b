package history

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"takeback/internal/db"
	"takeback/internal/fault"
)

const columns = `account, seq, epoch, at, verb, path, part, session, segment, role, actor, client, factors, before, after,
	total, base, reads, version, secret_id, amount, parent, device, case_id, request, hash, commitment, nonce,
	granted_by, granted_seq, erased`

func insert(tx *db.Tx, c Change) error {
	client, err := json.Marshal(c.Client)
	if err != nil {
		return err
	}
	factors, err := json.Marshal(c.Factors)
	if err != nil {
		return err
	}
	reads, err := json.Marshal(c.Reads)
	if err != nil {
		return err
	}
	return tx.Put(`INSERT INTO change (`+columns+`, lacks)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32)`,
		c.Account, c.Seq, c.Epoch, c.At, c.Verb, c.Path, c.Part, c.Session, c.Segment, c.Role, c.Actor, string(client), string(factors), c.Before, c.After,
		c.Total, c.Base, string(reads), c.Version, c.SecretID, c.Amount, c.Parent, c.Device, c.Case, c.Request, c.Hash, c.Commit, c.Nonce,
		c.Grant.Path, c.Grant.Seq, c.Erased, strings.Join(c.Lacks(), " "))
}

func scan(s db.Scanner) (Change, error) { return new(decoder).scan(s) }

// Of gives the whole history of an account, oldest first.
func Of(tx *db.Tx, account string) ([]Change, error) {
	if o, some := tx.Context().Value(onceKey{}).(*once); some {
		return o.of(tx, account)
	}
	return from(tx, account, 1)
}

// from gives the changes of an account from seq on, oldest first.
func from(tx *db.Tx, account string, seq int64) ([]Change, error) {
	return db.All(tx, new(decoder).scan, `SELECT `+columns+` FROM change WHERE account = $1 AND seq >= $2 ORDER BY seq`, account, seq)
}

// Since gives the changes of an account from seq on, oldest first, at most limit.
func Since(tx *db.Tx, account string, seq int64, limit int) ([]Change, error) {
	return db.All(tx, new(decoder).scan, `SELECT `+columns+` FROM change WHERE account = $1 AND seq >= $2 ORDER BY seq LIMIT $3`, account, seq, limit)
}

// Latest gives the newest changes of an account, newest first, before seq (0 for the end).
func Latest(tx *db.Tx, account string, before int64, limit int) ([]Change, error) {
	return db.All(tx, new(decoder).scan, `SELECT `+columns+` FROM change WHERE account = $1 AND (CAST($2 AS BIGINT) = 0 OR seq < $2) ORDER BY seq DESC LIMIT $3`, account, before, limit)
}

// At gives one change, or db.ErrNone.
func At(tx *db.Tx, account string, seq int64) (Change, error) {
	return db.One(tx, scan, `SELECT `+columns+` FROM change WHERE account = $1 AND seq = $2`, account, seq)
}

// ErrNoChange says that there is no such change.
var ErrNoChange = fault.New(fault.NotFound, "history.none", "There is no such part of the history.")

// Entered gives one change, or ErrNoChange.
func Entered(tx *db.Tx, account string, seq int64) (Change, error) {
	c, err := At(tx, account, seq)
	if errors.Is(err, db.ErrNone) {
		err = ErrNoChange
	}
	return c, err
}

// ErasedSince gives the paths whose value was erased at the holder's wish at or
// after a change, each with the last change that did.
func ErasedSince(tx *db.Tx, account string, seq int64) (map[string]int64, error) {
	paths := map[string]int64{}
	_, err := db.All(tx, func(s db.Scanner) (struct{}, error) {
		var path string
		var at int64
		err := s.Scan(&path, &at)
		paths[path] = max(paths[path], at)
		return struct{}{}, err
	}, `SELECT path, seq FROM change WHERE account = $1 AND seq >= $2 AND erased`, account, seq)
	return paths, err
}

// FactorsOf gives what was presented in a session so far, in order.
func FactorsOf(tx *db.Tx, account, session string) (all []Factor, err error) {
	lists, err := db.All(tx, func(r db.Scanner) (of []Factor, err error) {
		err = r.Scan(db.JSON(&of))
		return of, err
	}, `SELECT factors FROM change WHERE account = $1 AND session = $2 AND verb IN ($3, $4, $5) ORDER BY seq`, account, session, Open, Recover, StepUp)
	return slices.Concat(lists...), err
}

// Written tells whether there ever was something at a path, by the changes before one.
func Written(tx *db.Tx, account, path string, before int64) (was bool, err error) {
	err = tx.Row(`SELECT EXISTS (SELECT 1 FROM change WHERE account = $1 AND path = $2 AND seq < $3 AND after IS NOT NULL)`, account, path, before).Scan(&was)
	return was, err
}

// OfStaff lists the accounts that a member of staff acted in, in a time.
func OfStaff(tx *db.Tx, staff string, from, until time.Time) ([]string, error) {
	return db.All(tx, db.Scan1[string], `SELECT DISTINCT account FROM change
		WHERE actor = $1 AND role IN ('agent', 'investigator', 'supervisor') AND at >= $2 AND at < $3 ORDER BY account`, staff, from, until)
}

// SeenDevice tells whether an account was used from a device before a change,
// and whether it had been used at all.
func SeenDevice(tx *db.Tx, account, device string, before int64) (seen, used bool, err error) {
	err = tx.Row(`SELECT
		EXISTS (SELECT 1 FROM change WHERE account = $1 AND seq < $2 AND verb IN ($3, $4, $5) AND device = $6 AND device <> ''),
		EXISTS (SELECT 1 FROM change WHERE account = $1 AND seq < $2 AND verb IN ($3, $4, $5))`,
		account, before, Open, Recover, Handover, device).Scan(&seen, &used)
	return seen, used, err
}

// CoverageOf counts the changes of the whole installation and those that lack
// something. Their number is the sum of the heads, as histories have no gaps.
func CoverageOf(tx *db.Tx) (c Coverage, err error) {
	if err = tx.Row(`SELECT CAST(COALESCE(SUM(head_seq), 0) AS BIGINT) FROM account`).Scan(&c.Changes); err != nil {
		return c, err
	}
	c.Lacking, err = db.All(tx, func(s db.Scanner) (l Lacking, err error) {
		err = s.Scan(&l.Verb, &l.What, &l.Count)
		return l, err
	}, `SELECT verb, lacks, COUNT(*) FROM change WHERE lacks <> '' GROUP BY verb, lacks ORDER BY 3 DESC, verb, lacks`)
	return c, err
}
