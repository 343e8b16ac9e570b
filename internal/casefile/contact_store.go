package casefile

import (
	"time"

	"takeback/internal/db"
)

const reporterColumns = `id, case_id, at, source, language, login, claims, via, address, proved_at`

func scanReporter(s db.Scanner) (r Reporter, err error) {
	err = s.Scan(&r.ID, &r.Case, db.At(&r.At), &r.Source, &r.Language, &r.Login, &r.Claims, &r.Via, &r.Address, db.At(&r.ProvedAt))
	return r, err
}

func insertReporter(tx *db.Tx, r Reporter) (fresh bool, err error) {
	n, err := tx.Exec(`INSERT INTO reporter (`+reporterColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (case_id, via) WHERE via <> '' DO NOTHING`,
		r.ID, r.Case, r.At, r.Source, r.Language, r.Login, r.Claims, r.Via, r.Address, r.ProvedAt)
	return n == 1, err
}

// ReporterOf gives a reporter, or ErrNone.
func ReporterOf(tx *db.Tx, id string) (Reporter, error) {
	return orNone(db.One(tx, scanReporter, `SELECT `+reporterColumns+` FROM reporter WHERE id = $1`, id))
}

// ReporterVia gives the reporter in a case who came through a contact's mailbox, or ErrNone.
func ReporterVia(tx *db.Tx, caseID, via string) (Reporter, error) {
	return orNone(db.One(tx, scanReporter, `SELECT `+reporterColumns+` FROM reporter WHERE case_id = $1 AND via = $2 AND via <> ''`, caseID, via))
}

// Reporters lists who speaks in a case, in the order they came.
func Reporters(tx *db.Tx, caseID string) ([]Reporter, error) {
	return db.All(tx, scanReporter, `SELECT `+reporterColumns+` FROM reporter WHERE case_id = $1 ORDER BY at, id`, caseID)
}

// Claimants lists who said that an account is his, in whatever case, newest
// first: two of them in two cases is a conflict that an agent must see.
func Claimants(tx *db.Tx, account string) ([]Reporter, error) {
	return db.All(tx, scanReporter, `SELECT `+reporterColumns+` FROM reporter WHERE claims = $1 ORDER BY at DESC, id LIMIT 100`, account)
}

const callbackColumns = `id, case_id, reporter, phone, best, requested_at, due_at, taken_by, taken_at, done_at, outcome`

func scanCallback(s db.Scanner) (c Callback, err error) {
	err = s.Scan(&c.ID, &c.Case, &c.Reporter, &c.Phone, &c.Best, db.At(&c.RequestedAt), db.At(&c.DueAt), &c.TakenBy, db.At(&c.TakenAt), db.At(&c.DoneAt), &c.Outcome)
	return c, err
}

func insertCallback(tx *db.Tx, c Callback) error {
	return tx.Put(`INSERT INTO callback (`+callbackColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		c.ID, c.Case, c.Reporter, c.Phone, c.Best, c.RequestedAt, c.DueAt, c.TakenBy, c.TakenAt, c.DoneAt, c.Outcome)
}

// CallbackOf gives a call, or ErrNone.
func CallbackOf(tx *db.Tx, id string) (Callback, error) {
	return orNone(db.One(tx, scanCallback, `SELECT `+callbackColumns+` FROM callback WHERE id = $1`, id))
}

// Callbacks lists the open calls, the one that is due first before the others.
func Callbacks(tx *db.Tx) ([]Callback, error) {
	return db.All(tx, scanCallback, `SELECT `+callbackColumns+` FROM callback WHERE done_at IS NULL ORDER BY due_at, id LIMIT 500`)
}

// CallbacksIn lists the calls of a case, done ones too, oldest first.
func CallbacksIn(tx *db.Tx, caseID string) ([]Callback, error) {
	return db.All(tx, scanCallback, `SELECT `+callbackColumns+` FROM callback WHERE case_id = $1 ORDER BY requested_at, id`, caseID)
}

// CallsTook tells how long the calls took that ended since t, on average; 0 if there were none.
func CallsTook(tx *db.Tx, t time.Time) (time.Duration, error) {
	var n, sum int64
	err := tx.Row(`SELECT COUNT(*), CAST(COALESCE(SUM(done_at - taken_at), 0) AS BIGINT) FROM callback WHERE done_at >= $1 AND taken_at IS NOT NULL`, t).Scan(&n, &sum)
	if err != nil || n == 0 {
		return 0, err
	}
	return time.Duration(sum/n) * time.Microsecond, nil
}

// PromisesKept counts the calls that were asked for since t and are taken or overdue, and those of them that were taken in time.
func PromisesKept(tx *db.Tx, since time.Time) (kept, all int, err error) {
	err = tx.Row(`SELECT COUNT(CASE WHEN taken_at <= due_at THEN 1 END), COUNT(*) FROM callback
		WHERE requested_at >= $1 AND (taken_at IS NOT NULL OR due_at < $2)`, since, tx.Now).Scan(&kept, &all)
	return kept, all, err
}

const messageColumns = `id, case_id, reporter, at, sender, actor, text`

func insertMessage(tx *db.Tx, m Message) error {
	return tx.Put(`INSERT INTO case_message (`+messageColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		m.ID, m.Case, m.Reporter, m.At, m.From, m.Actor, m.Text)
}

// Messages lists everything said in a case, oldest first. Only staff may see it all; see MessagesWith.
func Messages(tx *db.Tx, caseID string) ([]Message, error) {
	return db.All(tx, scanMessage, `SELECT `+messageColumns+` FROM case_message WHERE case_id = $1 ORDER BY at, id`, caseID)
}

// MessagesWith lists what was said by and to one reporter, oldest first.
func MessagesWith(tx *db.Tx, reporter string) ([]Message, error) {
	return db.All(tx, scanMessage, `SELECT m.id, m.case_id, m.reporter, m.at, m.sender, m.actor, m.text
		FROM case_message m JOIN reporter r ON r.id = m.reporter AND r.case_id = m.case_id WHERE r.id = $1 ORDER BY m.at, m.id`, reporter)
}

// Unanswered lists the open cases in which a person spoke last, with when that began.
func Unanswered(tx *db.Tx) (map[string]time.Time, error) {
	type row struct {
		id string
		at time.Time
	}
	all, err := db.All(tx, func(s db.Scanner) (r row, err error) { err = s.Scan(&r.id, db.At(&r.at)); return r, err },
		`SELECT m.case_id, MIN(m.at) FROM case_message m JOIN case_file c ON c.id = m.case_id AND c.closed_at IS NULL
		WHERE m.sender <> 'staff' AND m.at > (SELECT COALESCE(MAX(o.at), 0) FROM case_message o WHERE o.case_id = m.case_id AND o.sender = 'staff')
		GROUP BY m.case_id`)
	out := make(map[string]time.Time, len(all))
	for _, r := range all {
		out[r.id] = r.at
	}
	return out, err
}

func scanMessage(s db.Scanner) (m Message, err error) {
	err = s.Scan(&m.ID, &m.Case, &m.Reporter, db.At(&m.At), &m.From, &m.Actor, &m.Text)
	return m, err
}

const phishingColumns = `id, case_id, at, text, letter, sender, seen_at, seen_by`

func scanPhishing(s db.Scanner) (p Phishing, err error) {
	err = s.Scan(&p.ID, &p.Case, db.At(&p.At), &p.Text, &p.Letter, &p.From, db.At(&p.SeenAt), &p.SeenBy)
	return p, err
}

func insertPhishing(tx *db.Tx, p Phishing) error {
	return tx.Put(`INSERT INTO phishing (`+phishingColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		p.ID, p.Case, p.At, p.Text, p.Letter, p.From, p.SeenAt, p.SeenBy)
}

// PhishingReports lists the suspicious letters that nobody has looked at yet, oldest first.
func PhishingReports(tx *db.Tx) ([]Phishing, error) {
	return db.All(tx, scanPhishing, `SELECT `+phishingColumns+` FROM phishing WHERE seen_at IS NULL ORDER BY at, id LIMIT 200`)
}

func knock(tx *db.Tx, door, key string, within time.Duration) (n int64, until time.Time, err error) {
	if err := tx.Put(`DELETE FROM knock WHERE until_at <= $1`, tx.Now); err != nil {
		return 0, until, err
	}
	err = tx.Row(`INSERT INTO knock (door, key, until_at, n) VALUES ($1, $2, $3, 1)
		ON CONFLICT (door, key) DO UPDATE SET n = knock.n + 1 RETURNING n, until_at`, door, key, tx.Now.Add(within)).Scan(&n, db.At(&until))
	return n, until, err
}
