package console

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"takeback/internal/access"
	"takeback/internal/casefile"
	"takeback/internal/desk"
	"takeback/internal/history"
	"takeback/internal/mail"
	"takeback/internal/web"
)

var (
	auditPage    = web.NewView[auditView](pages, "audit")
	staffPage    = web.NewView[staffView](pages, "staff")
	phishingPage = web.NewView[phishingView](pages, "phishing")
	postPage     = web.NewView[postView](pages, "post")
)

// auditDays are the times that the audit offers to look back.
var auditDays = []string{"1", "7", "30", "365"}

type auditView struct {
	web.Page
	Acts   []desk.Audited
	Staff  []desk.Staff
	Filter desk.Audit
	Days   string
	Known  history.Coverage // of all histories
}

func (p *Pages) showAudit(w http.ResponseWriter, r *http.Request) error {
	f, by := web.FormOf(r), web.ActorOf(r)
	v := auditView{Page: web.NewPage(r, "audit.title"), Days: f.Optional("days", 4)}
	v.Filter = desk.Audit{Staff: f.Optional("staff", 60), Kind: f.Optional("kind", 10), Case: f.Optional("case", 60)}
	if v.Days == "" {
		v.Days = auditDays[1]
	}
	for days, back := range map[string]int{"1": 1, "7": 7, "30": 30, "365": 365} {
		if v.Days == days {
			v.Filter.From = v.Now.AddDate(0, 0, -back)
		}
	}
	var err error
	if v.Staff, err = p.Desk.People(r.Context(), by); err != nil {
		return err
	}
	if v.Acts, err = p.Desk.Audit(r.Context(), by, v.Filter); err != nil {
		return err
	}
	if v.Known, err = p.Desk.Provenance(r.Context(), by); err != nil {
		return err
	}
	v.Wide = true
	return auditPage.Render(w, r, v)
}

// Whom offers the staff to filter by.
func (v auditView) Whom() web.Field {
	options := []web.Option{{Value: "", Label: v.T("audit.everybody")}}
	for _, s := range v.Staff {
		options = append(options, web.Option{Value: s.ID, Label: s.Name})
	}
	return optional(v.Choose("staff", v.Filter.Staff, options))
}

// Kinds offers what staff do to filter by.
func (v auditView) Kinds() web.Field {
	options := append([]web.Option{{Value: "", Label: v.T("audit.all")}}, v.Offer("audit.kind", "look", "unmask", "act", "lift")...)
	return optional(v.Choose("kind", v.Filter.Kind, options))
}

// Since offers how far to look back.
func (v auditView) Since() web.Field {
	return v.Choose("days", v.Days, v.Offer("audit.days", auditDays...))
}

func optional(f web.Field) web.Field {
	f.Required = false
	return f
}

// What says what somebody did.
func (v auditView) What(a desk.Audited) string {
	switch a.Kind {
	case "look", "unmask", "lift":
		return v.T("audit.did." + a.Kind)
	}
	return v.Or("entry."+a.Kind, a.Kind)
}

// Detail says more about an act.
func (v auditView) Detail(a desk.Audited) string {
	switch {
	case a.Kind == "unmask" && strings.HasPrefix(a.Detail, "v_"):
		return v.T("audit.contact")
	case a.Kind == "unmask":
		return pathName(v.Page, a.Detail)
	case a.Kind == "lift":
		return a.About
	case a.Kind == "look" && a.Detail == "":
		return v.T("audit.working")
	case a.Kind == "look":
		return a.Detail
	}
	return entryWords(v.Page, a.Kind, a.Detail)
}

// Whose says of what share of the changes everything is known.
func (v auditView) Whose() string {
	return v.T("audit.known", strconv.FormatFloat(v.Known.Share(), 'f', -1, 64), strconv.FormatInt(v.Known.Changes, 10))
}

// Missing names what changes lack.
func (v auditView) Missing(l history.Lacking) string {
	var names []string
	for _, name := range strings.Fields(l.What) {
		names = append(names, v.T("audit.lacks."+name))
	}
	return strings.Join(names, " · ")
}

// Short is a number as people say it.
func (v auditView) Short(id string) string { return short(id) }

type staffView struct {
	web.Page
	Staff []desk.Staff
}

func (p *Pages) showStaff(w http.ResponseWriter, r *http.Request) error {
	all, err := p.Desk.People(r.Context(), web.ActorOf(r))
	if err != nil {
		return err
	}
	v := staffView{web.NewPage(r, "staff.title"), all}
	v.Wide = true
	return staffPage.Render(w, r, v)
}

// Roles offers the roles to choose from.
func (v staffView) Roles(now string) web.Field {
	return v.Choose("role", now, v.Offer("role", string(access.Agent), string(access.Investigator), string(access.Supervisor)))
}

