package passkey

import (
	"time"

	"takeback/internal/db"

	"github.com/go-webauthn/webauthn/webauthn"
)

func insert(tx *db.Tx, hash string, b Binding, body string, until time.Time) error {
	// Whoever begins one clears away what was never answered.
	if err := tx.Put(`DELETE FROM passkey_ceremony WHERE expires_at < $1`, tx.Now); err != nil {
		return err
	}
	return tx.Put(`INSERT INTO passkey_ceremony (hash, purpose, account, epoch, bound_to, device, body, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		hash, b.Purpose, b.Account, b.Epoch, b.To, b.Device, body, until)
}

// take uses a ceremony up in the statement that finds it, so that of two answers one is too late.
func take(tx *db.Tx, hash string, b Binding) (s webauthn.SessionData, err error) {
	err = tx.Row(`DELETE FROM passkey_ceremony WHERE hash = $1 AND purpose = $2 AND account = $3 AND epoch = $4 AND bound_to = $5 AND device = $6 AND expires_at > $7
		RETURNING body`, hash, b.Purpose, b.Account, b.Epoch, b.To, b.Device, tx.Now).Scan(db.JSON(&s))
	return s, err
}
