package seal

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"time"

	"takeback/internal/db"
	"takeback/internal/fault"
)

// Link is a one-time authority: whoever has its token may do one thing, for one
// account, once, until it expires or the account's epoch is over.
type Link struct {
	Purpose   string
	Account   string // may be empty: registration has none yet
	Epoch     int64  // of the account when it was given
	Data      json.RawMessage
	MadeAt    time.Time
	ExpiresAt time.Time
	UsedAt    time.Time // zero if unused
	VoidAt    time.Time // zero unless taken back
	hash      string
}

// Read puts the link's data into v.
func (l Link) Read(v any) error { return json.Unmarshal(l.Data, v) }

// The errors of links. To a stranger they are one: the page says the same.
var (
	ErrNoLink   = fault.New(fault.NotFound, "link.unknown", "This link is not valid. It may have been used already, or it has expired.")
	ErrUsed     = fault.New(fault.Conflict, "link.used", "This link was used already.")
	ErrExpired  = fault.New(fault.NotFound, "link.expired", "This link has expired.")
	ErrOldEpoch = fault.New(fault.Frozen, "link.over", "This link no longer counts: the account was stopped after it was made.")
)

// Issue makes a link that lasts for ttl and gives its token, which is nowhere kept.
func (k *Keeper) Issue(tx *db.Tx, purpose, account string, epoch int64, ttl time.Duration, data any) (token string, err error) {
	token = NewToken()
	return token, k.put(tx, token, purpose, account, epoch, ttl, data)
}

// IssueCode makes a six-digit code bound to a request: who asks must name both.
func (k *Keeper) IssueCode(tx *db.Tx, purpose, request, account string, epoch int64, ttl time.Duration, data any) (code string, err error) {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return "", err
	}
	code = fmt.Sprintf("%06d", n)
	return code, k.put(tx, request+" "+code, purpose, account, epoch, ttl, data)
}

func (k *Keeper) put(tx *db.Tx, token, purpose, account string, epoch int64, ttl time.Duration, data any) error {
	text, err := json.Marshal(data)
	if err != nil {
		return err
	}
	return tx.Put(`INSERT INTO link (hash, purpose, account, epoch, data, made_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		k.Hash(purpose, token), purpose, account, epoch, string(text), tx.Now, tx.Now.Add(ttl))
}

// Peek shows what a token is for without using it: a GET must not act (mail
// scanners open links). It finds used, void and expired links too; Check judges.
func (k *Keeper) Peek(tx *db.Tx, purpose, token string) (Link, error) {
	l := Link{Purpose: purpose, hash: k.Hash(purpose, token)}
	err := tx.Row(`SELECT account, epoch, data, made_at, expires_at, used_at, void_at FROM link WHERE hash = $1`, l.hash).
		Scan(&l.Account, &l.Epoch, db.JSON(&l.Data), db.At(&l.MadeAt), db.At(&l.ExpiresAt), db.At(&l.UsedAt), db.At(&l.VoidAt))
	if errors.Is(err, db.ErrNone) {
		err = ErrNoLink
	}
	return l, err
}

// Check tells why a link does not count at a time and in an epoch; nil if it does.
// An epoch of 0 is not compared: a report needs no standing authority.
func (l Link) Check(now time.Time, epoch int64) error {
	switch {
	case !l.UsedAt.IsZero():
		return ErrUsed
	case !now.Before(l.ExpiresAt):
		return ErrExpired
	case !l.VoidAt.IsZero():
		return ErrOldEpoch
	case epoch != 0 && l.Epoch != epoch:
		return ErrOldEpoch
	}
	return nil
}

// Spend uses a link up, in the transaction of what it allows. Of two who come
// at once one hears ErrUsed.
func (k *Keeper) Spend(tx *db.Tx, l Link) error {
	n, err := tx.Exec(`UPDATE link SET used_at = $1 WHERE hash = $2 AND used_at IS NULL AND void_at IS NULL AND expires_at > $1`, tx.Now, l.hash)
	if err == nil && n == 0 {
		err = ErrUsed
	}
	return err
}

// Void takes back an account's unused links; with no purpose named, all of them but reports,
// which must still reach a person.
func Void(tx *db.Tx, account string, purposes ...string) error {
	if len(purposes) == 0 {
		return tx.Put(`UPDATE link SET void_at = $1 WHERE account = $2 AND used_at IS NULL AND void_at IS NULL AND purpose <> $3`,
			tx.Now, account, NotMe)
	}
	for _, p := range purposes {
		if err := tx.Put(`UPDATE link SET void_at = $1 WHERE account = $2 AND purpose = $3 AND used_at IS NULL AND void_at IS NULL`,
			tx.Now, account, p); err != nil {
			return err
		}
	}
	return nil
}

// VoidBefore takes back the unused links that were given before an epoch, but
// for those that give access to nobody: reports and the page of a case.
func VoidBefore(tx *db.Tx, account string, epoch int64) error {
	return tx.Put(`UPDATE link SET void_at = $1 WHERE account = $2 AND epoch < $3 AND purpose NOT IN ($4, $5) AND used_at IS NULL AND void_at IS NULL`,
		tx.Now, account, epoch, NotMe, CaseLink)
}

// LivingBefore counts the links that VoidBefore would take back.
func LivingBefore(tx *db.Tx, account string, epoch int64) (n int, err error) {
	err = tx.Row(`SELECT COUNT(*) FROM link WHERE account = $1 AND epoch < $2 AND purpose NOT IN ($3, $4) AND used_at IS NULL AND void_at IS NULL`,
		account, epoch, NotMe, CaseLink).Scan(&n)
	return n, err
}

// The purposes of links, in one place so that two rooms cannot mean different things by one word.
const (
	NotMe       = "not-me"       // stops the account; gives access to nobody
	Register    = "register"     // confirms the address of a registration
	ConfirmMail = "confirm-mail" // confirms a new address
	Reset       = "reset"        // sets a new password
	Recover     = "recover"      // begins the way back in without a second factor
	Recovered   = "recovered"    // ends it: sets a new password
	RecoverStop = "recover-stop" // stops it; gives access to nobody
	CaseLink    = "case"         // shows a case to the person who reported it
	Questions   = "questions"    // opens a limited session for a holder who answers questions
	FirstStaff  = "first-staff"  // makes the first supervisor
	Invitation  = "invitation"   // lets a new member of staff set a password
	SignInCode  = "sign-in-code" // six digits to a contact, bound to a sign-in
	Code        = "code"         // six digits to a contact, bound to a request
)
