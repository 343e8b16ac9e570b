package session

import (
	"errors"
	"time"

	"takeback/internal/account"
	"takeback/internal/db"
)

const columns = `s.id, s.account, s.epoch, s.limited, s.verb, s.parent, s.opened_seq, s.opened_at, s.proved_at, s.seen_at, s.expires_at,
	s.segment, s.device, s.ip, s.user_agent, s.ended_at, s.ended_why, s.token_at, s.former_until`

func scanOne(r db.Scanner) (s Session, err error) {
	err = r.Scan(&s.ID, &s.Account, &s.Epoch, &s.Limited, &s.Verb, &s.Parent, &s.OpenedSeq, db.At(&s.OpenedAt), db.At(&s.ProvedAt),
		db.At(&s.SeenAt), db.At(&s.ExpiresAt), &s.Segment, &s.Device, &s.IP, &s.UserAgent, db.At(&s.EndedAt), &s.EndedWhy, db.At(&s.TokenAt), db.At(&s.formerUntil))
	return s, err
}

// byToken finds a session that is of its account's present epoch, or db.ErrNone. By
// its former token it is found as one that ends in a moment.
func byToken(tx *db.Tx, hash string) (Session, error) {
	s, err := db.One(tx, scanOne, `SELECT `+columns+` FROM session s WHERE s.token_hash = $1`, hash)
	if errors.Is(err, db.ErrNone) {
		s, err = db.One(tx, scanOne, `SELECT `+columns+` FROM session s WHERE s.former_hash = $1 AND s.former_hash <> '' AND s.former_until > $2`, hash, tx.Now)
		if s.former = true; s.formerUntil.Before(s.ExpiresAt) {
			s.ExpiresAt = s.formerUntil
		}
	}
	if err != nil {
		return s, err
	}
	a, err := account.Get(tx, s.Account)
	if err == nil && a.Epoch != s.Epoch {
		err = db.ErrNone
	}
	s.State = a.State
	if err != nil {
		return s, err
	}
	d, err := deviceAt(tx, s.Account, s.Device)
	s.Bound = d.Key != ""
	return s, err
}

func insert(tx *db.Tx, s Session, hash string) error {
	err := tx.Put(`INSERT INTO session (id, account, token_hash, epoch, limited, verb, parent, opened_seq, opened_at, proved_at, seen_at, expires_at,
			segment, device, ip, user_agent, ended_why, token_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, '', $9)`,
		s.ID, s.Account, hash, s.Epoch, s.Limited, s.Verb, s.Parent, s.OpenedSeq, s.OpenedAt, s.ProvedAt, s.SeenAt, s.ExpiresAt,
		s.Segment, s.Device, s.IP, s.UserAgent)
	if err != nil {
		return err
	}
	return insertSegment(tx, s, s.OpenedSeq)
}

