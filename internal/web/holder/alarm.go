package holder

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"

	"takeback/internal/access"
	"takeback/internal/notice"
	"takeback/internal/report"
	"takeback/internal/seal"
	"takeback/internal/web"
)

// Prover takes a code that the desk sent, or one that the holder kept on paper;
// package verify is one.
type Prover interface {
	EnterAs(ctx context.Context, caseID, reporter, code string) error
	EnterSaved(ctx context.Context, caseID, reporter string, code seal.Secret) error
}

// Mistakes lets a holder undo a freeze that was a mistake; package verify does.
type Mistakes interface {
	// Undoable tells whether the page offers it, and whether with passkeys.
	Undoable(ctx context.Context, caseID string) (may, keys bool, err error)
	// EnterApp takes the password and a code of the app.
	EnterApp(ctx context.Context, caseID, reporter string, password, code seal.Secret) error
}

// CaseKeys takes a passkey as a proof in a case; package verify does.
type CaseKeys interface {
	AskKey(ctx context.Context, caseID, reporter, device string) (options json.RawMessage, err error)
	EnterKey(ctx context.Context, caseID, reporter, device, answer string, undo bool) (undone bool, err error)
}

// sentDigits is how long a code is that we send; saved ones are longer.
const sentDigits = 6

// Alarm is what the pages for a person in trouble need. They work without
// sign-in and while the account is held still.
type Alarm struct {
	Intake *report.Intake
	Teller *notice.Teller
	Verify Prover   // may be nil: then nobody is asked for codes
	Undo   Mistakes // may be nil: then nobody undoes a freeze himself
	Keys   CaseKeys // goes with Undo
}

// alarmRoutes lists the pages for a person in trouble.
func (p *Pages) alarmRoutes() []web.Route {
	return slices.Concat(p.notMeRoutes(), p.helpRoutes(), p.contactRoutes(), p.caseRoutes(), p.letterRoutes(), p.messagesRoutes())
}

// caseCookie holds the token of a case's page, so that it stands in no address
// that is shown, copied or logged.
const caseCookie = "__Host-case"

// keepCase lets the browser into the page of a case.
func keepCase(w http.ResponseWriter, token string) {
	set(w, &http.Cookie{Name: caseCookie, Value: token, MaxAge: 60 * 24 * 3600})
}

func caseToken(r *http.Request) string {
	c, err := r.Cookie(caseCookie)
	if err != nil {
		return ""
	}
	return c.Value
}

// public makes a page that everybody may see, with its form.
func public(path string, get, post web.Handler) []web.Route {
	return route(path, access.Public, get, post)
}
