package signin

import (
	"strings"
	"time"

	"takeback/internal/access"
	"takeback/internal/fault"
	"takeback/internal/seal"

	zxcvbn "github.com/ccojocar/zxcvbn-go"
	"golang.org/x/text/unicode/norm"
)

// perTyping is how often one address may have passwords weighed: many times what
// a person types, and little work.
var perTyping = limit{200, 15 * time.Minute}

// Estimate is how hard a new password is to guess.
type Estimate struct {
	Level int            // 0: it would not be taken; 1 to 3: it would, as far as can be told here
	Why   []*fault.Error // what is wrong with it at level 0
}

// Estimate weighs a password that somebody is still typing. It knows of the
// account only what he has typed himself: otherwise whoever took a session could
// ask it for the holder's addresses, letter by letter. Nothing that lies outside is asked and
// nothing is kept. One is weighed at a time, so that a flood of them takes one core at most.
func (l *Life) Estimate(typed seal.Secret, about []string, client access.Client) (Estimate, error) {
	if err := l.tries.take(l.DB.Now(), "estimates from "+client.Net(), perTyping); err != nil {
		return Estimate{}, err
	}
	if !l.estimating.TryLock() {
		return Estimate{}, seal.ErrBusy
	}
	defer l.estimating.Unlock()
	return estimate(typed, against{personal: about, service: l.words(), any: l.AnyComposition}), nil
}

// estimate is the whole of it. The levels above 0 are the estimator's own.
func estimate(password seal.Secret, k against) Estimate {
	if err := checkPassword("", password, k); err != nil {
		return Estimate{Why: fault.All(err)}
	}
	text := head(romaji(strings.ToLower(norm.NFKC.String(password.Reveal()))), estimated)
	return Estimate{Level: zxcvbn.PasswordStrength(text, append(personalParts(k.personal), japanese...)).Score - enough + 1}
}
