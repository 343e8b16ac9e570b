package signin

import (
	"encoding/json"
	"time"

	"takeback/internal/db"
)

// After so many recoveries that somebody stopped, in so long a time, the next
// one with a wait goes by way of the desk: whoever begins again and again waits
// for the night in which nobody reads the letter.
const (
	stoppedMost = 2
	stoppedFor  = 30 * 24 * time.Hour
)

const recoveryColumns = `id, account, epoch, slot, version, address, factors, state, asked_at, due_at`

func scanRecovery(s db.Scanner) (x recovery, err error) {
	err = s.Scan(&x.id, &x.account, &x.epoch, &x.slot, &x.version, &x.address, db.JSON(&x.factors), &x.state, db.At(&x.asked), db.At(&x.due))
	return x, err
}

func insertRecovery(tx *db.Tx, x recovery) error {
	factors, err := json.Marshal(x.factors)
	if err != nil {
		return err
	}
	return tx.Put(`INSERT INTO recovery (`+recoveryColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		x.id, x.account, x.epoch, x.slot, x.version, x.address, string(factors), x.state, x.asked, x.due)
}

func recoveryAt(tx *db.Tx, id string) (recovery, error) {
	return db.One(tx, scanRecovery, `SELECT `+recoveryColumns+` FROM recovery WHERE id = $1`, id)
}

func recoveriesOf(tx *db.Tx, accountID string) ([]recovery, error) {
	return db.All(tx, scanRecovery, `SELECT `+recoveryColumns+` FROM recovery WHERE account = $1 ORDER BY asked_at, id`, accountID)
}

// moveRecovery moves a recovery on from one of two states; ErrEnded if it is in another one.
func moveRecovery(tx *db.Tx, id, to string, from ...string) error {
	var stopped time.Time
	if to == "stopped" {
		stopped = tx.Now
	}
	n, err := tx.Exec(`UPDATE recovery SET state = $2, stopped_at = $3 WHERE id = $1 AND state IN ($4, $5)`, id, to, stopped, from[0], from[len(from)-1])
	if err == nil && n == 0 {
		err = ErrEnded
	}
	return err
}

func stoppedSince(tx *db.Tx, accountID string, since time.Time) (n int, err error) {
	err = tx.Row(`SELECT COUNT(*) FROM recovery WHERE account = $1 AND stopped_at >= $2`, accountID, since).Scan(&n)
	return n, err
}
