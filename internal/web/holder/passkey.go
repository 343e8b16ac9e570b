package holder

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"

	"takeback/internal/access"
	"takeback/internal/fault"
	"takeback/internal/signin"
	"takeback/internal/web"
)

func (p *Pages) passkeyRoutes() []web.Route {
	const list = "/security/passkeys"
	return slices.Concat(
		[]web.Route{{Method: "GET", Path: list, Permission: access.OwnAccount, Handler: p.showKeys}},
		p.careful(list+"/new", signin.ActEnrol, p.showNewKey, p.enrolKey),
		[]web.Route{{Method: "POST", Path: list + "/ask", Permission: access.OwnAccount, Handler: p.first(p.askNewKey), Back: list + "/new"}},
		route(list+"/{id}", access.OwnAccount, p.showKey, p.renameKey),
		p.careful(list+"/{id}/remove", signin.ActDrop, p.showRemoveKey, p.removeKey),
	)
}

func (p *Pages) passkeySignInRoutes() []web.Route {
	return []web.Route{
		{Method: "POST", Path: "/sign-in/passkey", Permission: access.Public, Handler: p.signInKey, Back: "/sign-in"},
		{Method: "POST", Path: "/sign-in/passkey/ask", Permission: access.Public, Handler: p.askSignInKey, Back: "/sign-in"},
		{Method: "POST", Path: "/sign-in/second/passkey", Permission: access.Public, Handler: p.secondKey, Back: "/sign-in/second"},
		{Method: "POST", Path: "/sign-in/second/ask", Permission: access.Public, Handler: p.askSecondKey, Back: "/sign-in/second"},
	}
}

var (
	keysPage      = web.NewView[keysView](pages, "passkeys")
	newKeyPage    = web.NewView[newKeyView](pages, "passkey-new")
	keyPage       = web.NewView[oneKeyView](pages, "passkey")
	removeKeyPage = web.NewView[oneKeyView](pages, "passkey-remove")
)

// errNoAnswer is for a browser that sent the form without a passkey.
var errNoAnswer = fault.New(fault.Invalid, "passkey.no-answer", "Your browser did not give a passkey. It needs script for it, and a fingerprint reader, a screen lock or a security key.")

// keyForm is a button that asks the browser for a passkey.
type keyForm struct {
	web.Page
	Action, Ask string
	Go          web.Submit
	Return      string
	Device      string // where the browser learns what its own key is to sign; empty where nobody is signed in by it
}

func (p *Pages) keyForm(page web.Page, action, ask, words string) *keyForm {
	return &keyForm{page, action, ask, page.Submit(words), page.ReturnTo(), ""}
}

type keysView struct {
	web.Page
	Keys    []signin.Passkey
	Codes   int
	Offered bool // this site has passkeys
}

type newKeyView struct {
	web.Page
	Ask bool // for the password
}

type oneKeyView struct {
	web.Page
	Key signin.Passkey
	Ask bool
}

func (p *Pages) showKeys(w http.ResponseWriter, r *http.Request) error {
	v := keysView{Page: web.NewPage(r, "passkeys.title"), Offered: p.Life.Passkeys != nil}
	f, err := p.Life.Factors(r.Context(), web.ActorOf(r))
	if err != nil {
		return err
	}
	v.Codes = f.Codes
	if v.Keys, err = p.Life.Keys(r.Context(), web.ActorOf(r)); err != nil {
		return err
	}
	return keysPage.Render(w, r, v)
}

func (p *Pages) showNewKey(w http.ResponseWriter, r *http.Request) error {
	ask, err := p.asks(r, signin.ActEnrol)
	if err != nil {
		return err
	}
	return newKeyPage.Render(w, r, newKeyView{web.NewPage(r, "passkey-new.title"), ask})
}

// askNewKey gives what the browser must ask the authenticator.
func (p *Pages) askNewKey(w http.ResponseWriter, r *http.Request) error {
	f := web.FormOf(r)
	name := f.Text("name", 40)
	password, err := p.password(r, f, signin.ActEnrol, "password")
	if err := errors.Join(err, f.Err()); err != nil {
		return err
	}
	options, err := p.Life.BeginKey(r.Context(), web.ActorOf(r), name, password)
	return asked(w, options, err)
}

func (p *Pages) enrolKey(w http.ResponseWriter, r *http.Request) error {
	f := web.FormOf(r)
	name := f.Text("name", 40)
	answer, err := answerOf(f)
	if err := errors.Join(err, f.Err()); err != nil {
		return err
	}
	if err := p.Life.EnrolKey(r.Context(), web.ActorOf(r), name, answer); err != nil {
		return err
	}
	return web.Done(w, r, "/security/passkeys", "passkey")
}

