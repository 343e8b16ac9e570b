package campaign

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"takeback/internal/access"
	"takeback/internal/db"
	"takeback/internal/seal"
)

const columns = `id, step, kind, value, from_at, until_at, reason, accounts, made_at, made_by, made_name, confirmed_at, confirmed_by, confirmed_name, opened_at, opened_name, turn`

func scan(s db.Scanner) (c Campaign, err error) {
	err = s.Scan(&c.ID, &c.Step, &c.Key.Kind, &c.Key.Value, db.At(&c.Key.From), db.At(&c.Key.Until), &c.Reason, &c.Accounts, db.At(&c.MadeAt), &c.MadeBy,
		&c.MadeName, db.At(&c.ConfirmedAt), &c.ConfirmedBy, &c.ConfirmedName, db.At(&c.OpenedAt), &c.OpenedName, &c.Turn)
	return c, err
}

func insert(tx *db.Tx, c Campaign) error {
	return tx.Put(`INSERT INTO campaign (id, step, kind, value, from_at, until_at, reason, accounts, made_at, made_by, made_name, confirmed_by, confirmed_name, opened_name, turn)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, '', '', '', 0)`,
		c.ID, c.Step, c.Key.Kind, c.Key.Value, c.Key.From, c.Key.Until, c.Reason, c.Accounts, c.MadeAt, c.MadeBy, c.MadeName)
}

func get(tx *db.Tx, id string) (Campaign, error) {
	c, err := db.One(tx, scan, `SELECT `+columns+` FROM campaign WHERE id = $1`, id)
	if errors.Is(err, db.ErrNone) {
		err = ErrNone
	}
	return c, err
}

// lock gives a campaign and holds its row until the commit.
func lock(tx *db.Tx, id string) (Campaign, error) {
	c, err := db.One(tx, scan, `UPDATE campaign SET turn = turn WHERE id = $1 RETURNING `+columns, id)
	if errors.Is(err, db.ErrNone) {
		err = ErrNone
	}
	return c, err
}

// nextTurn draws the number of the next piece of work.
func nextTurn(tx *db.Tx, id string) (no int64, err error) {
	err = tx.Row(`UPDATE campaign SET turn = turn + 1 WHERE id = $1 RETURNING turn`, id).Scan(&no)
	return no, err
}

func list(tx *db.Tx) ([]Campaign, error) {
	return db.All(tx, scan, `SELECT `+columns+` FROM campaign ORDER BY made_at DESC LIMIT 100`)
}

// confirm moves a draft on, unless somebody else has.
func confirm(tx *db.Tx, id string, by access.Actor, accounts int) error {
	return moved(tx.Exec(`UPDATE campaign SET step = $2, accounts = $3, confirmed_at = $4, confirmed_by = $5, confirmed_name = $6 WHERE id = $1 AND step = 'drafted'`,
		id, Held, accounts, tx.Now, by.ID, by.Name))
}

func open(tx *db.Tx, id string, by access.Actor) error {
	return moved(tx.Exec(`UPDATE campaign SET step = $2, opened_at = $3, opened_name = $4 WHERE id = $1 AND step NOT IN ('drafted', 'opened')`, id, Opened, tx.Now, by.Name))
}

func moved(n int64, err error) error {
	if err == nil && n == 0 {
		err = ErrStep
	}
	return err
}

func setStep(tx *db.Tx, id string, from, to Step) error {
	return moved(tx.Exec(`UPDATE campaign SET step = $3 WHERE id = $1 AND step = $2`, id, from, to))
}

// row is what is kept of an account of a campaign.
type row struct {
	campaign, account string
	state             State
	caseID            string
	shape, plan       string
	deadline          time.Time
	pilot             bool
}

func scanRow(s db.Scanner) (r row, err error) {
	err = s.Scan(&r.campaign, &r.account, &r.state, &r.caseID, &r.shape, &r.plan, db.At(&r.deadline), &r.pilot)
	return r, err
}

const rowColumns = `campaign, account, state, case_id, shape, plan, deadline, pilot`

func keep(tx *db.Tx, r row) error {
	return tx.Put(`INSERT INTO campaign_account (`+rowColumns+`, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (campaign, account) DO UPDATE SET state = excluded.state, case_id = excluded.case_id, shape = excluded.shape, plan = excluded.plan,
		deadline = excluded.deadline, pilot = excluded.pilot, at = excluded.at`,
		r.campaign, r.account, r.state, r.caseID, r.shape, r.plan, r.deadline, r.pilot, tx.Now)
}

// rowsIn lists accounts in a state, of one shape or ($3 empty) of all, those first whose time runs out first.
func rowsIn(tx *db.Tx, id string, state State, shape string, limit int) ([]row, error) {
	return db.All(tx, scanRow, `SELECT `+rowColumns+` FROM campaign_account WHERE campaign = $1 AND state = $2 AND (CAST($3 AS TEXT) = '' OR shape = $3)
		ORDER BY CASE WHEN deadline IS NULL THEN 1 ELSE 0 END, deadline, account LIMIT $4`, id, state, shape, limit)
}

// stateOf gives the state of an account in a campaign; none if nothing became of it yet.
func stateOf(tx *db.Tx, id, account string) (State, error) {
	state, err := db.One(tx, db.Scan1[State], `SELECT state FROM campaign_account WHERE campaign = $1 AND account = $2`, id, account)
	if errors.Is(err, db.ErrNone) {
		err = nil
	}
	return state, err
}

