package holder

import (
	"net/http"
	"strconv"
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
	return []web.Route{{Method: "GET", Path: "/history", Permission: access.OwnAccount, Handler: p.showHistory}}
}

var historyPage = web.NewView[historyView](pages, "history")

const historyLines = 50

type historyView struct {
	web.Page
	Lines []line
	Older string // number to go on from; empty at the end
	Newer string
}

// line is one entry of the history in words.
type line struct {
	At        time.Time
	Words     string
	From, To  string // masked; empty: not shown
	Where     string // who and from where
	Important bool
}

func (p *Pages) showHistory(w http.ResponseWriter, r *http.Request) error {
	before := int64(0)
	if q := r.URL.Query().Get("before"); q != "" {
		n, err := strconv.ParseInt(q, 10, 64)
		if err != nil || n < 1 {
			return errNoHistory
		}
		before = n
	}
	changes, sessions, err := p.Life.History(r.Context(), web.ActorOf(r), before, historyLines+1)
	if err != nil {
		return err
	}
	v := historyView{Page: web.NewPage(r, "history.title")}
	if len(changes) > historyLines {
		changes = changes[:historyLines]
		v.Older = strconv.FormatInt(changes[historyLines-1].Seq, 10)
	}
	if before > 0 {
		v.Newer = strconv.FormatInt(before+historyLines, 10)
	}
	v.Lines = p.lines(v.Page, changes, sessions)
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
	l := line{At: c.At, Words: p.words(page, c, kind), Where: where(page, c), Important: kind.Tell == account.TellAll || c.Role.Staff()}
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
func where(page web.Page, c history.Change) string {
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
	w := deviceOf(page, c.Client.UserAgent)
	if c.Client.IP != "" {
		w += " · " + c.Client.IP
	}
	return w
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
