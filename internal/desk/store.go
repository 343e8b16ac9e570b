package desk

import (
	"errors"
	"time"

	"takeback/internal/access"
	"takeback/internal/db"
	"takeback/internal/seal"
)

const staffColumns = `id, name, email, role, state, created_at, version, password, totp, totp_step`

func scanStaff(r db.Scanner) (s Staff, err error) {
	err = r.Scan(&s.ID, &s.Name, &s.Email, &s.Role, &s.State, db.At(&s.CreatedAt), &s.version, &s.password, &s.totp, &s.step)
	return s, err
}

func oneStaff(s Staff, err error) (Staff, error) {
	if errors.Is(err, db.ErrNone) {
		err = ErrStaff
	}
	return s, err
}

func staffByID(tx *db.Tx, id string) (Staff, error) {
	return oneStaff(db.One(tx, scanStaff, `SELECT `+staffColumns+` FROM staff WHERE id = $1`, id))
}

func staffByEmail(tx *db.Tx, key string) (Staff, error) {
	return oneStaff(db.One(tx, scanStaff, `SELECT `+staffColumns+` FROM staff WHERE email_key = $1`, key))
}

func staffByInvite(tx *db.Tx, hash string) (Staff, error) {
	return oneStaff(db.One(tx, scanStaff, `SELECT `+staffColumns+` FROM staff WHERE invite = $1 AND state = 'invited'`, hash))
}

// everybody lists the staff with what they do now.
func everybody(tx *db.Tx) ([]Staff, error) {
	return db.All(tx, func(r db.Scanner) (s Staff, err error) {
		err = r.Scan(&s.ID, &s.Name, &s.Email, &s.Role, &s.State, db.At(&s.CreatedAt), &s.Duty, db.At(&s.Since), db.At(&s.SeenAt), &s.Unmasked,
			&s.LetBy, db.At(&s.LetAt))
		return s, err
	}, `SELECT s.id, s.name, s.email, s.role, s.state, s.created_at, COALESCE(d.state, 'off'), d.since,
			(SELECT MAX(t.seen_at) FROM staff_session t WHERE t.staff = s.id AND t.ended_at IS NULL AND t.version = s.version),
			(SELECT COUNT(*) FROM unmask u WHERE u.staff = s.id AND u.at > $1), COALESCE(b.name, ''), l.at
		FROM staff s LEFT JOIN duty d ON d.staff = s.id
			LEFT JOIN staff_letting l ON l.id = (SELECT MAX(n.id) FROM staff_letting n WHERE n.staff = s.id AND n.let_by <> '') LEFT JOIN staff b ON b.id = l.let_by
		ORDER BY s.state, s.name, s.id`, tx.Now.Add(-time.Hour))
}

// names gives what staff are called, by id.
func names(tx *db.Tx) (map[string]string, error) {
	all, err := db.All(tx, func(r db.Scanner) (p [2]string, err error) { err = r.Scan(&p[0], &p[1]); return p, err }, `SELECT id, name FROM staff`)
	out := make(map[string]string, len(all))
	for _, p := range all {
		out[p[0]] = p[1]
	}
	return out, err
}

// insertStaff keeps somebody new; false if the address is taken.
func insertStaff(tx *db.Tx, s Staff, key, invite, by string) (bool, error) {
	n, err := tx.Exec(`INSERT INTO staff (id, name, email, email_key, role, state, version, password, totp, totp_step, invite, created_at, made_by)
		VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $8, 0, $9, $10, $11) ON CONFLICT (email_key) DO NOTHING`,
		s.ID, s.Name, s.Email, key, s.Role, s.State, s.password, s.totp, invite, tx.Now, by)
	return n == 1, err
}

// enrolStaff keeps what somebody with a link chose. A new seed has no steps used.
func enrolStaff(tx *db.Tx, id, name, password, totp string) error {
	return tx.Put(`UPDATE staff SET name = $2, password = $3, totp = $4, totp_step = 0 WHERE id = $1 AND state = 'invited'`, id, name, password, totp)
}

func activateStaff(tx *db.Tx, id string) error {
	return tx.Put(`UPDATE staff SET state = 'active', version = version + 1, invite = '' WHERE id = $1`, id)
}

// turnStaff moves somebody into a role and state with the next version: all authority given before is over.
func turnStaff(tx *db.Tx, id string, role access.Role, to State) error {
	return tx.Put(`UPDATE staff SET role = $2, state = $3, version = version + 1, invite = '' WHERE id = $1`, id, role, to)
}

// renewStaff is turnStaff for somebody who sets everything anew.
func renewStaff(tx *db.Tx, id, invite string) error {
	return tx.Put(`UPDATE staff SET state = 'invited', version = version + 1, password = '', totp = '', invite = $2 WHERE id = $1`, id, invite)
}

// countSupervisors counts those who can sign in, one left out.
func countSupervisors(tx *db.Tx, but string) (n int, err error) {
	err = tx.Row(`SELECT COUNT(*) FROM staff WHERE role = $1 AND state = $2 AND id <> $3`, access.Supervisor, Active, but).Scan(&n)
	return n, err
}

