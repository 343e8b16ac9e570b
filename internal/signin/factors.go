package signin

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/history"
	"takeback/internal/seal"
)

const (
	enrolFor  = 30 * time.Minute
	codeCount = 10
	codeBytes = 15 // 120 bits each: nobody guesses one, so a keyed hash keeps it
)

// The faults of enrolling.
var (
	ErrNoEnrolment = fault.New(fault.Conflict, "two-step.over", "Setting this up took too long. Please begin again.")
	ErrNoTwoStep   = fault.New(fault.Conflict, "two-step.off", "Two-step sign-in is not on.")
)

// storedSeed is how an authenticator's seed is kept: sealed, with the last step
// whose code was used, so that a code seen over a shoulder cannot be used again.
type storedSeed struct {
	Seed string `json:"seed"`
	Last int64  `json:"last"`
}

// storedCodes are the hashes of the saved codes that are left.
type storedCodes struct {
	Left []string `json:"left"`
}

// BeginTwoStep makes a seed for an authenticator app, also in place of the one
// that there is. It counts for nothing until ConfirmTwoStep has seen a code of it.
func (l *Life) BeginTwoStep(ctx context.Context, who access.Actor, password seal.Secret) (err error) {
	defer fault.Wrap(&err, "signin.BeginTwoStep(%s)", who.Account)
	f, err := l.Factors(ctx, who)
	if err != nil {
		return err
	}
	_, factors, err := l.proved(ctx, who, enrolling(f), Again{"password", password})
	if err != nil {
		return err
	}
	return l.change(ctx, who, factors, func(tx *db.Tx) error {
		sealed, err := l.Seal.Seal(sealSeed(who.Account), seal.NewSeed())
		if err != nil {
			return err
		}
		return keepEnrolment(tx, who, sealed, tx.Now.Add(enrolFor))
	})
}

// enrolling tells which act it is to set an app up: another one in its place takes the former away.
func enrolling(f Factors) Act {
	if f.TwoStep.IsZero() {
		return ActEnrol
	}
	return ActDrop
}

func sealSeed(accountID string) string { return "totp " + accountID }

// Enrolment is what an authenticator app needs, shown while two-step sign-in is being set up.
type Enrolment struct {
	Seed seal.Secret // to type by hand
	QR   []byte      // PNG, to photograph
}

// Enrolment gives the seed that BeginTwoStep made in this session, or ErrNoEnrolment.
func (l *Life) Enrolment(ctx context.Context, who access.Actor) (e Enrolment, err error) {
	defer fault.Wrap(&err, "signin.Enrolment(%s)", who.Account)
	var p person
	err = l.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if p, err = load(tx, who.Account); err != nil {
			return err
		}
		e.Seed, err = l.enrolledSeed(tx, who)
		return err
	})
	if err != nil {
		return e, err
	}
	e.QR, err = seal.Picture(seal.AppAddress(l.Service, p.email, e.Seed))
	return e, err
}

func (l *Life) enrolledSeed(tx *db.Tx, who access.Actor) (seal.Secret, error) {
	sealed, err := enrolmentOf(tx, who)
	if errors.Is(err, db.ErrNone) {
		return seal.Secret{}, ErrNoEnrolment
	}
	if err != nil {
		return seal.Secret{}, err
	}
	return l.Seal.Unseal(sealSeed(who.Account), sealed)
}

// ConfirmTwoStep turns two-step sign-in on, once a code proves that the app has the seed.
func (l *Life) ConfirmTwoStep(ctx context.Context, who access.Actor, code string) (err error) {
	defer fault.Wrap(&err, "signin.ConfirmTwoStep(%s)", who.Account)
	if err := l.tries.take(l.DB.Now(), "code "+who.Account, perAccount); err != nil {
		return err
	}
	return l.DB.Write(ctx, func(tx *db.Tx) error {
		seed, err := l.enrolledSeed(tx, who)
		if err != nil {
			return err
		}
		if err := l.mayReplace(tx, who); err != nil {
			return err
		}
		step, err := stepOf(seed, code, tx.Now, 0)
		if err != nil {
			return err
		}
		sealed, err := l.Seal.Seal(sealSeed(who.Account), seed)
		if err != nil {
			return err
		}
		stored, err := json.Marshal(storedSeed{Seed: sealed, Last: step})
		if err != nil {
			return err
		}
		_, err = l.append(tx, who, history.Entry{Verb: history.Credential, Path: "totp", SecretID: l.Seal.SecretID(who.Account, seed), Stored: string(stored)})
		if err != nil {
			return err
		}
		return dropEnrolment(tx, who)
	})
}

