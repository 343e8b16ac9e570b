package holder

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/history"
	"takeback/internal/mail"
	"takeback/internal/web"
)

func (p *Pages) homeRoutes() []web.Route {
	return []web.Route{{Method: "GET", Path: "/{$}", Permission: access.OwnAccount, Handler: p.home}}
}

func (p *Pages) orderRoutes() []web.Route {
	return []web.Route{{Method: "GET", Path: "/account/orders", Permission: access.OwnAccount, Handler: p.showOrders}}
}

var (
	homePage   = web.NewView[homeView](pages, "home")
	ordersPage = web.NewView[ordersView](pages, "orders")
)

type homeView struct {
	web.Page
	Name, Email, Phone string // contacts masked
	State              string
	GuardedUntil       time.Time
	Points             string
	Addresses, Cards   int
	Orders             int
	Password           time.Time
	TwoStep            bool
	Pending            []waitView
	Lines              []line
}

// home is the account at a glance.
func (p *Pages) home(w http.ResponseWriter, r *http.Request) error {
	who, ctx := web.ActorOf(r), r.Context()
	a, facts, err := p.Life.Facts(ctx, who)
	if err != nil {
		return err
	}
	v := homeView{Page: web.NewPage(r, "home.title"), Name: facts["name"].Text(), State: string(a.State), GuardedUntil: a.GuardedUntil,
		Email: mail.Mask(facts["email"].Text()), Points: "0"}
	if n, err := history.Balance(facts["points"].Value); err == nil {
		v.Points = account.Whole(n)
	}
	if phone := facts["phone"].Text(); phone != "" {
		v.Phone = mail.Mask(phone)
	}
	for path := range facts {
		switch {
		case strings.HasPrefix(path, "address/"):
			v.Addresses++
		case strings.HasPrefix(path, "card/"):
			v.Cards++
		case strings.HasPrefix(path, "order/"):
			v.Orders++
		}
	}
	f, err := p.Life.Factors(ctx, who)
	if err != nil {
		return err
	}
	v.Password, v.TwoStep = f.PasswordSince, f.Strong()
	if v.Pending, err = p.waiting(r, v.Page, ""); err != nil {
		return err
	}
	changes, sessions, err := p.Life.History(ctx, who, 0, historyLines)
	if err != nil {
		return err
	}
	for _, l := range p.lines(v.Page, changes, sessions) {
		if l.Important && len(v.Lines) < 4 {
			v.Lines = append(v.Lines, l)
		}
	}
	return homePage.Render(w, r, v)
}

type ordersView struct {
	web.Page
	Orders []orderRow
}

type orderRow struct {
	ID, Items, Price, ShipTo string
	Placed                   time.Time
	State                    string // "held" or "cancelled"; empty if it takes its course
}

func (p *Pages) showOrders(w http.ResponseWriter, r *http.Request) error {
	who := web.ActorOf(r)
	_, facts, err := p.Life.Facts(r.Context(), who)
	if err != nil {
		return err
	}
	held, err := p.Protection.HeldPaths(r.Context(), who.Account)
	if err != nil {
		return err
	}
	v := ordersView{Page: web.NewPage(r, "orders.title")}
	for path, f := range facts {
		id, ok := strings.CutPrefix(path, "order/")
		if !ok {
			continue
		}
		parts := texts(f.Value)
		row := orderRow{ID: id, Items: parts["items"], Price: account.Price(f.Value, v.Lang)}
		switch {
		case held[path]:
			row.State = "held"
		case parts["undone"] != "":
			row.State = "cancelled"
		}
		row.Placed, _ = time.Parse(time.RFC3339, parts["placed_at"]) // without one: when it came to us
		if row.Placed.IsZero() {
			row.Placed = f.Since
		}
		if place := facts[parts["ship_to"]]; place.Value != nil {
			row.ShipTo = strings.Join(filled(place.Parts()["to"], place.Parts()["line"]), ", ")
		}
		v.Orders = append(v.Orders, row)
	}
	slices.SortFunc(v.Orders, func(a, b orderRow) int { return b.Placed.Compare(a.Placed) })
	return ordersPage.Render(w, r, v)
}

// texts reads the parts of an effect; parts that are no text are written as JSON.
func texts(value json.RawMessage) map[string]string {
	var raw map[string]json.RawMessage
	_ = json.Unmarshal(value, &raw) // no object: no parts
	out := map[string]string{}
	for k, v := range raw {
		var s string
		if json.Unmarshal(v, &s) != nil {
			s = string(v)
		}
		out[k] = s
	}
	return out
}

// orderText says what was ordered and what it costs.
func orderText(page web.Page, order json.RawMessage) string {
	return strings.Join(filled(texts(order)["items"], account.Price(order, page.Lang)), " · ")
}