func insertLetting(tx *db.Tx, l letting) error {
	return tx.Put(`INSERT INTO staff_letting (id, staff, let_by, how, at) VALUES ($1, $2, $3, $4, $5)`, seal.ID("let"), l.staff, l.by, l.how, tx.Now)
}

// beganLetting keeps that somebody used the link that he was given last.
func beganLetting(tx *db.Tx, id string) error {
	return tx.Put(`INSERT INTO staff_letting (id, staff, let_by, how, at)
		SELECT $1, staff, let_by, $3, $4 FROM staff_letting WHERE id = (SELECT MAX(id) FROM staff_letting WHERE staff = $2)`, seal.ID("let"), id, began, tx.Now)
}

// lettings lists who let whom in since a time.
func lettings(tx *db.Tx, since time.Time) ([]letting, error) {
	return db.All(tx, func(r db.Scanner) (l letting, err error) {
		err = r.Scan(&l.staff, &l.by, &l.how, db.At(&l.at))
		return l, err
	}, `SELECT staff, let_by, how, at FROM staff_letting WHERE at >= $1`, since)
}

// useStep uses a step of a seed up; false if it, or a later one, was used.
func useStep(tx *db.Tx, id string, step int64) (bool, error) {
	n, err := tx.Exec(`UPDATE staff SET totp_step = $2 WHERE id = $1 AND totp_step < $2`, id, step)
	return n == 1, err
}

// session is a signed-in member of staff.
type session struct {
	id        string
	seenAt    time.Time
	expiresAt time.Time
	duty      Duty
	staff     Staff
}

// sessionBy finds a session that may act, but for its age; or db.ErrNone.
func sessionBy(tx *db.Tx, hash string) (session, error) {
	return db.One(tx, func(r db.Scanner) (s session, err error) {
		err = r.Scan(&s.id, db.At(&s.seenAt), db.At(&s.expiresAt), &s.duty, &s.staff.ID, &s.staff.Name, &s.staff.Role)
		return s, err
	}, `SELECT t.id, t.seen_at, t.expires_at, COALESCE(d.state, 'off'), s.id, s.name, s.role
		FROM staff_session t JOIN staff s ON s.id = t.staff AND s.version = t.version AND s.state = 'active' LEFT JOIN duty d ON d.staff = s.id
		WHERE t.token_hash = $1 AND t.ended_at IS NULL`, hash)
}

func insertSession(tx *db.Tx, id string, s Staff, hash string, from access.Client) error {
	return tx.Put(`INSERT INTO staff_session (id, staff, token_hash, version, opened_at, seen_at, expires_at, ip, user_agent)
		VALUES ($1, $2, $3, $4, $5, $5, $6, $7, $8)`, id, s.ID, hash, s.version, tx.Now, tx.Now.Add(sessionFor), from.IP, from.UserAgent)
}

func touchSession(tx *db.Tx, id string) error {
	return tx.Put(`UPDATE staff_session SET seen_at = $2 WHERE id = $1`, id, tx.Now)
}

func endSession(tx *db.Tx, id string) error {
	return tx.Put(`UPDATE staff_session SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL`, id, tx.Now)
}

func storeDuty(tx *db.Tx, staff string, to Duty) error {
	return tx.Put(`INSERT INTO duty (staff, state, since) VALUES ($1, $2, $3)
		ON CONFLICT (staff) DO UPDATE SET state = excluded.state, since = excluded.since`, staff, to, tx.Now)
}

func dutyOf(tx *db.Tx, staff string) (state Duty, err error) {
	err = tx.Row(`SELECT state FROM duty WHERE staff = $1`, staff).Scan(&state)
	if errors.Is(err, db.ErrNone) {
		return Off, nil
	}
	return state, err
}

// countDuty counts those of a duty who are there: signed in, and seen lately.
func countDuty(tx *db.Tx, state Duty) (n int, err error) {
	err = tx.Row(`SELECT COUNT(DISTINCT d.staff) FROM duty d JOIN staff s ON s.id = d.staff AND s.state = 'active'
		JOIN staff_session t ON t.staff = d.staff AND t.version = s.version AND t.ended_at IS NULL AND t.seen_at > $2 AND t.expires_at > $3
		WHERE d.state = $1`, state, tx.Now.Add(-idleFor), tx.Now).Scan(&n)
	return n, err
}

// try counts a try under a name, and refuses it with ErrSlow if there were most in the time before.
func try(tx *db.Tx, name string, most int, within time.Duration) error {
	n, err := tries(tx, name, within)
	if err == nil && n >= most {
		err = ErrSlow.After(within)
	}
	if err != nil {
		return err
	}
	if err := tx.Put(`DELETE FROM desk_try WHERE at < $1`, tx.Now.Add(-24*time.Hour)); err != nil {
		return err
	}
	return tx.Put(`INSERT INTO desk_try (id, key, at) VALUES ($1, $2, $3)`, seal.ID("try"), name, tx.Now)
}

func tries(tx *db.Tx, name string, within time.Duration) (n int, err error) {
	err = tx.Row(`SELECT COUNT(*) FROM desk_try WHERE key = $1 AND at > $2`, name, tx.Now.Add(-within)).Scan(&n)
	return n, err
}

func forgetTries(tx *db.Tx, name string) error {
	return tx.Put(`DELETE FROM desk_try WHERE key = $1`, name)
}