func insertSegment(tx *db.Tx, s Session, seq int64) error {
	return tx.Put(`INSERT INTO segment (session, no, from_seq, at, device, ip, network, user_agent) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		s.ID, s.Segment, seq, tx.Now, s.Device, s.IP, NetworkOf(s.IP), s.UserAgent)
}

func touch(tx *db.Tx, s Session) error {
	return tx.Put(`UPDATE session SET seen_at = $1, segment = $2, device = $3, ip = $4, user_agent = $5, proved_at = $6 WHERE id = $7`,
		s.SeenAt, s.Segment, s.Device, s.IP, s.UserAgent, s.ProvedAt, s.ID)
}

// giveToken gives a session its next token.
func giveToken(tx *db.Tx, id, hash, former string) error {
	return tx.Put(`UPDATE session SET token_hash = $1, token_at = $2, former_hash = $3, former_until = $4 WHERE id = $5`,
		hash, tx.Now, former, tx.Now.Add(formerFor), id)
}

// use keeps that a session was used just now.
func use(tx *db.Tx, id string) error {
	return tx.Put(`UPDATE session SET seen_at = $1 WHERE id = $2 AND seen_at < $1`, tx.Now, id)
}

func prove(tx *db.Tx, id string) error {
	return tx.Put(`UPDATE session SET proved_at = $1 WHERE id = $2`, tx.Now, id)
}

// Of lists every session an account ever had, ended ones too, oldest first.
func Of(tx *db.Tx, account string) ([]Session, error) {
	return db.All(tx, scanOne, `SELECT `+columns+` FROM session s WHERE s.account = $1 ORDER BY s.opened_seq`, account)
}

// Living lists the sessions of an account that may act in its present epoch, newest first.
func Living(tx *db.Tx, accountID string) ([]Session, error) {
	a, err := account.Get(tx, accountID)
	if err != nil {
		return nil, err
	}
	return db.All(tx, scanOne, `SELECT `+columns+` FROM session s
		WHERE s.account = $1 AND s.epoch = $2 AND s.ended_at IS NULL AND s.expires_at > $3 AND s.seen_at > $4
		ORDER BY s.opened_seq DESC`, accountID, a.Epoch, tx.Now, tx.Now.Add(-restsAtMost))
}

// EndAll marks every living session of an account ended, but for one. The epoch
// has ended their authority already where an account is frozen; this keeps when and why.
func EndAll(tx *db.Tx, account, keep, why string) error {
	return tx.Put(`UPDATE session SET ended_at = $1, ended_why = $2 WHERE account = $3 AND id <> $4 AND ended_at IS NULL`, tx.Now, why, account, keep)
}

// EndBefore marks every session given before an epoch ended.
func EndBefore(tx *db.Tx, account string, epoch int64, why string) error {
	return tx.Put(`UPDATE session SET ended_at = $1, ended_why = $2 WHERE account = $3 AND epoch < $4 AND ended_at IS NULL`, tx.Now, why, account, epoch)
}

// UnendedBefore counts the sessions given before an epoch that are not marked ended.
func UnendedBefore(tx *db.Tx, account string, epoch int64) (n int, err error) {
	err = tx.Row(`SELECT COUNT(*) FROM session WHERE account = $1 AND epoch < $2 AND ended_at IS NULL`, account, epoch).Scan(&n)
	return n, err
}

// Segment is a stretch of a session used from one client.
type Segment struct {
	Session       string
	No            int
	FromSeq       int64
	At            time.Time
	Device        string
	IP, UserAgent string
}

// Segments lists the segments of all sessions of an account, oldest first.
func Segments(tx *db.Tx, account string) ([]Segment, error) {
	return db.All(tx, func(r db.Scanner) (g Segment, err error) {
		err = r.Scan(&g.Session, &g.No, &g.FromSeq, db.At(&g.At), &g.Device, &g.IP, &g.UserAgent)
		return g, err
	}, `SELECT g.session, g.no, g.from_seq, g.at, g.device, g.ip, g.user_agent
		FROM segment g JOIN session s ON s.id = g.session WHERE s.account = $1 ORDER BY g.from_seq`, account)
}

// SeenFrom lists the accounts that were used from a device in a time.
func SeenFrom(tx *db.Tx, device string, from, until time.Time) ([]string, error) {
	return db.All(tx, db.Scan1[string], `SELECT DISTINCT s.account FROM segment g JOIN session s ON s.id = g.session
		WHERE g.device = $1 AND g.device <> '' AND g.at >= $2 AND g.at < $3 ORDER BY s.account`, device, from, until)
}

// SeenIn lists the accounts that were used from a network (NetworkOf) in a time.
func SeenIn(tx *db.Tx, network string, from, until time.Time) ([]string, error) {
	return db.All(tx, db.Scan1[string], `SELECT DISTINCT s.account FROM segment g JOIN session s ON s.id = g.session
		WHERE g.network = $1 AND g.network <> '' AND g.at >= $2 AND g.at < $3 ORDER BY s.account`, network, from, until)
}

// SegmentSince tells when the present segment of a session began.
func SegmentSince(tx *db.Tx, session string) (at time.Time, err error) {
	err = tx.Row(`SELECT MAX(at) FROM segment WHERE session = $1`, session).Scan(db.At(&at))
	return at, err
}