// mayReplace refuses to put an app in place of another without a strong proof:
// the other may have come since this one was begun.
func (l *Life) mayReplace(tx *db.Tx, who access.Actor) error {
	there, err := account.SecretIn(tx, who.Account, "totp")
	if err != nil || there.Version == "" {
		return err
	}
	now, err := shownIn(tx, who)
	if err == nil && !now.strong {
		err = ErrProve
	}
	return err
}

// EndTwoStep removes the authenticator app. It wants the password and a code or
// passkey, now or lately: a stolen session and password alone must not be enough.
func (l *Life) EndTwoStep(ctx context.Context, who access.Actor, password seal.Secret, code string) (err error) {
	defer fault.Wrap(&err, "signin.EndTwoStep(%s)", who.Account)
	act := ActDrop
	if code != "" {
		act = ActOther // the code is the strong proof, below
		if err := l.tries.take(l.DB.Now(), "code "+who.Account, perAccount); err != nil {
			return err
		}
	}
	_, factors, err := l.proved(ctx, who, act, Again{"password", password})
	if err != nil {
		return err
	}
	return l.change(ctx, who, factors, func(tx *db.Tx) error {
		there, err := account.SecretIn(tx, who.Account, "totp")
		if err != nil {
			return err
		}
		if there.Version == "" {
			return ErrNoTwoStep
		}
		if code != "" {
			if err := l.useCode(tx, who, code); err != nil {
				return err
			}
			if now, err := shownIn(tx, who); err != nil || !now.strong {
				return cmp.Or[error](err, ErrProve)
			}
		}
		return l.drop(tx, who, "totp")
	})
}

// MakeCodes makes ten saved codes in place of those there were. They are given
// here and never again.
func (l *Life) MakeCodes(ctx context.Context, who access.Actor, password seal.Secret) (codes []seal.Secret, err error) {
	defer fault.Wrap(&err, "signin.MakeCodes(%s)", who.Account)
	_, factors, err := l.proved(ctx, who, ActEnrol, Again{"password", password})
	if err != nil {
		return nil, err
	}
	var stored storedCodes
	var all strings.Builder
	for range codeCount {
		code := newCode()
		codes = append(codes, seal.NewSecret(code))
		stored.Left = append(stored.Left, l.codeHash(who.Account, code))
		all.WriteString(code)
	}
	text, err := json.Marshal(stored)
	if err != nil {
		return nil, err
	}
	err = l.change(ctx, who, factors, func(tx *db.Tx) error {
		_, err := l.append(tx, who, history.Entry{Verb: history.Credential, Path: "codes", SecretID: l.Seal.SecretID(who.Account, seal.NewSecret(all.String())), Stored: string(text)})
		return err
	})
	return codes, err
}

// codeText has no letter that is read as a digit, and no digit that is read as a letter.
var codeText = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

func newCode() string {
	var b [codeBytes]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	var groups []string
	for four := range slices.Chunk([]byte(codeText.EncodeToString(b[:])), 4) {
		groups = append(groups, string(four))
	}
	return strings.Join(groups, "-")
}

// codeHash reads a saved code as people write it: capitals, spaces, an O for a zero.
func (l *Life) codeHash(accountID, code string) string {
	return l.Seal.Hash("saved-code", accountID+" "+strings.NewReplacer("-", "", " ", "", "o", "0", "i", "1", "l", "1").Replace(strings.ToLower(code)))
}

// stepOf is seal.AppStep for a field of a form: ErrCode if the code is wrong or was used.
func stepOf(seed seal.Secret, code string, now time.Time, last int64) (int64, error) {
	step, err := seal.AppStep(seed, code, now, last)
	if err == nil && step == 0 {
		err = ErrCode.On("code")
	}
	return step, err
}

