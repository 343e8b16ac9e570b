package signin

import (
	"time"

	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/mail"
	"takeback/internal/sms"
)

// purposes say in a letter what its code is for; a text has words of its own.
var purposes = map[sms.Purpose]map[string]string{
	sms.SignIn:  {"en": "to sign in", "ja": "ログインする"},
	sms.Confirm: {"en": "to confirm that you receive here", "ja": "こちらで受け取れることを確認する"},
	sms.Recover: {"en": "to get back into your account", "ja": "アカウントを復旧する"},
}

// reaches tells whether a code can be sent to a contact at all: not to an
// address that today's rules refuse, and to a telephone only where somebody sends texts.
func (l *Life) reaches(c account.Contact) bool {
	if c.Mail() {
		_, err := mail.ParseAddress(c.Address)
		return err == nil
	}
	return l.Texts != nil && l.Texts.Takes(c.Address)
}

// sendCode sends a code to a contact that reaches says yes of.
func (l *Life) sendCode(tx *db.Tx, a account.Account, to account.Contact, p sms.Purpose, code string, until time.Time) error {
	if !to.Mail() {
		return l.Texts.Queue(tx, sms.Message{Account: a.ID, Number: to.Address, Masked: mail.Mask(to.Address), Language: a.Language, Purpose: p, Code: code, Until: until})
	}
	address, err := mail.ParseAddress(to.Address)
	if err != nil {
		return err
	}
	_, err = l.Post.Queue(tx, mail.Letter{Account: a.ID, To: address, Language: a.Language, Body: mail.Code{Code: code, Until: until, Purpose: purposes[p][a.Language]}})
	return err
}
