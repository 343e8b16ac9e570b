package account

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"takeback/internal/db"
	"takeback/internal/fault"
)

// Create makes an account in the present epoch, open and empty.
func Create(tx *db.Tx, id, language string) error {
	return tx.Put(`INSERT INTO account (id, state, epoch, turned, head_seq, head_hash, language, created_at)
		SELECT $1, $2, value, value, 0, '', $3, $4 FROM epoch_sequence WHERE id = 1`, id, Open, language, tx.Now)
}

// scopes is, for the account $1, the newest epoch of a scope that it stands in
// (top), and of one that is held (hold).
const scopes = `(SELECT MAX(epoch) AS top, MAX(CASE WHEN held THEN epoch ELSE 0 END) AS hold FROM (
		SELECT epoch, held FROM scope WHERE id = ''
		UNION ALL SELECT o.epoch, o.held FROM scope_member m JOIN scope o ON o.id = m.scope WHERE m.account = $1) s) f`

func scanAccount(s db.Scanner) (a Account, err error) {
	var turned, top, hold int64
	err = s.Scan(&a.ID, &a.Own, &a.Epoch, &turned, &a.Head, &a.HeadHash, &a.Language, db.At(&a.CreatedAt), db.At(&a.GuardedUntil), &top, &hold)
	a.Epoch, a.State = max(a.Epoch, top), within(a.Own, turned, hold)
	return a, err
}

// Get gives an account, or ErrNone.
func Get(tx *db.Tx, id string) (Account, error) {
	a, err := db.One(tx, scanAccount, `SELECT id, state, epoch, turned, head_seq, head_hash, language, created_at, guarded_until, top, hold
		FROM account, `+scopes+` WHERE id = $1`, id)
	if errors.Is(err, db.ErrNone) {
		err = ErrNone
	}
	return a, err
}

// Known gives those of some ids that are accounts, in their order.
func Known(tx *db.Tx, ids []string) (known []string, err error) {
	there := map[string]bool{}
	for some := range db.AtOnce(ids) {
		args := make([]any, len(some))
		for i, id := range some {
			args[i] = id
		}
		found, err := db.All(tx, db.Scan1[string], db.UnionAll(len(some), `SELECT id FROM account WHERE id = $1`), args...)
		if err != nil {
			return nil, err
		}
		for _, id := range found {
			there[id] = true
		}
	}
	for _, id := range ids {
		if there[id] {
			known = append(known, id)
		}
	}
	return known, nil
}

// After lists accounts by id, those behind one.
func After(tx *db.Tx, id string, limit int) ([]string, error) {
	return db.All(tx, db.Scan1[string], `SELECT id FROM account WHERE id > $1 ORDER BY id LIMIT $2`, id, limit)
}

// ByLogin gives the account that signs in with an address (in normal form), or ErrNone.
func ByLogin(tx *db.Tx, addressKey string) (Account, error) {
	id, err := db.One(tx, db.Scan1[string], `SELECT account FROM contact WHERE address_key = $1 AND slot = 'email' AND until_at IS NULL`, addressKey)
	if errors.Is(err, db.ErrNone) {
		err = ErrNone
	}
	if err != nil {
		return Account{}, err
	}
	return Get(tx, id)
}

// HeldSince lists the accounts that held an address (in normal form) as their sign-in name at any time since t,
// most recent first. A released address is not free at once: whoever registers it could stand in the way of an undo.
func HeldSince(tx *db.Tx, addressKey string, t time.Time) ([]string, error) {
	return db.All(tx, db.Scan1[string], `SELECT account FROM contact WHERE address_key = $1 AND slot = 'email'
		AND (until_at IS NULL OR until_at >= $2) ORDER BY from_at DESC`, addressKey, t)
}

