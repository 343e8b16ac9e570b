package holder

import (
	"net/http"
	"net/url"
	"slices"

	"takeback/internal/access"
	"takeback/internal/pass"
	"takeback/internal/web"
)

// connectPath is where a service sends people who are to sign in there with their account here.
const (
	connectPath = "/connect"
	leavePath   = connectPath + "/leave"
)

func (p *Pages) connectRoutes() []web.Route {
	if p.Passes == nil {
		return nil
	}
	return append(slices.Concat(
		route(connectPath, access.Public, p.connect, p.consent),
		route(leavePath, access.Public, p.leave, p.leaveNow),
	), web.Route{Method: "POST", Path: connectPath + "/again", Permission: access.Public, Handler: p.signInAgain})
}

var (
	consentPage = web.NewView[consentView](pages, "connect")
	againPage   = web.NewView[connectView](pages, "connect-again")
	onwardsPage = web.NewView[onwardsView](pages, "connect-onwards")
	leavePage   = web.NewView[connectView](pages, "connect-leave")
)

// connectView is what all these pages carry along: the wrapped request, and who asks.
type connectView struct {
	web.Page
	Wrapped string
	Service string
}

type consentView struct {
	connectView
	Knows []string // what the service will know, in words
	Stays bool     // it stays signed in while the browser does not ask again
}

type onwardsView struct {
	web.Page
	Service, To string
}

// connect takes somebody who comes from a service on: to sign in, to be asked, or back with a code.
func (p *Pages) connect(w http.ResponseWriter, r *http.Request) error {
	wrapped, who := r.URL.Query().Get("request"), web.ActorOf(r)
	a, err := p.Passes.Arrive(r.Context(), who, wrapped)
	if err != nil {
		return err
	}
	if a.Refusal != "" {
		return p.back(w, r, a, url.Values{"error": {a.Refusal}})
	}
	switch a.Step {
	case pass.SignIn:
		// The way back goes by a form. A browser would not follow it on to the service: see onwards.
		return goTo(w, r, "/sign-in?"+query("return", connectPath+"?"+query("request", wrapped)+"&form=1"))
	case pass.Again:
		return againPage.Render(w, r, connectView{web.NewPage(r, "connect.again.title"), wrapped, a.Client.Name})
	case pass.Ask:
		v := consentView{connectView: connectView{web.NewPage(r, "connect.title", a.Client.Name), wrapped, a.Client.Name}, Stays: slices.Contains(a.Request.Scope, pass.Offline)}
		v.Knows = append(v.Knows, v.T("connect.knows.id"))
		for _, scope := range []string{pass.Profile, pass.Email} {
			if slices.Contains(a.Request.Scope, scope) {
				v.Knows = append(v.Knows, v.T("connect.knows."+scope))
			}
		}
		return consentPage.Render(w, r, v)
	}
	code, err := p.Passes.Begin(r.Context(), who, a.Request)
	if err != nil {
		return err
	}
	return p.back(w, r, a, url.Values{"code": {code}})
}

// back leads to the service with an answer.
func (p *Pages) back(w http.ResponseWriter, r *http.Request, a pass.Arrived, answer url.Values) error {
	if a.Request.State != "" {
		answer.Set("state", a.Request.State)
	}
	mark := "?"
	if u, err := url.Parse(a.Request.Redirect); err == nil && u.RawQuery != "" {
		mark = "&"
	}
	return onwards(w, r, a.Client.Name, a.Request.Redirect+mark+answer.Encode())
}

// onwards leads to another site, one that a service was registered with. Where a
// form of ours led here (form=1), browsers forbid that by the form's policy, which
// is to keep a stolen page from sending what is typed elsewhere. So a page stands
// between, which goes on by itself.
func onwards(w http.ResponseWriter, r *http.Request, service, to string) error {
	if r.Method == http.MethodGet && r.URL.Query().Get("form") == "" {
		http.Redirect(w, r, to, http.StatusSeeOther)
		return nil
	}
	w.Header().Set("Refresh", "0; url="+to)
	return onwardsPage.Render(w, r, onwardsView{web.NewPage(r, "connect.onwards.title", service), service, to})
}

// consent takes the answer of a holder who was asked.
func (p *Pages) consent(w http.ResponseWriter, r *http.Request) error {
	f := web.FormOf(r)
	wrapped, answer := f.Text("request", 4000), f.Choice("answer", "yes", "no")
	if err := f.Err(); err != nil {
		return err
	}
	who := web.ActorOf(r)
	a, err := p.Passes.Arrive(r.Context(), who, wrapped)
	if err != nil {
		return err
	}
	if answer == "no" {
		return p.back(w, r, a, url.Values{"error": {"access_denied"}})
	}
	if a.Step == pass.Ask {
		if wrapped, err = p.Passes.Allow(who, a.Request); err != nil {
			return err
		}
	}
	return goTo(w, r, connectPath+"?"+query("request", wrapped)+"&form=1")
}

// signInAgain ends the session of somebody whom a service wants to sign in anew.
func (p *Pages) signInAgain(w http.ResponseWriter, r *http.Request) error {
	f := web.FormOf(r)
	wrapped := f.Text("request", 4000)
	if err := f.Err(); err != nil {
		return err
	}
	if err := p.signOutHere(w, r); err != nil {
		return err
	}
	return goTo(w, r, "/sign-in?"+query("return", connectPath+"?"+query("request", wrapped)+"&form=1"))
}

// leave signs somebody out who signed out at a service. If the service named this
// browser's session, nothing is asked; else anybody could sign people out by a link.
func (p *Pages) leave(w http.ResponseWriter, r *http.Request) error {
	wrapped, who := r.URL.Query().Get("request"), web.ActorOf(r)
	l, err := p.Passes.Leaving(wrapped)
	if err != nil {
		return err
	}
	if who.Role != access.Holder {
		return p.gone(w, r, l)
	}
	if l.Parent != who.Session {
		return leavePage.Render(w, r, connectView{web.NewPage(r, "connect.leave.title"), wrapped, ""})
	}
	if err := p.signOutHere(w, r); err != nil {
		return err
	}
	return p.gone(w, r, l)
}

// leaveNow signs out somebody who was asked.
func (p *Pages) leaveNow(w http.ResponseWriter, r *http.Request) error {
	f := web.FormOf(r)
	wrapped := f.Text("request", 4000)
	if err := f.Err(); err != nil {
		return err
	}
	l, err := p.Passes.Leaving(wrapped)
	if err != nil {
		return err
	}
	if err := p.signOutHere(w, r); err != nil {
		return err
	}
	return p.gone(w, r, l)
}

// gone leads back to the service, or to our own sign-in.
func (p *Pages) gone(w http.ResponseWriter, r *http.Request, l pass.Leaving) error {
	if l.To == "" {
		return web.Done(w, r, "/sign-in", "signed-out")
	}
	c, err := p.Passes.Client(r.Context(), l.Client)
	if err != nil {
		return err
	}
	return onwards(w, r, c.Name, l.To)
}
