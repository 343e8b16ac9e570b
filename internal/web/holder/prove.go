package holder

import (
	"encoding/json"
	"net/http"
	"slices"

	"takeback/internal/access"
	"takeback/internal/seal"
	"takeback/internal/signin"
	"takeback/internal/web"
)

func (p *Pages) proveRoutes() []web.Route {
	const page = "/security/prove"
	return slices.Concat(route(page, access.OwnAccount, p.showProve, p.prove), []web.Route{
		{Method: "POST", Path: page + "/password", Permission: access.OwnAccount, Handler: p.provePassword, Back: page},
		{Method: "POST", Path: page + "/ask", Permission: access.OwnAccount, Handler: p.askProof, Back: page},
		{Method: "POST", Path: page + "/passkey", Permission: access.OwnAccount, Handler: p.proveKey, Back: page},
	})
}

var provePage = web.NewView[proveView](pages, "prove")

type proveView struct {
	web.Page
	Key      *keyForm // nil: there is no passkey to present
	Code     bool     // of the app, or a saved one
	Password bool     // there is nothing stronger
	Guarded  bool     // what waits in the account would be lifted
}

func (p *Pages) showProve(w http.ResponseWriter, r *http.Request) error {
	f, err := p.Life.Factors(r.Context(), web.ActorOf(r))
	if err != nil {
		return err
	}
	v := proveView{Page: web.NewPage(r, "prove.title"), Code: !f.TwoStep.IsZero() || f.Codes > 0, Password: !f.Strong()}
	v.Guarded = v.ReturnTo() == ""
	if f.Keys > 0 && p.Life.Passkeys != nil {
		v.Key = p.keyForm(v.Page, "/security/prove/passkey", "/security/prove/ask", "prove.passkey")
	}
	return provePage.Render(w, r, v)
}

func (p *Pages) prove(w http.ResponseWriter, r *http.Request) error {
	f := web.FormOf(r)
	code := f.Secret("code")
	f.Optional("return", returnMost)
	if err := f.Err(); err != nil {
		return err
	}
	lifted, err := p.Life.Lift(r.Context(), web.ActorOf(r), code.Reveal())
	if err != nil {
		return err
	}
	return p.proved(w, r, lifted)
}

func (p *Pages) provePassword(w http.ResponseWriter, r *http.Request) error {
	f := web.FormOf(r)
	password := f.Secret("password")
	f.Optional("return", returnMost)
	if err := f.Err(); err != nil {
		return err
	}
	if err := p.Life.ProvePassword(r.Context(), web.ActorOf(r), password); err != nil {
		return err
	}
	return goTo(w, r, web.Return(r, "/security"))
}

func (p *Pages) askProof(w http.ResponseWriter, r *http.Request) error {
	options, err := p.Life.AskProof(r.Context(), web.ActorOf(r))
	return asked(w, options, err)
}

func (p *Pages) proveKey(w http.ResponseWriter, r *http.Request) error {
	answer, err := answerOf(web.FormOf(r))
	if err != nil {
		return err
	}
	lifted, err := p.Life.LiftKey(r.Context(), web.ActorOf(r), answer)
	if err != nil {
		return err
	}
	return p.proved(w, r, lifted)
}

// proved goes back to where the proof was wanted.
func (p *Pages) proved(w http.ResponseWriter, r *http.Request, lifted bool) error {
	back := web.Return(r, "")
	if back == "" {
		return web.Done(w, r, "/security", map[bool]string{true: "lifted", false: "not-lifted"}[lifted])
	}
	s, err := p.Life.Standing(r.Context(), web.ActorOf(r), signin.ActContact)
	if err != nil {
		return err
	}
	if s.Missing { // right, but too new to count
		return web.Done(w, r, "/security/prove?"+query("return", back), "not-strong")
	}
	return goTo(w, r, back)
}

// careful makes the two routes of a form whose act wants a proof that is fresh
// and strong enough. Whoever lacks it is sent to give it, and comes back to what he had typed.
func (p *Pages) careful(path string, act signin.Act, get, post web.Handler) []web.Route {
	return route(path, access.OwnAccount, p.after(act, get), p.first(post))
}

// first sends whoever must prove first to where he can; what he typed goes with
// him, sealed for this session and page, and no secret is in it.
func (p *Pages) first(post web.Handler) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		err := post(w, r)
		if !is(err, signin.ErrProve) {
			return err
		}
		back := web.BackOf(r)
		if typed := web.TypedIn(r); len(typed) > 0 {
			text, err := json.Marshal(typed)
			if err != nil {
				return err
			}
			sealed, err := p.Life.Seal.Seal(typedOn(r, back), seal.NewSecret(string(text)))
			if err != nil {
				return err
			}
			back += "?" + query("kept", sealed)
		}
		return goTo(w, r, "/security/prove?"+query("return", back)+"&"+query("why", signin.ErrProve.Code))
	}
}

func typedOn(r *http.Request, path string) string {
	return "typed " + web.ActorOf(r).Session + " " + path
}

// after shows a form to whoever has proved enough, as he had typed it before that.
func (p *Pages) after(act signin.Act, get web.Handler) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if web.Posted(r) {
			return get(w, r) // again, with what was wrong
		}
		s, err := p.Life.Standing(r.Context(), web.ActorOf(r), act)
		if err != nil {
			return err
		}
		if s.Missing {
			return goTo(w, r, "/security/prove?"+query("return", r.URL.RequestURI())+"&"+query("why", signin.ErrProve.Code))
		}
		return p.filled(get)(w, r)
	}
}

// filled shows a form as it was typed before its sender had to prove who he is.
func (p *Pages) filled(get web.Handler) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		p.refill(r)
		return get(w, r)
	}
}

// refill fills a form with what was typed before; what is not ours is as if it were not there.
func (p *Pages) refill(r *http.Request) {
	kept := r.URL.Query().Get("kept")
	if kept == "" {
		return
	}
	text, err := p.Life.Seal.Unseal(typedOn(r, r.URL.Path), kept)
	var typed map[string]string
	if err == nil && json.Unmarshal([]byte(text.Reveal()), &typed) == nil {
		web.Refill(r, typed)
	}
}

// password reads the password that an act asks for again; who has just presented a passkey need not give it.
func (p *Pages) password(r *http.Request, f *web.Form, act signin.Act, field string) (seal.Secret, error) {
	s, err := p.Life.Standing(r.Context(), web.ActorOf(r), act)
	if err != nil || !s.Password {
		return seal.Secret{}, err
	}
	return f.Secret(field), nil
}

// asks tells whether a form asks for the password.
func (p *Pages) asks(r *http.Request, act signin.Act) (bool, error) {
	s, err := p.Life.Standing(r.Context(), web.ActorOf(r), act)
	return s.Password, err
}
