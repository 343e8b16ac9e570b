package holder

import (
	"net/http"

	"takeback/internal/access"
	"takeback/internal/wave"
	"takeback/internal/web"
)

// Waves tells how the door stands. Room wave is one.
type Waves interface {
	Stands(access.Client) wave.Level
}

// What a gate can stand in front of. An answer for one opens no other.
const (
	toRegister = "register"
	toSignIn   = "sign-in"
	toReset    = "reset"
	toContact  = "contact"
	toPhishing = "report-phishing"
)

// Gated lists what a challenge can be asked for.
var Gated = []string{toRegister, toSignIn, toContact, toPhishing}

// challengeRoutes are those of the gate, if it is not the puzzle, whose routes there are anyway.
func (p *Pages) challengeRoutes() []web.Route {
	if proof, ok := p.Gate.(*web.Proof); ok {
		return proof.Routes()
	}
	return nil
}

// gate is what a page shows whose form may be sent in masses. The browser works
// out its proof in any case; the picture comes only when so much is sent that
// something must be shown.
func (p *Pages) gate(r *http.Request, what string) (web.GateView, error) {
	v, err := p.Gate.Ask(what)
	if err == nil && !p.Life.Massed(what, web.ClientOf(r)) {
		v.Puzzle = ""
	}
	return v, err
}

// pass lets a form through as long as few are sent, from one address, from one
// network and in all; then only with an answer.
func (p *Pages) pass(r *http.Request, f *web.Form, what string) error {
	if p.Life.Mass(what, web.ClientOf(r)) {
		return p.Gate.Check(r, f, what)
	}
	return nil
}

// signInGate is what whoever signs in is asked for: nothing, unless many
// accounts are tried with stolen passwords just now.
func (p *Pages) signInGate(r *http.Request) web.Gate {
	if p.Waves == nil {
		return nil
	}
	switch p.Waves.Stands(web.ClientOf(r)) {
	case wave.Rising:
		return p.Gate
	case wave.High:
		return p.Puzzle
	}
	return nil
}

// passSignIn asks for it. A device that signed in to the account before is asked
// for nothing: a wave must cost the guesser, not the holder.
func (p *Pages) passSignIn(r *http.Request, f *web.Form, email string) error {
	gate := p.signInGate(r)
	if gate == nil {
		return nil
	}
	known, err := p.Life.Remembers(r.Context(), email, web.ClientOf(r))
	if err != nil || known {
		return err
	}
	return gate.Check(r, f, toSignIn)
}
