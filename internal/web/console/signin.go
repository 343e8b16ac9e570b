package console

import (
	"net/http"
	"strings"

	"takeback/internal/seal"
	"takeback/internal/web"
)

var (
	signInPage  = web.NewView[signInView](pages, "sign-in")
	welcomePage = web.NewView[welcomeView](pages, "welcome")
)

type signInView struct{ web.Page }

func (p *Pages) showSignIn(w http.ResponseWriter, r *http.Request) error {
	return signInPage.Render(w, r, signInView{web.NewPage(r, "sign-in.title")})
}

func (p *Pages) signIn(w http.ResponseWriter, r *http.Request) error {
	f := web.FormOf(r)
	email, password, code := f.Text("email", 254), f.Secret("password"), f.Text("code", 20)
	if err := f.Err(); err != nil {
		return err
	}
	token, err := p.Desk.SignIn(r.Context(), web.ClientOf(r), email, password, code)
	if err != nil {
		return err
	}
	p.endFormer(r)
	keepSession(w, token)
	return web.Done(w, r, web.Return(r, "/desk"), "")
}

// endFormer ends the session that the browser had: one that somebody planted must not live on beside the new one.
func (p *Pages) endFormer(r *http.Request) {
	if before := web.ActorOf(r); before.Role.Staff() {
		_ = p.Desk.SignOut(r.Context(), before) // it may be over by now, which is what we want
	}
}

func (p *Pages) signOut(w http.ResponseWriter, r *http.Request) error {
	if err := p.Desk.SignOut(r.Context(), web.ActorOf(r)); err != nil {
		return err
	}
	dropSession(w)
	return web.Done(w, r, "/desk/sign-in", "signed-out")
}

type welcomeView struct {
	web.Page
	Token string
	First bool // it makes the first supervisor, who chooses an address
	Name  string
	Email string
	Role  string
	Ready bool   // name and password are set
	Seed  string // of the app, for those who cannot take a picture of the screen
}

func (p *Pages) showWelcome(w http.ResponseWriter, r *http.Request) error {
	token := r.PathValue("token")
	found, err := p.Desk.Greet(r.Context(), token)
	if err != nil {
		return err
	}
	return welcomePage.Render(w, r, welcomeView{Page: web.NewPage(r, "welcome.title"), Token: token, First: found.First, Name: found.Staff.Name,
		Email: found.Staff.Email, Role: string(found.Staff.Role), Ready: found.Ready, Seed: inFours(found.Seed)})
}

// inFours shows a seed so that it can be typed. This page and its picture are the one place where a seed is shown.
func inFours(seed seal.Secret) string {
	var b strings.Builder
	for i, c := range seed.Reveal() {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(c)
	}
	return b.String()
}

func (p *Pages) showQR(w http.ResponseWriter, r *http.Request) error {
	found, err := p.Desk.Greet(r.Context(), r.PathValue("token"))
	if err != nil {
		return err
	}
	if !found.Ready {
		return seal.ErrNoLink
	}
	picture, err := seal.Picture(found.App)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "image/png")
	_, _ = w.Write(picture) // the person is gone: nobody is left to tell
	return nil
}

func (p *Pages) enrol(w http.ResponseWriter, r *http.Request) error {
	token, f := r.PathValue("token"), web.FormOf(r)
	found, err := p.Desk.Greet(r.Context(), token)
	if err != nil {
		return err
	}
	email := found.Staff.Email
	if found.First && email == "" {
		email = f.Text("email", 254)
	}
	name, password := f.Text("name", 80), f.Secret("password")
	if err := f.Err(); err != nil {
		return err
	}
	if err := p.Desk.Enrol(r.Context(), token, name, email, password); err != nil {
		return err
	}
	return web.Done(w, r, "/desk/welcome/"+token, "")
}

func (p *Pages) begin(w http.ResponseWriter, r *http.Request) error {
	f := web.FormOf(r)
	code := f.Text("code", 20)
	if err := f.Err(); err != nil {
		return err
	}
	session, err := p.Desk.Begin(r.Context(), web.ClientOf(r), r.PathValue("token"), code)
	if err != nil {
		return err
	}
	p.endFormer(r)
	keepSession(w, session)
	return web.Done(w, r, "/desk", "welcome")
}
