package sms

import (
	"slices"
	"strings"
	"time"

	"takeback/internal/fault"
)

// Purpose is what a code is for. The text says it, so that nobody reads a code out to a caller who wants another thing.
type Purpose string

// The purposes.
const (
	SignIn  Purpose = "sign-in"
	Confirm Purpose = "confirm"
	Prove   Purpose = "prove"
	Recover Purpose = "recover"
)

var purposes = map[string]map[Purpose]string{
	"en": {SignIn: "sign in", Confirm: "confirm this number", Prove: "show that the account is yours", Recover: "get back into your account"},
	"ja": {SignIn: "ログイン", Confirm: "この番号の確認", Prove: "ご本人の確認", Recover: "アカウントの復旧"},
}

// The errors of texts.
var (
	ErrNumber = fault.New(fault.Invalid, "sms.number", "We cannot send a text message to this number.").On("phone")
	ErrOften  = fault.New(fault.TooMany, "sms.often", "Too many text messages went to this number. Please wait, or use another way.").After(time.Hour)
)

// How many texts go to one number and for one account. Each costs money, and
// there are people who live by having them sent to numbers of their own.
const (
	toNumberInHour = 5
	toNumberInDay  = 10
	forAccount     = 15 // in a day
)

// often tells whether no further text may go now. at are the times of the ones
// that went to the number in the last day, account how many went for the account.
func often(at []time.Time, account int, now time.Time) bool {
	lately := 0
	for _, t := range at {
		if now.Sub(t) < time.Hour {
			lately++
		}
	}
	return lately >= toNumberInHour || len(at) >= toNumberInDay || account >= forAccount
}

// words is the text itself. Its last line is the form in which a telephone
// offers the code to the page of that host and to no other: a page that looks
// like ours is not offered it.
func words(service, host, language string, p Purpose, code string) string {
	what, known := purposes[language][p]
	if !known {
		language, what = "en", purposes["en"][p]
	}
	text := service + ": " + code + " is your code to " + what + ". It is good for 10 minutes. Tell nobody, not even us."
	if language == "ja" {
		text = "【" + service + "】" + what + "用のコードは " + code + " です。有効期限は10分です。当社の者を含め、誰にも教えないでください。"
	}
	return text + "\n\n@" + host + " #" + code
}

// international writes a number as gateways take it, with + and the country. A
// national number is one of the house's own country. It is refused outside of
// the countries that texts may go to.
func international(number, country string, countries []string) (string, error) {
	if national, ok := strings.CutPrefix(number, "0"); ok {
		number = "+" + country + national
	}
	digits, ok := strings.CutPrefix(number, "+")
	if !ok || len(digits) < 8 || len(digits) > 15 || strings.Trim(digits, "0123456789") != "" {
		return "", ErrNumber
	}
	if !slices.ContainsFunc(countries, func(c string) bool { return strings.HasPrefix(digits, c) }) {
		return "", ErrNumber
	}
	return number, nil
}

// verdict is what an attempt came to.
type verdict int

const (
	taken   verdict = iota
	later           // nobody can be texted now, or not so many
	refused         // this text will never be taken
)

// verdictOf reads the status of a gateway's answer. Only an answer about the
// number or the text is final: a gateway that does not know our secret or has no
// such path is a fault of the house, which somebody will mend.
func verdictOf(status int) verdict {
	switch {
	case status >= 200 && status < 300, status == 409: // 409: it has this key already
		return taken
	case status == 400, status == 410, status == 413, status == 422:
		return refused
	}
	return later
}