// Advance is the fence of every write. In one statement it checks the epoch (0
// for those whose authority is not bound to one) and the state, its own and that
// of its scopes, takes the next number of the account's history and moves the
// chain on by a commitment. If it returns an error, nothing may be written.
//
// Its row is what orders it against whoever turns the account; against whoever
// fences a scope it is ordered because that is done alone. The account's epoch
// is brought up to its scopes' on the way, which changes nothing that counts.
func Advance(tx *db.Tx, id string, epoch int64, states []State, commitment string) (seq, now int64, hash string, err error) {
	var s [4]State
	copy(s[:], states)
	err = tx.Row(`UPDATE account SET head_seq = head_seq + 1, epoch = CASE WHEN top > epoch THEN top ELSE epoch END,
		head_hash = chain(head_hash, CAST(head_seq + 1 AS TEXT) || ':' || CAST(CASE WHEN top > epoch THEN top ELSE epoch END AS TEXT) || ':' || $7)
		FROM `+scopes+` WHERE id = $1 AND (CAST($2 AS BIGINT) = 0 OR CASE WHEN top > epoch THEN top ELSE epoch END = $2)
		AND CASE WHEN hold > turned AND state <> 'closed' THEN 'frozen' ELSE state END IN ($3, $4, $5, $6)
		RETURNING head_seq, epoch, head_hash`, id, epoch, s[0], s[1], s[2], s[3], commitment).Scan(&seq, &now, &hash)
	if errors.Is(err, db.ErrNone) {
		err = refusal(tx, id)
	}
	return seq, now, hash, err
}

// refusal says why Advance found no row.
func refusal(tx *db.Tx, id string) error {
	if _, err := Get(tx, id); err != nil {
		return err
	}
	return ErrFrozen
}

// NextEpoch draws the next number of the installation's one sequence.
func NextEpoch(tx *db.Tx) (epoch int64, err error) {
	err = tx.Row(`UPDATE epoch_sequence SET value = value + 1 WHERE id = 1 RETURNING value`).Scan(&epoch)
	return epoch, err
}

// EpochTopic is announced with the id of an account whenever authority given for
// it may be over, and with none whenever that of many is.
const EpochTopic = "epoch"

// Turn moves an account into a state and a new epoch, if it is of itself in one
// of the states it may come from: everything given before is over with the
// commit. What was decided about the account alone, and later, counts over what
// holds its scopes: it is held by them no more. Turn returns ErrMoved if the account is in another state. The caller enters it in
// the history, in the same transaction.
func Turn(tx *db.Tx, id string, to State, guardedUntil time.Time, from ...State) (epoch int64, err error) {
	if epoch, err = NextEpoch(tx); err != nil {
		return 0, err
	}
	var s [4]State
	copy(s[:], from)
	n, err := tx.Exec(`UPDATE account SET epoch = $2, turned = $2, state = $3, guarded_until = $4 WHERE id = $1 AND state IN ($5, $6, $7, $8)`,
		id, epoch, to, guardedUntil, s[0], s[1], s[2], s[3])
	if err == nil && n == 0 {
		if err = refusal(tx, id); errors.Is(err, ErrFrozen) {
			err = ErrMoved
		}
	}
	if err != nil {
		return 0, err
	}
	return epoch, tx.Announce(EpochTopic, id)
}

// Release gives up the contacts of an account that its holder has closed: from
// here on its sign-in name is in quarantine, as one that was replaced is.
func Release(tx *db.Tx, id string) error {
	return tx.Put(`UPDATE contact SET until_at = $1 WHERE account = $2 AND until_at IS NULL`, tx.Now, id)
}

// Relax ends the watch over a guarded account. Its epoch stays, and so do the
// sessions of its holder. It returns ErrMoved if the account is not guarded.
func Relax(tx *db.Tx, id string) error {
	n, err := tx.Exec(`UPDATE account SET state = $2, guarded_until = NULL WHERE id = $1 AND state = $3`, id, Open, Guarded)
	if err == nil && n == 0 {
		err = ErrMoved
	}
	if err != nil {
		return err
	}
	return tx.Announce(EpochTopic, id) // who remembers the state must ask again
}

