package holder

import (
	"io"
	"net/http"
	"slices"

	"takeback/internal/access"
	"takeback/internal/session"
	"takeback/internal/signin"
	"takeback/internal/web"
)

func (p *Pages) signInRoutes() []web.Route {
	return slices.Concat(
		p.passkeySignInRoutes(),
		route("/sign-in", access.Public, p.showSignIn, p.signIn),
		route("/sign-in/second", access.Public, p.showSecond, p.second),
		route("/sign-in/second/mailed", access.Public, p.showMailed, p.second),
		[]web.Route{{Method: "GET", Path: "/sign-in/device", Permission: access.Public, Handler: p.challenge}},
		[]web.Route{{Method: "POST", Path: "/sign-out", Permission: access.Public, Handler: p.signOut}},
	)
}

var (
	signInPage = web.NewView[signInView](pages, "sign-in")
	secondPage = web.NewView[signInView](pages, "second")
)

// returnMost is how long the way back may be: a service's request is wrapped in it, or what was typed into a form.
const returnMost = 8000

type signInView struct {
	web.Page
	Mailed bool     // the second step is a code that was mailed
	Key    *keyForm // nil: there are no passkeys
	Code   bool     // the second step may be a code
	Gate   web.GateView
}

func (p *Pages) showSignIn(w http.ResponseWriter, r *http.Request) error {
	if who := web.ActorOf(r); who.Role == access.Holder {
		return goTo(w, r, web.Return(r, "/"))
	}
	v := signInView{Page: web.NewPage(r, "sign-in.title")}
	if p.Life.Passkeys != nil {
		v.Key = p.keyForm(v.Page, "/sign-in/passkey", "/sign-in/passkey/ask", "sign-in.passkey")
		v.Key.Device = "/sign-in/device"
	}
	if gate := p.signInGate(r); gate != nil {
		var err error
		if v.Gate, err = gate.Ask(toSignIn); err != nil {
			return err
		}
	}
	return signInPage.Render(w, r, v)
}

func (p *Pages) signIn(w http.ResponseWriter, r *http.Request) error {
	f := web.FormOf(r)
	email, password := f.Text("email", 254), f.Secret("password")
	answer := deviceAnswer(f)
	f.Optional("return", returnMost)
	if err := f.Err(); err != nil {
		return err
	}
	if err := p.passSignIn(r, f, email); err != nil {
		return err
	}
	web.KeepDevice(w, r)
	client := web.ClientOf(r)
	client.Proof = p.Life.Sessions.ProveDevice(client.Device, answer)
	e, err := p.Life.SignIn(r.Context(), email, password, client)
	if is(err, signin.ErrHeld) {
		return held(w, r)
	}
	if err != nil {
		return err
	}
	if e.Device != client.Device {
		web.RenewDevice(w, r, e.Device)
	}
	if e.Second != "" {
		set(w, &http.Cookie{Name: secondCookie, Value: e.Second})
		where := "/sign-in/second"
		if e.Mailed {
			where += "/mailed"
		}
		return goTo(w, r, where+returning(r))
	}
	return p.signedInto(w, r, e)
}

// signedInto keeps the session and leads on: back to where somebody came from, or
// to choosing another password, if this one is on the lists that intruders try.
func (p *Pages) signedInto(w http.ResponseWriter, r *http.Request, e signin.Entered) error {
	p.keepSession(w, r, e.Session, e.Token)
	home := "/"
	if e.Listed {
		home = "/account/password"
	}
	return goTo(w, r, web.Return(r, home))
}

// deviceAnswer reads what the key of the browser signed.
func deviceAnswer(f *web.Form) session.Answer {
	return session.Answer{Challenge: f.Optional("device-challenge", 400), Key: f.Optional("device-key", 200), Signature: f.Optional("device-signature", 200)}
}

// challenge gives the browser what it is to sign with its key. It is text and no
// page, asked for when the form is sent, so that it need not live long.
func (p *Pages) challenge(w http.ResponseWriter, r *http.Request) error {
	text, err := p.Life.Sessions.Challenge(web.KeepDevice(w, r))
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, err = io.WriteString(w, text)
	return err
}

// held sends the person whose account is held still to where help is. Only who
// knows the password comes here.
func held(w http.ResponseWriter, r *http.Request) error {
	drop(w, secondCookie)
	return goTo(w, r, "/help?why="+signin.ErrHeld.Code)
}

// returning hands the way back on from one step of signing in to the next.
func returning(r *http.Request) string {
	if path := web.Return(r, ""); path != "" {
		return "?" + query("return", path)
	}
	return ""
}

func (p *Pages) showSecond(w http.ResponseWriter, r *http.Request) error {
	cookie, err := r.Cookie(secondCookie)
	if err != nil {
		return goTo(w, r, "/sign-in")
	}
	o, err := p.Life.Offers(r.Context(), cookie.Value, web.ClientOf(r))
	if is(err, signin.ErrSecondOver) {
		return over(w, r)
	}
	if err != nil {
		return err
	}
	v := signInView{Page: web.NewPage(r, "second.title"), Code: o.App || o.Codes}
	if o.Key {
		v.Key = p.keyForm(v.Page, "/sign-in/second/passkey", "/sign-in/second/ask", "second.passkey")
	}
	return secondPage.Render(w, r, v)
}

// showMailed is showSecond for a code that came by mail.
func (p *Pages) showMailed(w http.ResponseWriter, r *http.Request) error {
	if _, err := r.Cookie(secondCookie); err != nil {
		return goTo(w, r, "/sign-in")
	}
	return secondPage.Render(w, r, signInView{Page: web.NewPage(r, "second.title"), Mailed: true, Code: true})
}

func (p *Pages) second(w http.ResponseWriter, r *http.Request) error {
	f := web.FormOf(r)
	code := f.Secret("code")
	f.Optional("return", returnMost)
	if err := f.Err(); err != nil {
		return err
	}
	cookie, err := r.Cookie(secondCookie)
	if err != nil {
		return over(w, r)
	}
	e, err := p.Life.SecondStep(r.Context(), cookie.Value, code.Reveal(), web.ClientOf(r))
	return p.entered(w, r, e, err)
}

// over begins the sign-in anew.
func over(w http.ResponseWriter, r *http.Request) error {
	drop(w, secondCookie)
	return goTo(w, r, "/sign-in?why="+signin.ErrSecondOver.Code)
}

// signOut works for everybody: a browser whose session is over keeps no cookie either.
func (p *Pages) signOut(w http.ResponseWriter, r *http.Request) error {
	if err := p.signOutHere(w, r); err != nil {
		return err
	}
	return web.Done(w, r, "/sign-in", "signed-out")
}

// signOutHere ends this browser's session.
func (p *Pages) signOutHere(w http.ResponseWriter, r *http.Request) error {
	if who := web.ActorOf(r); who.Role == access.Holder {
		if err := p.Life.SignOut(r.Context(), who); err != nil && !is(err, signin.ErrNoSession) {
			return err
		}
	}
	drop(w, sessionCookie)
	return nil
}