// Kind is the look of somebody's badge.
func (v staffView) Kind(s desk.Staff) web.Badge {
	switch {
	case s.State != desk.Active:
		return web.Badge{Kind: map[desk.State]string{desk.Invited: "waiting", desk.Disabled: "closed"}[s.State], Words: v.T("staff.state." + string(s.State))}
	case s.SeenAt.IsZero() || v.Now.Sub(s.SeenAt) > time.Hour:
		return web.Badge{Kind: "next", Words: v.T("duty.away")}
	}
	return web.Badge{Kind: map[desk.Duty]string{desk.On: "ok", desk.Break: "soon", desk.Off: "next"}[s.Duty], Words: v.T("duty." + string(s.Duty))}
}

func (p *Pages) invite(w http.ResponseWriter, r *http.Request) error {
	f := web.FormOf(r)
	name, email := f.Text("name", 80), f.Text("email", 254)
	role := f.Choice("role", string(access.Agent), string(access.Investigator), string(access.Supervisor))
	if err := f.Err(); err != nil {
		return err
	}
	n := desk.Newcomer{Name: name, Email: email, Role: access.Role(role), Language: web.ClientOf(r).Language}
	if err := p.Desk.Invite(r.Context(), web.ActorOf(r), n); err != nil {
		return err
	}
	return web.Done(w, r, "/desk/staff", "staff.invited")
}

func (p *Pages) renew(w http.ResponseWriter, r *http.Request) error {
	if err := p.Desk.Renew(r.Context(), web.ActorOf(r), r.PathValue("staff"), web.ClientOf(r).Language); err != nil {
		return err
	}
	return web.Done(w, r, "/desk/staff", "staff.renewed")
}

func (p *Pages) disable(w http.ResponseWriter, r *http.Request) error {
	if err := p.Desk.Disable(r.Context(), web.ActorOf(r), r.PathValue("staff")); err != nil {
		return err
	}
	return web.Done(w, r, "/desk/staff", "staff.disabled")
}

func (p *Pages) setRole(w http.ResponseWriter, r *http.Request) error {
	f := web.FormOf(r)
	role := f.Choice("role", string(access.Agent), string(access.Investigator), string(access.Supervisor))
	if err := f.Err(); err != nil {
		return err
	}
	if err := p.Desk.SetRole(r.Context(), web.ActorOf(r), r.PathValue("staff"), access.Role(role)); err != nil {
		return err
	}
	return web.Done(w, r, "/desk/staff", "staff.role")
}

func (p *Pages) lift(w http.ResponseWriter, r *http.Request) error {
	if err := p.Desk.Lift(r.Context(), web.ActorOf(r), r.PathValue("staff")); err != nil {
		return err
	}
	return web.Done(w, r, "/desk/staff", "staff.lifted")
}

type phishingView struct {
	web.Page
	Letters []casefile.Phishing
}

// Source shows an uploaded letter as text, and never as the page it wants to be.
func (v phishingView) Source(l casefile.Phishing) string {
	const most = 20_000
	text := strings.ToValidUTF8(string(l.Letter[:min(len(l.Letter), most)]), "\uFFFD")
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, text)
}

func (p *Pages) showPhishing(w http.ResponseWriter, r *http.Request) error {
	all, err := p.Desk.Phishing(r.Context())
	if err != nil {
		return err
	}
	return phishingPage.Render(w, r, phishingView{web.NewPage(r, "phishing.title"), all})
}

func (p *Pages) seePhishing(w http.ResponseWriter, r *http.Request) error {
	if err := p.Desk.SeePhishing(r.Context(), web.ActorOf(r), r.PathValue("letter")); err != nil {
		return err
	}
	return web.Done(w, r, "/desk/phishing", "phishing.seen")
}

type postView struct {
	web.Page
	Dead []desk.Dead
	Lost []mail.Record
}

// Letter says what a letter is.
func (v postView) Letter(l mail.Record) string { return v.Or("letter."+string(l.Kind), string(l.Kind)) }

// Short is a number as people say it.
func (v postView) Short(id string) string { return short(id) }

func (p *Pages) showPost(w http.ResponseWriter, r *http.Request) error {
	dead, lost, err := p.Desk.Dead(r.Context())
	if err != nil {
		return err
	}
	v := postView{web.NewPage(r, "post.title"), dead, lost}
	v.Wide = true
	return postPage.Render(w, r, v)
}

func (p *Pages) revive(w http.ResponseWriter, r *http.Request) error {
	if err := p.Desk.Revive(r.Context(), web.ActorOf(r), r.PathValue("job")); err != nil {
		return err
	}
	return web.Done(w, r, "/desk/post", "post.revived")
}
