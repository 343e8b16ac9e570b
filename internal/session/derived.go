package session

import (
	"errors"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/history"
	"takeback/internal/seal"
)

// Find gives a session by its id, if it may act now: else ErrOver. An id proves
// nothing; who asks has another proof.
func Find(tx *db.Tx, id string) (Session, error) {
	s, err := db.One(tx, scanOne, `SELECT `+columns+` FROM session s WHERE s.id = $1`, id)
	if errors.Is(err, db.ErrNone) {
		return s, ErrOver
	}
	if err != nil {
		return s, err
	}
	a, err := account.Get(tx, s.Account)
	if err != nil {
		return s, err
	}
	s.State = a.State
	if a.Epoch != s.Epoch {
		return s, ErrOver
	}
	return s, s.refusal(tx.Now)
}

// Came finds a session that came out of another one, also when the time of its
// token has passed, and tells whether its authority can be renewed: it was not
// ended, and its epoch is its account's.
func Came(tx *db.Tx, id string) (s Session, renewable bool, err error) {
	s, err = db.One(tx, scanOne, `SELECT `+columns+` FROM session s WHERE s.id = $1 AND s.verb = $2`, id, history.Derive)
	if err != nil {
		return s, false, err
	}
	a, err := account.Get(tx, s.Account)
	s.State = a.State
	return s, err == nil && s.EndedAt.IsZero() && a.Epoch == s.Epoch && s.State != account.Closed, err
}

// Reissue gives a session that came out of another one a new token in place of
// the one it had, which is over with that commit.
func (s *Sessions) Reissue(tx *db.Tx, of Session, until time.Time) (token string, err error) {
	token = seal.NewToken()
	n, err := tx.Exec(`UPDATE session SET token_hash = $1, expires_at = $2, seen_at = $3 WHERE id = $4 AND verb = $5 AND ended_at IS NULL`,
		s.hash(token), until, tx.Now, of.ID, history.Derive)
	if err == nil && n == 0 {
		err = ErrOver
	}
	if err != nil {
		return "", err
	}
	return token, tx.Announce(account.EpochTopic, of.Account) // the cache knows the former token
}

// endDerived ends what came out of a session. Those that were still used are
// entered; the time of the others had passed.
func (s *Sessions) endDerived(tx *db.Tx, by access.Actor, accountID, parent, why string) error {
	living, err := db.All(tx, db.Scan1[string], `SELECT id FROM session
		WHERE account = $1 AND parent = $2 AND verb = $3 AND ended_at IS NULL AND expires_at > $4 ORDER BY opened_seq`, accountID, parent, history.Derive, tx.Now)
	if err != nil {
		return err
	}
	if err := tx.Put(`UPDATE session SET ended_at = $1, ended_why = $2 WHERE account = $3 AND parent = $4 AND verb = $5 AND ended_at IS NULL`,
		tx.Now, why, accountID, parent, history.Derive); err != nil {
		return err
	}
	for _, id := range living {
		if _, err := s.Book.Append(tx, history.Entry{Account: accountID, By: by, Verb: history.SignOut, Parent: id}); err != nil {
			return err
		}
	}
	return nil
}