// ErrMoved says that an account is not in the state it was thought to be in.
var ErrMoved = fault.New(fault.Conflict, "account.moved", "The state of this account has changed meanwhile. Please look again.")

// SetLanguage keeps the language its holder reads.
func SetLanguage(tx *db.Tx, id, language string) error {
	return tx.Put(`UPDATE account SET language = $2 WHERE id = $1`, id, language)
}

func scanFact(s db.Scanner) (f Fact, err error) {
	err = s.Scan(&f.Path, db.JSON(&f.Value), &f.Seq, db.At(&f.Since))
	return f, err
}

// Facts lists what is true of an account now, by path.
func Facts(tx *db.Tx, id string) ([]Fact, error) {
	return db.All(tx, scanFact, `SELECT path, value, seq, since FROM fact WHERE account = $1 ORDER BY path`, id)
}

// FactAt gives the fact at a path; one without a value if there is none.
func FactAt(tx *db.Tx, id, path string) (Fact, error) {
	f, err := db.One(tx, scanFact, `SELECT path, value, seq, since FROM fact WHERE account = $1 AND path = $2`, id, path)
	if errors.Is(err, db.ErrNone) {
		return Fact{Path: path}, nil
	}
	return f, err
}

func scanContact(s db.Scanner) (c Contact, err error) {
	err = s.Scan(&c.Account, &c.Slot, &c.Version, &c.Address, &c.SetSeq, db.At(&c.From), db.At(&c.Until), db.At(&c.ConfirmedAt), db.At(&c.BadAt))
	return c, err
}

const contactColumns = `account, slot, version, address, set_seq, from_at, until_at, confirmed_at, bad_at`

// Contacts lists every version of every contact an account ever had, oldest first.
func Contacts(tx *db.Tx, id string) ([]Contact, error) {
	return db.All(tx, scanContact, `SELECT `+contactColumns+` FROM contact WHERE account = $1 ORDER BY set_seq`, id)
}

// Holding lists the accounts that had an address (in normal form) as a contact in a time.
func Holding(tx *db.Tx, addressKey string, from, until time.Time) ([]string, error) {
	return db.All(tx, db.Scan1[string], `SELECT DISTINCT account FROM contact
		WHERE address_key = $1 AND from_at < $3 AND (until_at IS NULL OR until_at >= $2) ORDER BY account`, addressKey, from, until)
}

// TakenSince tells whether another account came to have an address (in normal form) as a contact since a time, and
// has it still. Who shared it all along has not taken it.
func TakenSince(tx *db.Tx, addressKey, own string, t time.Time) (taken bool, err error) {
	err = tx.Row(`SELECT EXISTS (SELECT 1 FROM contact WHERE address_key = $1 AND account <> $2 AND until_at IS NULL AND from_at >= $3)`,
		addressKey, own, t).Scan(&taken)
	return taken, err
}

// Discredit keeps that the contact which a change had set is the intruder's, or in his hands: from
// here on no letter and no way back in goes there.
func Discredit(tx *db.Tx, id string, setSeq int64) error {
	return tx.Put(`UPDATE contact SET bad_at = $1 WHERE account = $2 AND set_seq = $3 AND bad_at IS NULL`, tx.Now, id, setSeq)
}

// Credit takes back what Discredit kept since a time: it was a false alarm.
func Credit(tx *db.Tx, id string, setSeq int64, since time.Time) error {
	return tx.Put(`UPDATE contact SET bad_at = NULL WHERE account = $1 AND set_seq = $2 AND bad_at >= $3`, id, setSeq, since)
}

func scanSecret(s db.Scanner) (x Secret, err error) {
	err = s.Scan(&x.Account, &x.Slot, &x.Version, &x.SecretID, &x.Stored, &x.SetSeq, db.At(&x.From), db.At(&x.Until))
	return x, err
}

// Secrets lists every version of every secret an account ever had, oldest first.
func Secrets(tx *db.Tx, id string) ([]Secret, error) {
	return db.All(tx, scanSecret, `SELECT account, slot, version, secret_id, stored, set_seq, from_at, until_at
		FROM secret WHERE account = $1 ORDER BY set_seq`, id)
}

