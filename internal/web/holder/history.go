package holder

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/history"
	"takeback/internal/mail"
	"takeback/internal/session"
	"takeback/internal/web"
)

func (p *Pages) historyRoutes() []web.Route {
	return slices.Concat(
		[]web.Route{{Method: "GET", Path: "/history", Permission: access.OwnAccount, Handler: p.showHistory}},
		route("/history/{seq}/not-me", access.OwnAccount, p.showDisown, p.disown))
}

var historyPage = web.NewView[historyView](pages, "history")

const historyLines = 50

type historyView struct {
	web.Page
	Lines  []line
	Sought sought
	Kinds  []web.Option
	Older  string // address to go on at; empty at the end
	Newest string // address of the newest; empty if this is it
	Looked bool   // the search ended before the beginning of the history: Older goes on
}

// line is one entry of the history in words.
type line struct {
	Seq       int64
	At        time.Time
	Words     string
	From, To  string // masked; empty: not shown
	Where     string // who and from where
	Important bool
	Disown    bool // the holder may say that it was not she
}

func (p *Pages) showHistory(w http.ResponseWriter, r *http.Request) error {
	v := historyView{Page: web.NewPage(r, "history.title")}
	var before int64
	var err error
	if v.Sought, before, err = soughtIn(r, v.Zone); err != nil {
		return err
	}
	v.Kinds = v.Offer("history.kind", kinds...)
	for i := range v.Kinds {
		v.Kinds[i].Chosen = v.Kinds[i].Value == v.Sought.Kind
	}
	if err := p.seek(r, &v, before); err != nil {
		return err
	}
	if before > 0 {
		v.Newest = v.Sought.link(0)
	}
	return historyPage.Render(w, r, v)
}

// lines says changes in words.
func (p *Pages) lines(page web.Page, changes []history.Change, sessions map[string]session.Session) (all []line) {
	for _, c := range changes {
		all = append(all, p.line(page, c, sessions))
	}
	return all
}

func (p *Pages) line(page web.Page, c history.Change, sessions map[string]session.Session) line {
	kind, _ := p.Life.Book.Kinds.Of(c.Path)
	l := line{Seq: c.Seq, At: c.At, Words: p.words(page, c, kind), Where: p.where(page, c), Important: kind.Tell == account.TellAll || c.Role.Staff(), Disown: c.Disownable()}
	switch c.Verb {
	case history.View, history.Look, history.Confirm:
	case history.SignOut:
		if c.Parent != c.Session {
			l.Words = page.T("did.ended", deviceOf(page, sessions[c.Parent].UserAgent))
		}
	case history.Open, history.Recover, history.Derive, history.Handover, history.Freeze, history.Unfreeze, history.State:
		l.Important = true
	case history.Order, history.Hold, history.Release:
		l.To = orderText(page, c.After)
	default:
		l.From, l.To = p.shown(page, kind, c.Path, account.Fact{Value: c.Before}), p.shown(page, kind, c.Path, account.Fact{Value: c.After})
	}
	return l
}

// words says what a change did: "E-mail address changed".
func (p *Pages) words(page web.Page, c history.Change, kind account.Kind) string {
	key := "did." + string(c.Verb)
	switch c.Verb {
	case history.Set, history.Contact, history.Credential, history.Patch:
		if c.Before == nil {
			key = "did.add"
		} else {
			key = "did.set"
		}
	case history.Drop:
		key = "did.remove"
	case history.Move:
		sign := ""
		if c.Amount > 0 {
			sign = "+"
		}
		return page.T("did.move", p.label(page, c.Path), sign+account.Whole(c.Amount))
	case history.Confirm, history.View, history.Add, history.Remove:
	case history.Order, history.Hold, history.Release:
		_, id, _ := strings.Cut(c.Path, "/")
		return page.T(key, id)
	default:
		return page.Or(key, string(c.Verb))
	}
	return page.T(key, p.label(page, c.Path))
}

// where says who did it and from where.
func (p *Pages) where(page web.Page, c history.Change) string {
	switch {
	case c.Role.Staff():
		return page.T("by.staff")
	case c.Role == access.Service || c.Role == access.Connector:
		return page.T("by.service", page.Brand)
	case c.Role == access.System && c.Actor == "register":
		return page.T("by.register")
	case c.Role == access.System:
		return page.T("by.system")
	}
	return strings.Join(filled(deviceOf(page, c.Client.UserAgent), p.from(page, c.Client.IP)), " · ")
}

// label names a path: a kind that the shop declared brings its own words.
func (p *Pages) label(page web.Page, path string) string {
	kind, _ := p.Life.Book.Kinds.Of(path)
	if w := kind.Label[page.Lang]; w != "" {
		return w
	}
	return page.Or("what."+strings.TrimSuffix(strings.ReplaceAll(kind.Pattern, "/", "-"), "-*"), path)
}

// shown says a value as a page may: contacts masked, no secrets, no tokens.
func (p *Pages) shown(page web.Page, kind account.Kind, path string, f account.Fact) string {
	if f.Value == nil {
		return ""
	}
	parts := f.Parts()
	switch {
	case kind.Algebra == account.ContactOf:
		return mail.Mask(f.Text())
	case kind.Algebra == account.SecretOf, kind.Algebra == account.Ledger, strings.HasPrefix(path, "default/"):
		return ""
	case strings.HasPrefix(path, "card/"):
		return page.Or("brand."+parts["brand"], parts["brand"]) + " •••• " + parts["last4"]
	case strings.HasPrefix(path, "address/"):
		return strings.Join(filled(parts["to"], parts["post"], parts["line"]), ", ")
	case path == "language":
		return page.Or("language."+f.Text(), f.Text())
	case kind.Sensitive || parts != nil:
		return ""
	}
	return f.Text()
}

func filled(all ...string) (out []string) {
	for _, s := range all {
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}
