package account

import (
	"errors"

	"takeback/internal/db"
	"takeback/internal/fault"
)

// Installation is the scope in which every account stands.
const Installation = ""

// Scope is what many accounts stand in. It is fenced by its one row, however many they are.
type Scope struct {
	ID    string
	Epoch int64 // of its last fence or reopening; 0 if there was none
	Held  bool  // its accounts count as frozen, but for those that were turned later
}

// The errors of scopes.
var (
	ErrNoScope = fault.New(fault.NotFound, "scope.none", "There is no such group of accounts.")
	errAlone   = errors.New("account: scopes are fenced, opened and joined in DB.Alone: a writer under way would not know")
)

// NewScope makes an empty scope that nobody holds.
func NewScope(tx *db.Tx, id string) error {
	return tx.Put(`INSERT INTO scope (id, epoch, held) VALUES ($1, 0, FALSE)`, id)
}

func scanScope(s db.Scanner) (o Scope, err error) {
	err = s.Scan(&o.ID, &o.Epoch, &o.Held)
	return o, err
}

// ScopeOf gives a scope, or ErrNoScope.
func ScopeOf(tx *db.Tx, id string) (Scope, error) {
	o, err := db.One(tx, scanScope, `SELECT id, epoch, held FROM scope WHERE id = $1`, id)
	if errors.Is(err, db.ErrNone) {
		err = ErrNoScope
	}
	return o, err
}

// Join puts accounts into a scope, where they stay. One that was fenced before
// takes somebody in only while nobody else writes: it may end his sessions.
func Join(tx *db.Tx, scope string, accounts ...string) error {
	o, err := ScopeOf(tx, scope)
	if err != nil {
		return err
	}
	if o.Epoch > 0 && !tx.Alone() {
		return errAlone
	}
	for _, id := range accounts {
		if err := tx.Put(`INSERT INTO scope_member (account, scope) VALUES ($1, $2) ON CONFLICT (account, scope) DO NOTHING`, id, scope); err != nil {
			return err
		}
	}
	if o.Epoch == 0 {
		return nil
	}
	return tx.Announce(EpochTopic, "")
}

// Members lists the accounts of a scope in the order of their ids, after one of
// them, at most limit. Everybody stands in the Installation; it has no list.
func Members(tx *db.Tx, scope, after string, limit int) ([]string, error) {
	return db.All(tx, db.Scan1[string], `SELECT account FROM scope_member WHERE scope = $1 AND account > $2 ORDER BY account LIMIT $3`, scope, after, limit)
}

// ScopesOf lists the scopes that an account joined.
func ScopesOf(tx *db.Tx, id string) ([]string, error) {
	return db.All(tx, db.Scan1[string], `SELECT scope FROM scope_member WHERE account = $1`, id)
}

// InScope tells whether an account joined a scope.
func InScope(tx *db.Tx, scope, id string) (in bool, err error) {
	err = tx.Row(`SELECT EXISTS (SELECT 1 FROM scope_member WHERE scope = $1 AND account = $2)`, scope, id).Scan(&in)
	return in, err
}

// Fence holds all accounts of a scope still, with one row: with the commit
// nothing that was given before has authority in any of them.
func Fence(tx *db.Tx, scope string) (epoch int64, err error) { return moveScope(tx, scope, true) }

// Reopen ends the hold of a scope. Its accounts are what they are of
// themselves again, in a new epoch: nothing of before comes back.
func Reopen(tx *db.Tx, scope string) (epoch int64, err error) { return moveScope(tx, scope, false) }

func moveScope(tx *db.Tx, scope string, held bool) (epoch int64, err error) {
	if !tx.Alone() {
		return 0, errAlone
	}
	if epoch, err = NextEpoch(tx); err != nil {
		return 0, err
	}
	n, err := tx.Exec(`UPDATE scope SET epoch = $2, held = $3 WHERE id = $1`, scope, epoch, held)
	if err == nil && n == 0 {
		err = ErrNoScope
	}
	if err != nil {
		return 0, err
	}
	return epoch, tx.Announce(EpochTopic, "") // whoever remembers a session asks again
}