func (p *Pages) key(r *http.Request, title string) (v oneKeyView, err error) {
	keys, err := p.Life.Keys(r.Context(), web.ActorOf(r))
	i := slices.IndexFunc(keys, func(k signin.Passkey) bool { return k.ID == r.PathValue("id") })
	if err == nil && i < 0 {
		err = signin.ErrNoKey
	}
	if err != nil {
		return v, err
	}
	ask, err := p.asks(r, signin.ActDrop)
	return oneKeyView{web.NewPage(r, title, keys[i].Name), keys[i], ask}, err
}

func (p *Pages) showKey(w http.ResponseWriter, r *http.Request) error {
	v, err := p.key(r, "passkey-name.title")
	if err != nil {
		return err
	}
	return keyPage.Render(w, r, v)
}

func (p *Pages) renameKey(w http.ResponseWriter, r *http.Request) error {
	f := web.FormOf(r)
	name := f.Text("name", 40)
	if err := f.Err(); err != nil {
		return err
	}
	if err := p.Life.RenameKey(r.Context(), web.ActorOf(r), r.PathValue("id"), name); err != nil {
		return err
	}
	return web.Done(w, r, "/security/passkeys", "passkey.renamed")
}

func (p *Pages) showRemoveKey(w http.ResponseWriter, r *http.Request) error {
	v, err := p.key(r, "passkey-remove.title")
	if err != nil {
		return err
	}
	return removeKeyPage.Render(w, r, v)
}

func (p *Pages) removeKey(w http.ResponseWriter, r *http.Request) error {
	f := web.FormOf(r)
	password, err := p.password(r, f, signin.ActDrop, "password")
	if err := errors.Join(err, f.Err()); err != nil {
		return err
	}
	if err := p.Life.RemoveKey(r.Context(), web.ActorOf(r), r.PathValue("id"), password); err != nil {
		return err
	}
	return web.Done(w, r, "/security/passkeys", "passkey.removed")
}

func (p *Pages) askSignInKey(w http.ResponseWriter, r *http.Request) error {
	web.KeepDevice(w, r)
	options, err := p.Life.AskKeySignIn(r.Context(), web.ClientOf(r))
	return asked(w, options, err)
}

func (p *Pages) signInKey(w http.ResponseWriter, r *http.Request) error {
	f := web.FormOf(r)
	device := deviceAnswer(f)
	answer, err := answerOf(f)
	if err != nil {
		return err
	}
	client := web.ClientOf(r)
	client.Proof = p.Life.Sessions.ProveDevice(client.Device, device)
	e, err := p.Life.SignInKey(r.Context(), answer, client)
	if err == nil && e.Device != client.Device {
		web.RenewDevice(w, r, e.Device)
	}
	return p.entered(w, r, e, err)
}

func (p *Pages) askSecondKey(w http.ResponseWriter, r *http.Request) error {
	cookie, err := r.Cookie(secondCookie)
	if err != nil {
		return over(w, r)
	}
	options, err := p.Life.AskSecond(r.Context(), cookie.Value, web.ClientOf(r))
	if is(err, signin.ErrSecondOver) {
		return over(w, r)
	}
	return asked(w, options, err)
}

func (p *Pages) secondKey(w http.ResponseWriter, r *http.Request) error {
	cookie, err := r.Cookie(secondCookie)
	if err != nil {
		return over(w, r)
	}
	answer, err := answerOf(web.FormOf(r))
	if err != nil {
		return err
	}
	e, err := p.Life.SecondKey(r.Context(), cookie.Value, answer, web.ClientOf(r))
	return p.entered(w, r, e, err)
}

// entered ends a sign-in, as it came out.
func (p *Pages) entered(w http.ResponseWriter, r *http.Request, e signin.Entered, err error) error {
	switch {
	case is(err, signin.ErrSecondOver):
		return over(w, r)
	case is(err, signin.ErrHeld):
		return held(w, r)
	case err != nil:
		return err
	}
	return p.signedInto(w, r, e)
}

// asked gives the script of the page what it must ask the authenticator.
func asked(w http.ResponseWriter, options json.RawMessage, err error) error {
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	_, err = w.Write(options)
	return err
}

// answerOf reads what the authenticator answered. It is no text that a form would show again.
func answerOf(f *web.Form) (string, error) {
	f.Optional("return", returnMost)
	all := f.All("answer", 32<<10, 1)
	if err := f.Err(); err != nil {
		return "", err
	}
	if len(all) == 0 || all[0] == "" {
		return "", errNoAnswer
	}
	return all[0], nil
}
