package console

import (
	"net/http"
	"slices"
	"strings"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/casefile"
	"takeback/internal/verify"
	"takeback/internal/web"
)

// Asking tells whether the holder can be asked: proved, and the account held still.
func (v caseView) Asking() bool {
	held := v.File.Account.State == account.Frozen || v.File.Account.State == account.Restoring
	return v.Askable && held && !v.File.Step.Over() && v.Script.Verdict.Return
}

// AskBy are the addresses to which the link may go.
func (v caseView) AskBy() []verify.Channel {
	return slices.DeleteFunc(slices.Clone(v.Script.Mail), func(c verify.Channel) bool { return c.Exposed })
}

// AskLog is what became of the links that were sent, newest first.
func (v caseView) AskLog() (all []casefile.Entry) {
	for _, e := range v.Log() {
		if len(all) < 5 && (strings.HasPrefix(e.What, "ask.") || strings.HasPrefix(e.What, "said.")) {
			all = append(all, e)
		}
	}
	return all
}

// askHolder sends the holder the link to the questions. Nobody here ever sees it.
func (p *Pages) askHolder(w http.ResponseWriter, r *http.Request) error {
	return p.inCase(w, r, func(r *http.Request, f *web.Form, by access.Actor, id string, _ int64) (string, error) {
		version := f.Text("version", 60)
		if err := f.Err(); err != nil {
			return "", err
		}
		return "asked", p.Asker.Invite(r.Context(), by, id, version)
	})
}