// SecretIn gives the present secret of a slot; one without a version if there is none.
func SecretIn(tx *db.Tx, id, slot string) (Secret, error) {
	x, err := db.One(tx, scanSecret, `SELECT account, slot, version, secret_id, stored, set_seq, from_at, until_at
		FROM secret WHERE account = $1 AND slot = $2 AND until_at IS NULL`, id, slot)
	if errors.Is(err, db.ErrNone) {
		return Secret{Account: id, Slot: slot}, nil
	}
	return x, err
}

// Written is what Store makes true. Only package history calls Store.
type Written struct {
	Account    string
	Path       string
	Algebra    Algebra
	Value      json.RawMessage // nil: absent
	Seq        int64
	Version    string // of a secret or contact
	SecretID   string
	Stored     string
	AddressKey string // of a contact
	Confirmed  bool   // of a contact: the holder proved to receive there
}

// Store makes a change true: the fact, and the version of a contact or secret.
func Store(tx *db.Tx, w Written) error {
	if w.Algebra == ContactOf || w.Algebra == SecretOf {
		if err := storeVersion(tx, w); err != nil {
			return err
		}
	}
	if w.Value == nil {
		return tx.Put(`DELETE FROM fact WHERE account = $1 AND path = $2`, w.Account, w.Path)
	}
	return tx.Put(`INSERT INTO fact (account, path, value, seq, since) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (account, path) DO UPDATE SET value = excluded.value, seq = excluded.seq, since = excluded.since`,
		w.Account, w.Path, w.Value, w.Seq, tx.Now)
}

func storeVersion(tx *db.Tx, w Written) error {
	table := "secret"
	if w.Algebra == ContactOf {
		table = "contact"
	}
	// The cast keeps SQLite from asking, at every new slot, whether the index of sign-in names would suit: it plans anew each time.
	if err := tx.Put(`UPDATE `+table+` SET until_at = $1 WHERE account = $2 AND slot = CAST($3 AS TEXT) AND until_at IS NULL`,
		tx.Now, w.Account, w.Path); err != nil || w.Value == nil {
		return err
	}
	if w.Algebra == SecretOf {
		return tx.Put(`INSERT INTO secret (account, slot, version, secret_id, stored, set_seq, from_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			w.Account, w.Path, w.Version, w.SecretID, w.Stored, w.Seq, tx.Now)
	}
	var address string
	if err := json.Unmarshal(w.Value, &address); err != nil {
		return fmt.Errorf("a contact's value is its address: %w", err)
	}
	var confirmed time.Time
	if w.Confirmed {
		confirmed = tx.Now
	}
	return tx.Put(`INSERT INTO contact (account, slot, version, address, address_key, set_seq, from_at, confirmed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		w.Account, w.Path, w.Version, address, w.AddressKey, w.Seq, tx.Now, confirmed)
}

// StoreConfirmed keeps that somebody proved to receive at the present contact of a slot. Only package history calls it.
func StoreConfirmed(tx *db.Tx, id, slot string) error {
	return tx.Put(`UPDATE contact SET confirmed_at = $1 WHERE account = $2 AND slot = $3 AND until_at IS NULL`, tx.Now, id, slot)
}

// StoreUsed keeps what a secret needs to remember after use: the last step of a TOTP seed, the codes left.
func StoreUsed(tx *db.Tx, id, slot, stored string) error {
	return tx.Put(`UPDATE secret SET stored = $1 WHERE account = $2 AND slot = $3 AND until_at IS NULL`, stored, id, slot)
}

// StoreRehashed keeps a stronger hash of a secret that stays what it is. A version that was
// followed by another one meanwhile keeps its own.
func StoreRehashed(tx *db.Tx, id, slot, version, stored string) error {
	return tx.Put(`UPDATE secret SET stored = $1 WHERE account = $2 AND slot = $3 AND version = $4 AND until_at IS NULL`, stored, id, slot, version)
}
