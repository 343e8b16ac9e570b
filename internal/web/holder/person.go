package holder

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/mail"
	"takeback/internal/signin"
	"takeback/internal/web"
)

func (p *Pages) personRoutes() []web.Route {
	return slices.Concat(
		route("/account/name", access.OwnAccount, p.showName, p.changeName),
		route("/account/language", access.OwnAccount, p.showLanguage, p.changeLanguage),
		p.careful("/account/email", signin.ActContact, p.showEmail, p.changeEmail),
		p.careful("/account/phone", signin.ActContact, p.showPhone, p.changePhone),
	)
}

var (
	namePage     = web.NewView[registerOf](pages, "name")
	languagePage = web.NewView[languageView](pages, "language")
	emailPage    = web.NewView[reachView](pages, "email")
	phonePage    = web.NewView[reachView](pages, "phone")
)

// registerOf is a page that changes one text.
type registerOf struct {
	web.Page
	Current string
}

type languageView struct {
	web.Page
	Current string
}

// reachView is a page that changes a contact.
type reachView struct {
	web.Page
	Current string // masked, unless the holder asked to see it
	Shown   bool
	Since   time.Time
	Guarded bool // a change waits 72 hours
	Until   time.Time
	Pending []waitView
	Ask     bool // for the password
}

func (p *Pages) fact(r *http.Request, path string) (account.Account, account.Fact, error) {
	a, facts, err := p.Life.Facts(r.Context(), web.ActorOf(r))
	return a, facts[path], err
}

func (p *Pages) showName(w http.ResponseWriter, r *http.Request) error {
	_, now, err := p.fact(r, "name")
	if err != nil {
		return err
	}
	return namePage.Render(w, r, registerOf{web.NewPage(r, "name.title"), now.Text()})
}

func (p *Pages) changeName(w http.ResponseWriter, r *http.Request) error {
	f := web.FormOf(r)
	name := f.Text("name", 80)
	if err := f.Err(); err != nil {
		return err
	}
	if err := p.Life.ChangeName(r.Context(), web.ActorOf(r), name); err != nil {
		return err
	}
	return web.Done(w, r, "/", "name")
}

func (p *Pages) showLanguage(w http.ResponseWriter, r *http.Request) error {
	a, _, err := p.fact(r, "language")
	if err != nil {
		return err
	}
	return languagePage.Render(w, r, languageView{web.NewPage(r, "language.title"), a.Language})
}

func (p *Pages) changeLanguage(w http.ResponseWriter, r *http.Request) error {
	f := web.FormOf(r)
	language := f.Choice("language", "ja", "en")
	if err := f.Err(); err != nil {
		return err
	}
	if err := p.Life.ChangeLanguage(r.Context(), web.ActorOf(r), language); err != nil {
		return err
	}
	return web.Done(w, r, "/?lang="+language, "language")
}

// reach loads the page of a contact. With ?show=1 it is shown in clear, which is an entry in the history.
func (p *Pages) reach(r *http.Request, path string) (v reachView, err error) {
	a, now, err := p.fact(r, path)
	if err != nil {
		return v, err
	}
	v = reachView{Page: web.NewPage(r, path+".title"), Since: now.Since, Guarded: a.State == account.Guarded, Until: a.GuardedUntil}
	if now.Value != nil {
		v.Current = mail.Mask(now.Text())
		if v.Shown = r.URL.Query().Get("show") == "1"; v.Shown {
			if v.Current, err = p.Life.Show(r.Context(), web.ActorOf(r), path); err != nil {
				return v, err
			}
		}
	}
	if v.Ask, err = p.asks(r, signin.ActContact); err != nil {
		return v, err
	}
	v.Pending, err = p.waiting(r, v.Page, path)
	return v, err
}

func (p *Pages) showEmail(w http.ResponseWriter, r *http.Request) error {
	v, err := p.reach(r, "email")
	if err != nil {
		return err
	}
	return emailPage.Render(w, r, v)
}

func (p *Pages) changeEmail(w http.ResponseWriter, r *http.Request) error {
	f := web.FormOf(r)
	email := f.Text("email", 254)
	password, err := p.password(r, f, signin.ActContact, "password")
	if err := errors.Join(err, f.Err()); err != nil {
		return err
	}
	if err := p.Life.ChangeEmail(r.Context(), web.ActorOf(r), email, password); err != nil {
		return err
	}
	return web.Done(w, r, "/security", "email.asked")
}

func (p *Pages) showPhone(w http.ResponseWriter, r *http.Request) error {
	v, err := p.reach(r, "phone")
	if err != nil {
		return err
	}
	return phonePage.Render(w, r, v)
}

func (p *Pages) changePhone(w http.ResponseWriter, r *http.Request) error {
	f := web.FormOf(r)
	phone := f.Optional("phone", 40)
	password, err := p.password(r, f, signin.ActContact, "password")
	if err := errors.Join(err, f.Err()); err != nil {
		return err
	}
	waits, err := p.Life.ChangePhone(r.Context(), web.ActorOf(r), phone, password)
	if err != nil {
		return err
	}
	return web.Done(w, r, "/security", map[bool]string{true: "phone.waits", false: "phone"}[waits])
}
