package holder

import (
	"net/http"
	"slices"

	"takeback/internal/access"
	"takeback/internal/report"
	"takeback/internal/web"
)

var (
	helpPage  = web.NewView[helpView](pages, "help")
	writePage = web.NewView[writeView](pages, "contact")
)

// troubles are what people come with, in the order they come most.
var troubles = []string{"email", "password", "orders", "letter", "phone", "other"}

type helpView struct {
	web.Page
	Ways report.Channels
	What string // what the person chose; empty at first
}

// Troubles lists what the person can choose.
func (helpView) Troubles() []string { return troubles }

// Manned tells whether somebody is on duty.
func (v helpView) Manned() bool { return v.Ways.OnDuty > 0 }

// BestIs tells whether a channel is the one we recommend now.
func (v helpView) BestIs(channel string) bool { return string(v.Ways.Best) == channel }

func (p *Pages) helpRoutes() []web.Route {
	return []web.Route{{Method: "GET", Path: "/help", Permission: access.Public, Handler: p.showHelp}}
}

func (p *Pages) showHelp(w http.ResponseWriter, r *http.Request) error {
	ways, err := p.Intake.Channels(r.Context())
	if err != nil {
		return err
	}
	what := r.URL.Query().Get("what")
	if !slices.Contains(troubles, what) {
		what = ""
	}
	return helpPage.Render(w, r, helpView{web.NewPage(r, "help.title"), ways, what})
}

type writeView struct {
	web.Page
	Ways   report.Channels
	Manned bool
	Gate   web.GateView
}

func (p *Pages) contactRoutes() []web.Route { return public("/contact", p.showWrite, p.write) }

func (p *Pages) showWrite(w http.ResponseWriter, r *http.Request) error {
	ways, err := p.Intake.Channels(r.Context())
	if err != nil {
		return err
	}
	gate, err := p.gate(r, toContact)
	if err != nil {
		return err
	}
	return writePage.Render(w, r, writeView{web.NewPage(r, "contact.title"), ways, ways.OnDuty > 0, gate})
}

// write answers the same whether the account that was named exists or not.
func (p *Pages) write(w http.ResponseWriter, r *http.Request) error {
	f := web.FormOf(r)
	word := report.Word{Login: f.Optional("login", 254), Story: f.Lines("story", 8000), Phone: f.Optional("phone", 30),
		Best: f.Optional("best", 60), Email: f.Optional("email", 254)}
	if err := f.Err(); err != nil {
		return err
	}
	if err := p.pass(r, f, toContact); err != nil {
		return err
	}
	got, err := p.Intake.Contact(r.Context(), word, web.ClientOf(r))
	if err != nil {
		return err
	}
	keepCase(w, got.Token)
	return web.Done(w, r, "/contact/"+got.Case, "contact.heard")
}
