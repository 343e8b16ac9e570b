package holder

import (
	"context"
	"embed"
	"net/http"
	"slices"
	"time"

	"takeback/internal/access"
	"takeback/internal/ask"
	"takeback/internal/fault"
	"takeback/internal/pass"
	"takeback/internal/session"
	"takeback/internal/signin"
	"takeback/internal/web"
)

//go:embed templates/*.html words*.txt
var files embed.FS

var pages = web.NewTemplates("holder", files)

// Protection tells what a case has done to what an account holds.
type Protection interface {
	// Unusable gives the paths of cards that must be entered again before they pay.
	Unusable(ctx context.Context, account string) (map[string]bool, error)
	// HeldPaths gives the paths of orders that are held.
	HeldPaths(ctx context.Context, account string) (map[string]bool, error)
}

// Pages are the pages of account holders.
type Pages struct {
	Life       *signin.Life
	Puzzle     *web.Puzzle
	Gate       web.Gate // in front of mass requests: the puzzle, or a proof of work
	Waves      Waves    // may be nil: then nobody who signs in is asked for more
	Protection Protection
	Asker      *ask.Asker // may be nil: then holders are asked nothing
	Judged     Judged
	Places     Places       // may be nil: then pages give addresses alone
	Passes     *pass.Passes // may be nil: then no service has people sign in here
	Alarm
}

// Site builds the face. c says what belongs to the installation: brand, proxies, log, clock.
func (p *Pages) Site(c web.Config) *web.Site {
	c.Face, c.Templates, c.SignIn, c.Home, c.Who, c.Renew, c.Frame = "holder", pages, "/sign-in", "/", p.Who, p.renew, p.Frame
	c.Instead = p.instead()
	return web.NewSite(c, p.Routes()...)
}

// instead has what pages say where the operator asks for more or for less than is usual.
func (p *Pages) instead() map[string]string {
	said := map[string]string{}
	if p.Life.AnyComposition {
		said["field.new.hint"], said["rules.length"] = "field.new.hint.any", "rules.length.any"
	}
	if p.Life.AlwaysSecond { // nothing is unusual about a sign-in that is asked for a code
		said["second.mailed"] = "second.mailed.always"
	}
	return said
}

// Routes is the table of contents of the face.
func (p *Pages) Routes() []web.Route {
	return slices.Concat(
		p.homeRoutes(), p.registerRoutes(), p.signInRoutes(), p.resetRoutes(),
		p.securityRoutes(), p.reachRoutes(), p.twoStepRoutes(), p.historyRoutes(), p.dataRoutes(), p.closeRoutes(),
		p.personRoutes(), p.passwordRoutes(), p.addressRoutes(), p.cardRoutes(), p.orderRoutes(),
		p.Puzzle.Routes(), p.challengeRoutes(), p.alarmRoutes(), p.recoveryRoutes(), p.connectRoutes(),
	)
}

// The cookies of this face besides the shell's. The prefix makes browsers refuse
// them from any other host or path, so that nobody can plant one.
const (
	sessionCookie = "__Host-session"
	secondCookie  = "__Host-second"
	// browserCookie tells the browser that registered from the one in which the letter is opened.
	browserCookie = "__Host-registering"
)

// Who tells whose session a request belongs to.
func (p *Pages) Who(r *http.Request) (access.Actor, error) {
	if inRecovery(r.URL.Path) {
		return p.recovering(r)
	}
	cookie, err := r.Cookie(sessionCookie)
	if err != nil {
		return access.Actor{}, nil // no cookie: a stranger
	}
	client := web.ClientOf(r)
	found, err := p.Life.Sessions.CheckFrom(r.Context(), cookie.Value, client)
	if err != nil {
		return access.Actor{}, err
	}
	if found.Limited { // whose cookie was put into another's place
		return access.Actor{}, nil
	}
	a, _, err := p.Life.Facts(r.Context(), found.Actor(client))
	who := found.Actor(client)
	who.Client.Language = a.Language
	return who, err
}

// Frame is the navigation around every page.
func (p *Pages) Frame(r *http.Request, who access.Actor) web.Frame {
	f := web.Frame{Foot: []web.NavItem{
		{Path: "/help", Key: "foot.help"}, {Path: "/check-letter", Key: "foot.letter"}, {Path: "/report-phishing", Key: "foot.phishing"},
	}}
	if who.Role != access.Holder {
		return f
	}
	if who.Limited { // no name: it may be what the intruder wrote
		f.SignOut = recoveryPath + "/leave"
		return f
	}
	f.SignOut = "/sign-out"
	if _, facts, err := p.Life.Facts(r.Context(), who); err == nil { // a page without the name is better than none
		f.Name = facts["name"].Text()
	}
	f.Nav = []web.NavItem{
		{Path: "/", Key: "nav.home", Icon: "home"}, {Path: "/security", Key: "nav.security", Icon: "lock"}, {Path: "/history", Key: "nav.history", Icon: "history"},
		{Path: "/messages", Key: "nav.messages", Icon: "mail"}, {Path: "/account/orders", Key: "nav.orders", Icon: "box"},
	}
	return f
}

// keepSession gives the browser its session, in place of any it had: a session
// that somebody planted before the sign-in must not become the holder's.
func (p *Pages) keepSession(w http.ResponseWriter, r *http.Request, s session.Session, token string) {
	if before := web.ActorOf(r); before.Role == access.Holder {
		_ = p.Life.SignOut(r.Context(), before) // it may be over by now, which is what we want
	}
	// A span and not a date: the clock of a telephone may be wrong.
	set(w, &http.Cookie{Name: sessionCookie, Value: token, MaxAge: int(s.ExpiresAt.Sub(s.OpenedAt) / time.Second)})
	drop(w, secondCookie)
}

// renew gives the browser a new session cookie after its holder proved who he is
// again: whoever has a copy of the former one must not profit from that.
func (p *Pages) renew(w http.ResponseWriter, r *http.Request) {
	cookie, err := r.Cookie(sessionCookie)
	if err != nil {
		return
	}
	token, s, err := p.Life.Sessions.Renew(r.Context(), cookie.Value)
	if err != nil || token == "" {
		return // the session ended with this very request, or it stays as it is
	}
	set(w, &http.Cookie{Name: sessionCookie, Value: token, MaxAge: int(s.ExpiresAt.Sub(p.Life.DB.Now()) / time.Second)})
}

func set(w http.ResponseWriter, c *http.Cookie) {
	c.Path, c.Secure, c.HttpOnly, c.SameSite = "/", true, true, http.SameSiteLaxMode
	http.SetCookie(w, c)
}

func drop(w http.ResponseWriter, name string) { set(w, &http.Cookie{Name: name, MaxAge: -1}) }

// route makes two routes of a page with a form.
func route(path string, need access.Permission, get, post web.Handler) []web.Route {
	return []web.Route{{Method: "GET", Path: path, Permission: need, Handler: get}, {Method: "POST", Path: path, Permission: need, Handler: post}}
}

// goTo redirects after a POST without a sentence to say.
func goTo(w http.ResponseWriter, r *http.Request, path string) error { return web.Done(w, r, path, "") }

// is tells whether the public part of an error is a fault.
func is(err error, f *fault.Error) bool { return err != nil && fault.Public(err).Code == f.Code }