// counts gives how many accounts are in each state.
func counts(tx *db.Tx, id string) (map[State]int, error) {
	type one struct {
		state State
		n     int
	}
	all, err := db.All(tx, func(s db.Scanner) (o one, err error) {
		err = s.Scan(&o.state, &o.n)
		return o, err
	}, `SELECT state, COUNT(*) FROM campaign_account WHERE campaign = $1 GROUP BY state`, id)
	m := map[State]int{}
	for _, o := range all {
		m[o.state] = o.n
	}
	return m, err
}

// shapeID names a shape.
func shapeID(lines []string) string {
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n")))
	return "shape_" + hex.EncodeToString(sum[:8])
}

func keepShape(tx *db.Tx, id string, p Plan) error {
	return tx.Put(`INSERT INTO campaign_shape (campaign, shape, lines, open, stopped) VALUES ($1, $2, $3, $4, '') ON CONFLICT (campaign, shape) DO NOTHING`,
		id, shapeID(p.Lines), strings.Join(p.Lines, "\n"), p.Open)
}

func stopShape(tx *db.Tx, id, shape, why string) error {
	return tx.Put(`UPDATE campaign_shape SET stopped = $3 WHERE campaign = $1 AND shape = $2`, id, shape, why)
}

// shapes lists the shapes of a campaign with what became of their accounts, most accounts first.
func shapes(tx *db.Tx, id string) ([]Shape, error) {
	return db.All(tx, func(s db.Scanner) (o Shape, err error) {
		var lines string
		err = s.Scan(&o.ID, &lines, &o.Open, &o.Stopped, &o.Planned, &o.Running, &o.Restored, &o.Conflicts, &o.Asides, &o.Pilots, &o.PilotsDone, &o.PilotFailed, &o.Allowed)
		o.Lines = strings.Split(lines, "\n")
		return o, err
	}, `SELECT s.shape, s.lines, s.open, s.stopped,
		COUNT(CASE WHEN a.state = 'planned' THEN 1 END), COUNT(CASE WHEN a.state = 'running' THEN 1 END),
		COUNT(CASE WHEN a.state = 'restored' THEN 1 END), COUNT(CASE WHEN a.state = 'conflict' THEN 1 END),
		COUNT(CASE WHEN a.state = 'aside' THEN 1 END),
		COUNT(CASE WHEN a.pilot THEN 1 END), COUNT(CASE WHEN a.pilot AND a.state IN ('restored', 'conflict', 'aside') THEN 1 END),
		COUNT(CASE WHEN a.pilot AND a.state IN ('conflict', 'aside') THEN 1 END),
		(SELECT CAST(COALESCE(SUM(p.accounts), 0) AS BIGINT) FROM campaign_approval p WHERE p.campaign = s.campaign AND p.shape = s.shape)
		FROM campaign_shape s JOIN campaign_account a ON a.campaign = s.campaign AND a.shape = s.shape
		WHERE s.campaign = $1 AND a.state IN ('planned', 'running', 'restored', 'conflict', 'aside')
		GROUP BY s.campaign, s.shape, s.lines, s.open, s.stopped ORDER BY COUNT(*) DESC, s.shape`, id)
}

func shapeAt(tx *db.Tx, id, shape string) (Shape, error) {
	all, err := shapes(tx, id)
	for _, o := range all {
		if o.ID == shape {
			return o, err
		}
	}
	return Shape{}, errors.Join(err, ErrNone)
}

// sample lists the cases of a shape that are looked at before it is approved:
// those with the least ids, which are random, so that nobody chooses them.
func sample(tx *db.Tx, id, shape string) ([]string, error) {
	return db.All(tx, db.Scan1[string], `SELECT case_id FROM campaign_account WHERE campaign = $1 AND shape = $2 AND state IN ('planned', 'running', 'restored', 'conflict')
		ORDER BY case_id LIMIT $3`, id, shape, sampleOf)
}

// Approval is that somebody answers for accounts of a shape.
type Approval struct {
	Shape, Actor, Name string
	At                 time.Time
	Accounts           int
}

func insertApproval(tx *db.Tx, id, shape string, by access.Actor, n int) error {
	return tx.Put(`INSERT INTO campaign_approval (id, campaign, shape, at, actor, name, accounts) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		seal.ID("ok"), id, shape, tx.Now, by.ID, by.Name, n)
}

func approvals(tx *db.Tx, id string) ([]Approval, error) {
	return db.All(tx, func(s db.Scanner) (a Approval, err error) {
		err = s.Scan(&a.Shape, &a.Actor, &a.Name, db.At(&a.At), &a.Accounts)
		return a, err
	}, `SELECT shape, actor, name, at, accounts FROM campaign_approval WHERE campaign = $1 ORDER BY at, id`, id)
}

// answered counts the accounts that somebody answers for since a time.
func answered(tx *db.Tx, actor string, since time.Time) (n int, err error) {
	err = tx.Row(`SELECT CAST(COALESCE(SUM(accounts), 0) AS BIGINT) FROM campaign_approval WHERE actor = $1 AND at >= $2`, actor, since).Scan(&n)
	return n, err
}
