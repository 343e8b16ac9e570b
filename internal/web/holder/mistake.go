package holder

import (
	"net/http"

	"takeback/internal/casefile"
	"takeback/internal/seal"
	"takeback/internal/web"
)

// undo lets the account of a case go for whoever types the password and a code of the app.
func (p *Pages) undo(w http.ResponseWriter, r *http.Request) error {
	f, id := web.FormOf(r), r.PathValue("case")
	password, code := f.Secret("password"), f.Text("code", 20)
	if err := f.Err(); err != nil {
		return err
	}
	who, err := p.reporter(r)
	if err != nil {
		return err
	}
	if err := p.Undo.EnterApp(r.Context(), id, who, password, seal.NewSecret(code)); err != nil {
		return err
	}
	return web.Done(w, r, "/contact/"+id, "case.undone")
}

// reporter gives who has the page of a case open. A stranger hears that there is no such case.
func (p *Pages) reporter(r *http.Request) (string, error) {
	if p.Undo == nil || p.Keys == nil {
		return "", casefile.ErrNone
	}
	return p.Intake.Who(r.Context(), r.PathValue("case"), caseToken(r), web.ClientOf(r))
}

// askCaseKey tells the browser what to ask its passkey.
func (p *Pages) askCaseKey(w http.ResponseWriter, r *http.Request) error {
	web.KeepDevice(w, r) // the answer must come from the same browser
	who, err := p.reporter(r)
	if err != nil {
		return err
	}
	options, err := p.Keys.AskKey(r.Context(), r.PathValue("case"), who, web.ClientOf(r).Device)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	_, err = w.Write(options)
	return err
}

// enterKey takes the answer of the passkey, and lets the account go if that is wished and enough.
func (p *Pages) enterKey(w http.ResponseWriter, r *http.Request) error {
	f, id := web.FormOf(r), r.PathValue("case")
	answer, wish := f.Secret("answer"), f.Optional("wish", 10)
	if err := f.Err(); err != nil {
		return err
	}
	who, err := p.reporter(r)
	if err != nil {
		return err
	}
	undone, err := p.Keys.EnterKey(r.Context(), id, who, web.ClientOf(r).Device, answer.Reveal(), wish == "undo")
	if err != nil {
		return err
	}
	code := "case.code"
	if undone {
		code = "case.undone"
	}
	return web.Done(w, r, "/contact/"+id, code)
}
