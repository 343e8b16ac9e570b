package signin

import (
	"context"
	"strings"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/seal"

	"golang.org/x/text/unicode/norm"
)

// exposed tells whether a right password is on a list that intruders try. Only
// what lies on this machine is asked: a sign-in waits for nobody outside, and no
// service is told a digit of what somebody signs in with. A filter that cannot
// be asked has said nothing; the next new password says so in the log.
func (l *Life) exposed(password seal.Secret) bool {
	if common()[strings.ToLower(norm.NFKC.String(password.Reveal()))] {
		return true
	}
	if l.Breach == nil {
		return false
	}
	found, err := l.Breach.Here(password)
	return found && err == nil
}

// tellListed tells the holder, once for each password, that it is on a list. Who
// had the right password is not thereby the holder, so it is every contact that hears.
func (l *Life) tellListed(tx *db.Tx, password account.Secret, from access.Client) error {
	if l.Witness == nil {
		return nil
	}
	return l.Witness.TellListed(tx, password.Account, password.From, from)
}

// Listed tells whether the present password of one's own account was found on a
// list when it was signed in with.
func (l *Life) Listed(ctx context.Context, who access.Actor) (listed bool, err error) {
	defer fault.Wrap(&err, "signin.Listed")
	err = l.DB.Read(ctx, func(tx *db.Tx) error {
		listed, err = l.toldListed(tx, who.Account)
		return err
	})
	return listed, err
}

func (l *Life) toldListed(tx *db.Tx, accountID string) (bool, error) {
	if l.Witness == nil {
		return false, nil
	}
	password, err := account.SecretIn(tx, accountID, "password")
	if err != nil || password.Version == "" {
		return false, err
	}
	return l.Witness.ToldListed(tx, accountID, password.From)
}
