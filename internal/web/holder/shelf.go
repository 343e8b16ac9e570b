package holder

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/seal"
	"takeback/internal/signin"
	"takeback/internal/web"
)

func (p *Pages) addressRoutes() []web.Route {
	return slices.Concat(
		route("/account/addresses", access.OwnAccount, p.showAddresses, p.addAddress),
		route("/account/addresses/{id}", access.OwnAccount, p.showAddress, p.changeAddress),
		[]web.Route{
			{Method: "POST", Path: "/account/addresses/{id}/remove", Permission: access.OwnAccount, Handler: p.removeAddress, Back: "/account/addresses"},
			{Method: "POST", Path: "/account/addresses/{id}/default", Permission: access.OwnAccount, Handler: p.preferAddress, Back: "/account/addresses"},
		})
}

func (p *Pages) cardRoutes() []web.Route {
	return slices.Concat(
		route("/account/cards", access.OwnAccount, p.showCards, p.addCard),
		route("/account/cards/{id}/remove", access.OwnAccount, p.showRemoveCard, p.removeCard),
		[]web.Route{{Method: "POST", Path: "/account/cards/{id}/default", Permission: access.OwnAccount, Handler: p.preferCard, Back: "/account/cards"}})
}

var (
	addressesPage  = web.NewView[addressesView](pages, "addresses")
	addressPage    = web.NewView[addressView](pages, "address")
	cardsPage      = web.NewView[cardsView](pages, "cards")
	removeCardPage = web.NewView[removeCardView](pages, "card-remove")
)

type addressRow struct {
	ID, To, Post, Line string
	Default            bool
}

type addressesView struct {
	web.Page
	Addresses []addressRow
	Pending   []waitView
}

type addressView struct {
	web.Page
	Address addressRow
}

type cardRow struct {
	ID, Brand, Last4, Expiry string
	Default, Old, Again      bool // Again: must be entered again before the next payment
}

type cardsView struct {
	web.Page
	Cards  []cardRow
	Brands []web.Option
	Ask    bool // the password was not given lately
}

type removeCardView struct {
	web.Page
	Card cardRow
	Ask  bool
}

// elements lists a set of the account, by id; now is the default's.
func elements(facts map[string]account.Fact, set string) (ids []string, now string) {
	for path := range facts {
		if id, ok := strings.CutPrefix(path, set+"/"); ok {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b string) int { return int(facts[set+"/"+a].Seq - facts[set+"/"+b].Seq) })
	return ids, facts["default/"+set].Text()
}

func addressOf(facts map[string]account.Fact, id, now string) addressRow {
	parts := facts["address/"+id].Parts()
	return addressRow{ID: id, To: parts["to"], Post: parts["post"], Line: parts["line"], Default: id == now}
}

func (p *Pages) showAddresses(w http.ResponseWriter, r *http.Request) error {
	_, facts, err := p.Life.Facts(r.Context(), web.ActorOf(r))
	if err != nil {
		return err
	}
	v := addressesView{Page: web.NewPage(r, "addresses.title")}
	ids, now := elements(facts, "address")
	for _, id := range ids {
		v.Addresses = append(v.Addresses, addressOf(facts, id, now))
	}
	if v.Pending, err = p.waiting(r, v.Page, "address/"); err != nil {
		return err
	}
	return addressesPage.Render(w, r, v)
}

func addressIn(r *http.Request) (signin.Address, error) {
	f := web.FormOf(r)
	a := signin.Address{To: f.Text("to", 100), Post: f.Optional("post", 20), Line: f.Text("line", 300)}
	return a, f.Err()
}

func (p *Pages) addAddress(w http.ResponseWriter, r *http.Request) error {
	a, err := addressIn(r)
	if err != nil {
		return err
	}
	id, err := p.Life.AddAddress(r.Context(), web.ActorOf(r), a)
	if err != nil {
		return err
	}
	return p.shelved(w, r, id, "address.added")
}

// shelved says that an address was written, or that it waits; until when, the page says.
func (p *Pages) shelved(w http.ResponseWriter, r *http.Request, id, done string) error {
	waits, err := p.waiting(r, web.NewPage(r, "addresses.title"), "address/"+id)
	if err != nil {
		return err
	}
	if len(waits) > 0 {
		done = "address.waits"
	}
	return web.Done(w, r, "/account/addresses", done)
}

func (p *Pages) showAddress(w http.ResponseWriter, r *http.Request) error {
	_, facts, err := p.Life.Facts(r.Context(), web.ActorOf(r))
	if err != nil {
		return err
	}
	id := r.PathValue("id")
	if facts["address/"+id].Value == nil {
		return signin.ErrNoAddress
	}
	return addressPage.Render(w, r, addressView{web.NewPage(r, "address.title"), addressOf(facts, id, "")})
}

