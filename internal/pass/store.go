package pass

import (
	"encoding/json"
	"strings"
	"time"

	"takeback/internal/db"
)

const clientColumns = `id, name, secret, redirects, leaves, hangup, trusted, made_at, revoked_at`

func scanClient(r db.Scanner) (c Client, err error) {
	err = r.Scan(&c.ID, &c.Name, &c.secret, db.JSON(&c.Redirects), db.JSON(&c.Leaves), &c.Hangup, &c.Trusted, db.At(&c.MadeAt), db.At(&c.RevokedAt))
	return c, err
}

func insertClient(tx *db.Tx, c Client) error {
	redirects, err := json.Marshal(c.Redirects)
	if err != nil {
		return err
	}
	leaves, err := json.Marshal(append([]string{}, c.Leaves...))
	if err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO client (id, name, secret, redirects, leaves, hangup, trusted, made_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		c.ID, strings.TrimSpace(c.Name), c.secret, string(redirects), string(leaves), c.Hangup, c.Trusted, tx.Now)
	return err
}

// clientByID gives a client that counts, or db.ErrNone.
func clientByID(tx *db.Tx, id string) (Client, error) {
	return db.One(tx, scanClient, `SELECT `+clientColumns+` FROM client WHERE id = $1 AND revoked_at IS NULL`, id)
}

// Clients lists all clients, newest first.
func Clients(tx *db.Tx) ([]Client, error) {
	return db.All(tx, scanClient, `SELECT `+clientColumns+` FROM client ORDER BY made_at DESC, id`)
}

const passColumns = `id, client, account, epoch, parent, session, code_until, redirect, challenge, nonce, scope, now_scope, amr, acr, auth_at, until, device, ip, user_agent`

func scanPass(r db.Scanner) (p Pass, err error) {
	var scope, now, amr string
	err = r.Scan(&p.ID, &p.Client, &p.Account, &p.Epoch, &p.Parent, &p.Session, db.At(&p.codeUntil), &p.Redirect, &p.challenge, &p.Nonce, &scope, &now, &amr, &p.ACR,
		db.At(&p.AuthAt), db.At(&p.Until), &p.from.Device, &p.from.IP, &p.from.UserAgent)
	p.allowed, p.Scope, p.AMR = strings.Fields(scope), strings.Fields(now), strings.Fields(amr)
	return p, err
}

func insertPass(tx *db.Tx, p Pass, codeHash string) error {
	return tx.Put(`INSERT INTO pass (id, client, account, epoch, parent, session, code_hash, code_until, redirect, challenge, nonce, scope, now_scope, amr, acr, auth_at, until,
			device, ip, user_agent, begun_at)
		VALUES ($1, $2, $3, $4, $5, '', $6, $7, $8, $9, $10, $11, $11, $12, $13, $14, $15, $16, $17, $18, $19)`,
		p.ID, p.Client, p.Account, p.Epoch, p.Parent, codeHash, p.codeUntil, p.Redirect, p.challenge, p.Nonce, strings.Join(p.allowed, " "), strings.Join(p.AMR, " "), p.ACR,
		p.AuthAt, p.Until, p.from.Device, p.from.IP, p.from.UserAgent, tx.Now)
}

// byCode and its like find a pass, or db.ErrNone. Of two who come with one code
// at once the second waits, and sees what the first has done.
func byCode(tx *db.Tx, hash string) (Pass, error) {
	if err := tx.Put(`UPDATE pass SET code_until = code_until WHERE code_hash = $1`, hash); err != nil {
		return Pass{}, err
	}
	return db.One(tx, scanPass, `SELECT `+passColumns+` FROM pass WHERE code_hash = $1`, hash)
}

func bySession(tx *db.Tx, session string) (Pass, error) {
	return db.One(tx, scanPass, `SELECT `+passColumns+` FROM pass WHERE session = $1 AND session <> ''`, session)
}

func byID(tx *db.Tx, id string) (Pass, error) {
	return db.One(tx, scanPass, `SELECT `+passColumns+` FROM pass WHERE id = $1`, id)
}

// exchanged keeps which session a pass became.
func exchanged(tx *db.Tx, id, session string) error {
	return tx.Put(`UPDATE pass SET session = $1 WHERE id = $2`, session, id)
}

func setScope(tx *db.Tx, id string, scope []string) error {
	return tx.Put(`UPDATE pass SET now_scope = $1 WHERE id = $2`, strings.Join(scope, " "), id)
}

// refresh is a refresh token as it is kept.
type refresh struct {
	pass   string
	usedAt time.Time
}

func insertRefresh(tx *db.Tx, hash, pass string) error {
	return tx.Put(`INSERT INTO pass_refresh (hash, pass, made_at) VALUES ($1, $2, $3)`, hash, pass, tx.Now)
}

func refreshOf(tx *db.Tx, hash string) (r refresh, err error) {
	err = tx.Row(`SELECT pass, used_at FROM pass_refresh WHERE hash = $1`, hash).Scan(&r.pass, db.At(&r.usedAt))
	return r, err
}

// spendRefresh uses a refresh token up. Of two who come with it at once the
// second gets false.
func spendRefresh(tx *db.Tx, hash string) (bool, error) {
	n, err := tx.Exec(`UPDATE pass_refresh SET used_at = $1 WHERE hash = $2 AND used_at IS NULL`, tx.Now, hash)
	return n == 1, err
}

// forget drops codes that nobody exchanged and refresh tokens whose time is over.
func forget(tx *db.Tx) error {
	if err := tx.Put(`DELETE FROM pass WHERE session = '' AND code_until < $1`, tx.Now.Add(-time.Hour)); err != nil {
		return err
	}
	return tx.Put(`DELETE FROM pass_refresh WHERE pass IN (SELECT id FROM pass WHERE until < $1)`, tx.Now)
}

// passesOf lists the passes of a client whose time is not over.
func passesOf(tx *db.Tx, client string) ([]Pass, error) {
	return db.All(tx, scanPass, `SELECT `+passColumns+` FROM pass WHERE client = $1 AND session <> '' AND until > $2 ORDER BY begun_at, id`, client, tx.Now)
}