// checkCode finds which factor a code is of. use uses it up; it must be called
// in the same transaction, after an entry of the account has locked its row.
func (l *Life) checkCode(tx *db.Tx, accountID, code string) (f history.Factor, use func(*db.Tx) error, err error) {
	code = seal.Typed(code)
	path, proof := "codes", "code"
	if len(code) == 6 {
		path, proof = "totp", "totp"
	}
	secret, _, err := l.afterCode(tx, accountID, path, code)
	if err != nil {
		return f, nil, err
	}
	f = history.Factor{Path: path, Version: secret.Version, Proof: proof}
	use = func(tx *db.Tx) error {
		// Read again under the lock: of two who present one code at once, one comes too late.
		now, again, err := l.afterCode(tx, accountID, path, code)
		if err != nil {
			return err
		}
		if now.Version != secret.Version {
			return ErrCode.On("code")
		}
		return account.StoreUsed(tx, accountID, path, again)
	}
	return f, use, nil
}

// afterCode checks a code against what a slot holds now, and gives what the
// slot must remember once the code is used.
func (l *Life) afterCode(tx *db.Tx, accountID, path, code string) (account.Secret, string, error) {
	secret, err := account.SecretIn(tx, accountID, path)
	if err != nil {
		return secret, "", err
	}
	if secret.Version == "" {
		return secret, "", ErrCode.On("code")
	}
	if path == "totp" {
		after, err := l.afterTOTP(secret, code, tx.Now)
		return secret, after, err
	}
	var stored storedCodes
	if err := json.Unmarshal([]byte(secret.Stored), &stored); err != nil {
		return secret, "", err
	}
	hash, left := l.codeHash(accountID, code), []string{}
	for _, h := range stored.Left {
		if subtle.ConstantTimeCompare([]byte(h), []byte(hash)) != 1 {
			left = append(left, h)
		}
	}
	if len(left) == len(stored.Left) {
		return secret, "", ErrCode.On("code")
	}
	after, err := json.Marshal(storedCodes{left})
	return secret, string(after), err
}

func (l *Life) afterTOTP(secret account.Secret, code string, now time.Time) (string, error) {
	var stored storedSeed
	if err := json.Unmarshal([]byte(secret.Stored), &stored); err != nil {
		return "", err
	}
	seed, err := l.Seal.Unseal(sealSeed(secret.Account), stored.Seed)
	if err != nil {
		return "", err
	}
	if stored.Last, err = stepOf(seed, code, now, stored.Last); err != nil {
		return "", err
	}
	after, err := json.Marshal(stored)
	return string(after), err
}

// useCode checks a code in a session, uses it up and enters the factor.
func (l *Life) useCode(tx *db.Tx, who access.Actor, code string) error {
	f, use, err := l.checkCode(tx, who.Account, code)
	if err != nil {
		return err
	}
	return l.show(tx, who, f, use)
}

// keepStrong remembers for the session that a strong factor was presented in it.
func (l *Life) keepStrong(tx *db.Tx, who access.Actor, f history.Factor) error {
	return insertStrong(tx, who.Account, who.Session, f.Path, f.Version)
}

// Factors is how an account can be signed in to.
type Factors struct {
	PasswordSince time.Time
	TwoStep       time.Time // since when; zero if off
	Codes         int       // saved codes left
	CodesSince    time.Time
	Keys          int // passkeys
}

// Strong tells whether there is more than a password.
func (f Factors) Strong() bool { return !f.TwoStep.IsZero() || f.Keys > 0 }

// Factors tells how one's own account can be signed in to.
func (l *Life) Factors(ctx context.Context, who access.Actor) (f Factors, err error) {
	err = l.DB.Read(ctx, func(tx *db.Tx) error {
		secrets, err := account.Secrets(tx, who.Account)
		for _, s := range secrets {
			if !s.Until.IsZero() {
				continue
			}
			if strings.HasPrefix(s.Slot, keyPath) {
				f.Keys++
			}
			switch s.Slot {
			case "password":
				f.PasswordSince = s.From
			case "totp":
				f.TwoStep = s.From
			case "codes":
				var stored storedCodes
				err = errors.Join(err, json.Unmarshal([]byte(s.Stored), &stored))
				f.Codes, f.CodesSince = len(stored.Left), s.From
			}
		}
		return err
	})
	return f, err
}