func (p *Pages) changeAddress(w http.ResponseWriter, r *http.Request) error {
	a, err := addressIn(r)
	if err != nil {
		return err
	}
	id := r.PathValue("id")
	if err := p.Life.ChangeAddress(r.Context(), web.ActorOf(r), id, a); err != nil {
		return err
	}
	return p.shelved(w, r, id, "address.changed")
}

func (p *Pages) removeAddress(w http.ResponseWriter, r *http.Request) error {
	if err := p.Life.RemoveAddress(r.Context(), web.ActorOf(r), r.PathValue("id")); err != nil {
		return err
	}
	return web.Done(w, r, "/account/addresses", "address.removed")
}

func (p *Pages) preferAddress(w http.ResponseWriter, r *http.Request) error {
	if err := p.Life.PreferAddress(r.Context(), web.ActorOf(r), r.PathValue("id")); err != nil {
		return err
	}
	return web.Done(w, r, "/account/addresses", "default")
}

// cardOf gives what may be shown of a card: never its token.
func cardOf(page web.Page, facts map[string]account.Fact, id, now string, unusable map[string]bool) cardRow {
	parts := facts["card/"+id].Parts()
	row := cardRow{ID: id, Brand: page.Or("brand."+parts["brand"], parts["brand"]), Last4: parts["last4"], Expiry: parts["expiry"], Default: id == now,
		Again: unusable["card/"+id]}
	if end, err := time.Parse("01/06", parts["expiry"]); err == nil {
		row.Old = !page.Now.Before(end.AddDate(0, 1, 1))
	}
	return row
}

func (p *Pages) showCards(w http.ResponseWriter, r *http.Request) error {
	who := web.ActorOf(r)
	_, facts, err := p.Life.Facts(r.Context(), who)
	if err != nil {
		return err
	}
	v := cardsView{Page: web.NewPage(r, "cards.title")}
	v.Brands = v.Offer("brand", signin.Brands...)
	lately, err := p.Life.Proved(r.Context(), who)
	if err != nil {
		return err
	}
	v.Ask = !lately
	unusable, err := p.Protection.Unusable(r.Context(), who.Account)
	if err != nil {
		return err
	}
	ids, now := elements(facts, "card")
	for _, id := range ids {
		v.Cards = append(v.Cards, cardOf(v.Page, facts, id, now, unusable))
	}
	return cardsPage.Render(w, r, v)
}

// again reads the password, unless it was given in the last minutes.
func (p *Pages) again(r *http.Request, f *web.Form) (seal.Secret, error) {
	lately, err := p.Life.Proved(r.Context(), web.ActorOf(r))
	if err != nil || lately {
		return seal.Secret{}, err
	}
	return f.Secret("password"), nil
}

func (p *Pages) addCard(w http.ResponseWriter, r *http.Request) error {
	f := web.FormOf(r)
	c := signin.Card{Token: f.Text("token", 200), Brand: f.Choice("brand", signin.Brands...), Last4: f.Text("last4", 40), Expiry: f.Text("expiry", 40)}
	password, err := p.again(r, f)
	if err := errors.Join(err, f.Err()); err != nil {
		return err
	}
	if _, err := p.Life.AddCard(r.Context(), web.ActorOf(r), c, password); err != nil {
		return err
	}
	return web.Done(w, r, "/account/cards", "card.added")
}

func (p *Pages) showRemoveCard(w http.ResponseWriter, r *http.Request) error {
	who, id := web.ActorOf(r), r.PathValue("id")
	_, facts, err := p.Life.Facts(r.Context(), who)
	if err != nil {
		return err
	}
	if facts["card/"+id].Value == nil {
		return signin.ErrNoCard
	}
	lately, err := p.Life.Proved(r.Context(), who)
	if err != nil {
		return err
	}
	page := web.NewPage(r, "card.remove.title")
	return removeCardPage.Render(w, r, removeCardView{page, cardOf(page, facts, id, "", nil), !lately})
}

func (p *Pages) removeCard(w http.ResponseWriter, r *http.Request) error {
	f := web.FormOf(r)
	password, err := p.again(r, f)
	if err := errors.Join(err, f.Err()); err != nil {
		return err
	}
	if err := p.Life.RemoveCard(r.Context(), web.ActorOf(r), r.PathValue("id"), password); err != nil {
		return err
	}
	return web.Done(w, r, "/account/cards", "card.removed")
}

func (p *Pages) preferCard(w http.ResponseWriter, r *http.Request) error {
	if err := p.Life.PreferCard(r.Context(), web.ActorOf(r), r.PathValue("id")); err != nil {
		return err
	}
	return web.Done(w, r, "/account/cards", "default")
}
