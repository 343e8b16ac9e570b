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

const contactsPath = "/security/contacts"

// reachRoutes lists the page of all contacts, and what can be done with one. A
// contact is named by its slot, which stands in a field: it may have a slash.
func (p *Pages) reachRoutes() []web.Route {
	post := func(path string, h web.Handler) web.Route {
		return web.Route{Method: "POST", Path: contactsPath + path, Permission: access.OwnAccount, Handler: h, Back: contactsPath}
	}
	return slices.Concat(
		route(contactsPath, access.OwnAccount, p.filled(p.showContacts), p.first(p.addContact)),
		p.careful(contactsPath+"/remove", signin.ActContact, p.showRemoveContact, p.removeContact),
		[]web.Route{post("/code", p.sendReachCode), post("/confirm", p.confirmReach), post("/recovery/stop", p.endRecoveries)},
	)
}

var (
	contactsPage      = web.NewView[contactsView](pages, "contacts")
	removeContactPage = web.NewView[contactsView](pages, "contact-remove")
)

type contactsView struct {
	web.Page
	Contacts []reachRow
	Pending  []waitView
	Back     time.Time // until when somebody waits who wants back in; zero if nobody does
	Ask      bool      // for the password
	Few      bool      // fewer than one should have
	Slot     string    // of the contact that a code was sent to, or that would be removed
}

// reachRow is a contact as the page shows it.
type reachRow struct {
	Slot, What, Masked string
	Mail, Former       bool
	Unconfirmed        bool
	Removable          bool
	Good               bool
	From, Until        time.Time
}

func (p *Pages) contacts(r *http.Request, title string) (v contactsView, err error) {
	v = contactsView{Page: web.NewPage(r, title), Slot: r.URL.Query().Get("slot")}
	all, err := p.Life.Contacts(r.Context(), web.ActorOf(r))
	if err != nil {
		return v, err
	}
	var versions []account.Contact
	for _, s := range all {
		versions = append(versions, s.Contact)
	}
	for _, s := range all {
		v.Contacts = append(v.Contacts, reachRow{Slot: s.Slot, What: p.label(v.Page, s.Slot), Masked: mail.Mask(s.Address), Mail: s.Mail(), Former: !s.Contact.Until.IsZero(),
			Unconfirmed: s.ConfirmedAt.IsZero(), Removable: s.Contact.Until.IsZero() && account.Removable(versions, s.Slot), Good: s.Good, From: s.From, Until: s.Until})
	}
	if v.Ask, err = p.asks(r, signin.ActContact); err != nil {
		return v, err
	}
	v.Few = account.Confirmed(versions) < account.Advised
	if v.Back, err = p.Life.RecoveryWaits(r.Context(), web.ActorOf(r)); err != nil {
		return v, err
	}
	v.Pending, err = p.waiting(r, v.Page, "")
	return v, err
}

// Asked is the contact whose slot the address of the page names; nil if there is none.
func (v contactsView) Asked() *reachRow {
	slot := v.Typed("slot", v.Slot)
	i := slices.IndexFunc(v.Contacts, func(c reachRow) bool { return c.Slot == slot && !c.Former })
	if i < 0 {
		return nil
	}
	return &v.Contacts[i]
}

func (p *Pages) showContacts(w http.ResponseWriter, r *http.Request) error {
	v, err := p.contacts(r, "contacts.title")
	if err != nil {
		return err
	}
	return contactsPage.Render(w, r, v)
}

func (p *Pages) addContact(w http.ResponseWriter, r *http.Request) error {
	f := web.FormOf(r)
	email := f.Text("email", 254)
	password, err := p.password(r, f, signin.ActContact, "password")
	if err := errors.Join(err, f.Err()); err != nil {
		return err
	}
	if err := p.Life.AddContact(r.Context(), web.ActorOf(r), email, password); err != nil {
		return err
	}
	return web.Done(w, r, contactsPath, "email.asked")
}

func (p *Pages) showRemoveContact(w http.ResponseWriter, r *http.Request) error {
	v, err := p.contacts(r, "contacts.remove")
	if err != nil {
		return err
	}
	return removeContactPage.Render(w, r, v)
}

func (p *Pages) removeContact(w http.ResponseWriter, r *http.Request) error {
	f := web.FormOf(r)
	slot := f.Text("slot", 60)
	password, err := p.password(r, f, signin.ActContact, "password")
	if err := errors.Join(err, f.Err()); err != nil {
		return err
	}
	waits, err := p.Life.RemoveContact(r.Context(), web.ActorOf(r), slot, password)
	if err != nil {
		return err
	}
	return web.Done(w, r, contactsPath, map[bool]string{true: "contact.waits", false: "contact.removed"}[waits])
}

func (p *Pages) sendReachCode(w http.ResponseWriter, r *http.Request) error {
	f := web.FormOf(r)
	slot := f.Text("slot", 60)
	if err := f.Err(); err != nil {
		return err
	}
	if err := p.Life.SendContactCode(r.Context(), web.ActorOf(r), slot); err != nil {
		return err
	}
	return web.Done(w, r, contactsPath+"?"+query("slot", slot), "contact.code")
}

func (p *Pages) confirmReach(w http.ResponseWriter, r *http.Request) error {
	f := web.FormOf(r)
	slot, code := f.Text("slot", 60), f.Text("code", 20)
	if err := f.Err(); err != nil {
		return err
	}
	if err := p.Life.ConfirmContact(r.Context(), web.ActorOf(r), slot, code); err != nil {
		return err
	}
	return web.Done(w, r, contactsPath, "contact.confirmed")
}
