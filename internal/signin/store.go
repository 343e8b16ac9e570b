package signin

import (
	"encoding/json"
	"time"

	"takeback/internal/access"
	"takeback/internal/db"
	"takeback/internal/session"
)

func insertRegistration(tx *db.Tx, g registration) error {
	// Whoever registers clears away what was never confirmed.
	if err := tx.Put(`DELETE FROM registration WHERE expires_at < $1`, tx.Now); err != nil {
		return err
	}
	return tx.Put(`INSERT INTO registration (id, account, address, address_key, name, language, secret_id, stored, expires_at, browser)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, g.id, g.account, g.address, g.key, g.name, g.language, g.secretID, g.storedPassword, g.expires, g.browser)
}

func registrationAt(tx *db.Tx, id string) (registration, error) {
	return db.One(tx, func(s db.Scanner) (g registration, err error) {
		err = s.Scan(&g.id, &g.account, &g.address, &g.key, &g.name, &g.language, &g.secretID, &g.storedPassword, db.At(&g.expires), &g.browser)
		return g, err
	}, `SELECT id, account, address, address_key, name, language, secret_id, stored, expires_at, browser FROM registration WHERE id = $1`, id)
}

// forgetRegistrations drops every registration of an address, once one was confirmed.
func forgetRegistrations(tx *db.Tx, key string) error {
	return tx.Put(`DELETE FROM registration WHERE address_key = $1`, key)
}

func insertSecond(tx *db.Tx, s second) error {
	if err := tx.Put(`DELETE FROM second_step WHERE expires_at < $1`, tx.Now); err != nil {
		return err
	}
	return tx.Put(`INSERT INTO second_step (token_hash, account, epoch, version, device, device_key, mailed, tries, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8)`,
		s.hash, s.account, s.epoch, s.version, s.device, s.key, s.mailed, s.expires)
}

// secondAt gives a sign-in that waits for its second step; db.ErrNone if there is none (any more).
func secondAt(tx *db.Tx, hash string) (s second, err error) {
	s.hash = hash
	err = tx.Row(`SELECT account, epoch, version, device, mailed, tries FROM second_step WHERE token_hash = $1 AND tries < $2 AND expires_at > $3`,
		hash, secondTries, tx.Now).Scan(&s.account, &s.epoch, &s.version, &s.device, &s.mailed, &s.tries)
	return s, err
}

// trySecond counts a try in the statement that allows it, so that many at once have no more.
func trySecond(tx *db.Tx, hash string) (s second, err error) {
	s.hash = hash
	err = tx.Row(`UPDATE second_step SET tries = tries + 1 WHERE token_hash = $1 AND tries < $2 AND expires_at > $3
		RETURNING account, epoch, version, device, device_key, mailed, tries`, hash, secondTries, tx.Now).Scan(&s.account, &s.epoch, &s.version, &s.device, &s.key, &s.mailed, &s.tries)
	return s, err
}

func dropSecond(tx *db.Tx, hash string) error {
	return tx.Put(`DELETE FROM second_step WHERE token_hash = $1`, hash)
}

const pendingColumns = `id, account, epoch, path, verb, value, actor, asked_at, confirmed_at, due_at, erased`

func scanPending(s db.Scanner) (p pending, err error) {
	err = s.Scan(&p.id, &p.account, &p.epoch, &p.path, &p.verb, db.JSON(&p.value), db.JSON(&p.by), db.At(&p.asked), db.At(&p.confirmed), db.At(&p.due), &p.erased)
	return p, err
}

// keepPending keeps a change that was asked for; it takes the place of an earlier one of the same path.
func keepPending(tx *db.Tx, p pending) error {
	by, err := json.Marshal(p.by)
	if err != nil {
		return err
	}
	return tx.Put(`INSERT INTO pending_change (`+pendingColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		ON CONFLICT (account, path) DO UPDATE SET id = excluded.id, epoch = excluded.epoch, verb = excluded.verb, value = excluded.value,
			actor = excluded.actor, asked_at = excluded.asked_at, confirmed_at = excluded.confirmed_at, due_at = excluded.due_at, erased = excluded.erased`,
		p.id, p.account, p.epoch, p.path, p.verb, p.value, string(by), p.asked, p.confirmed, p.due, p.erased)
}

func pendingAt(tx *db.Tx, id string) (pending, error) {
	return db.One(tx, scanPending, `SELECT `+pendingColumns+` FROM pending_change WHERE id = $1`, id)
}

func pendingIn(tx *db.Tx, accountID string) ([]pending, error) {
	return db.All(tx, scanPending, `SELECT `+pendingColumns+` FROM pending_change WHERE account = $1 ORDER BY asked_at, id`, accountID)
}

func markConfirmed(tx *db.Tx, id string) error {
	return tx.Put(`UPDATE pending_change SET confirmed_at = $2 WHERE id = $1`, id, tx.Now)
}

// deletePending tells whether it was still there.
func deletePending(tx *db.Tx, id string) (bool, error) {
	n, err := tx.Exec(`DELETE FROM pending_change WHERE id = $1`, id)
	return n > 0, err
}

func keepEnrolment(tx *db.Tx, who access.Actor, sealed string, until time.Time) error {
	return tx.Put(`INSERT INTO enrolment (account, session, seed, expires_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (account, session) DO UPDATE SET seed = excluded.seed, expires_at = excluded.expires_at`, who.Account, who.Session, sealed, until)
}

func enrolmentOf(tx *db.Tx, who access.Actor) (sealed string, err error) {
	err = tx.Row(`SELECT seed FROM enrolment WHERE account = $1 AND session = $2 AND expires_at > $3`, who.Account, who.Session, tx.Now).Scan(&sealed)
	return sealed, err
}

func dropEnrolment(tx *db.Tx, who access.Actor) error {
	return tx.Put(`DELETE FROM enrolment WHERE account = $1`, who.Account)
}

func insertStrong(tx *db.Tx, accountID, sessionID, path, version string) error {
	return tx.Put(`INSERT INTO strong_proof (session, path, version, account, at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (session, path) DO UPDATE SET version = excluded.version, at = excluded.at`, sessionID, path, version, accountID, tx.Now)
}

// strongIn lists the strong factors presented in the present segment of a session, since a time: path and version.
// What was presented before the session went on from another client is not that client's.
func strongIn(tx *db.Tx, sessionID string, since time.Time) (map[string]string, error) {
	began, err := session.SegmentSince(tx, sessionID)
	if err != nil {
		return nil, err
	}
	if began.After(since) {
		since = began
	}
	found := map[string]string{}
	_, err = db.All(tx, func(s db.Scanner) (struct{}, error) {
		var path, version string
		err := s.Scan(&path, &version)
		found[path] = version
		return struct{}{}, err
	}, `SELECT path, version FROM strong_proof WHERE session = $1 AND at >= $2`, sessionID, since)
	return found, err
}

// markShown tells whether a value was not shown to a session since a time, and keeps that it is now.
func markShown(tx *db.Tx, sessionID, path string, since time.Time) (bool, error) {
	n, err := tx.Exec(`INSERT INTO shown (session, path, at) VALUES ($1, $2, $3)
		ON CONFLICT (session, path) DO UPDATE SET at = excluded.at WHERE shown.at < $4`, sessionID, path, tx.Now, since)
	return n > 0, err
}

func shownSince(tx *db.Tx, sessionID, path string, since time.Time) (shown bool, err error) {
	err = tx.Row(`SELECT COUNT(*) > 0 FROM shown WHERE session = $1 AND path = $2 AND at >= $3`, sessionID, path, since).Scan(&shown)
	return shown, err
}

// insertSpent tells whether an answer is used for the first time. Whoever answers clears away what is too old to count.
func insertSpent(tx *db.Tx, hash string, until time.Time) (first bool, err error) {
	if err := tx.Put(`DELETE FROM spent WHERE expires_at < $1`, tx.Now); err != nil {
		return false, err
	}
	n, err := tx.Exec(`INSERT INTO spent (hash, expires_at) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING`, hash, until)
	return n > 0, err
}
