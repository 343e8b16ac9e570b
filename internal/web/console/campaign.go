package console

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"takeback/internal/access"
	"takeback/internal/campaign"
	"takeback/internal/fault"
	"takeback/internal/restore"
	"takeback/internal/web"
)

var (
	campaignsPage = web.NewView[campaignsView](pages, "campaigns")
	campaignPage  = web.NewView[campaignView](pages, "campaign")
)

const aCampaign = "/desk/campaigns/{campaign}"

// campaignRoutes are the pages of campaigns and what is done there.
func (p *Pages) campaignRoutes() []web.Route {
	act := func(name string, needs access.Permission, h web.Handler) web.Route {
		return web.Route{Method: "POST", Path: aCampaign + "/" + name, Permission: needs, Handler: h, Back: aCampaign}
	}
	return []web.Route{
		{Method: "GET", Path: "/desk/campaigns", Permission: access.Investigate, Handler: p.showCampaigns},
		{Method: "POST", Path: "/desk/campaigns", Permission: access.Investigate, Handler: p.draftCampaign},
		{Method: "GET", Path: aCampaign, Permission: access.Investigate, Handler: p.showCampaign},
		{Method: "GET", Path: aCampaign + "/events", Permission: access.Investigate, Handler: p.campaignEvents, Live: true},
		act("confirm", access.Manage, p.confirmCampaign),
		act("open", access.Manage, p.openCampaign),
		act("let-go", access.Manage, p.letGoOfOne),
		act("approve", access.Approve, p.approveShape),
		act("follow", access.Manage, p.followLead),
		act("leave", access.Investigate, p.leaveLead),
	}
}

type campaignsView struct {
	web.Page
	All []campaign.Campaign
}

func (p *Pages) showCampaigns(w http.ResponseWriter, r *http.Request) error {
	all, err := p.Campaigns.List(r.Context(), web.ActorOf(r))
	if err != nil {
		return err
	}
	v := campaignsView{web.NewPage(r, "campaigns.title"), all}
	v.Wide = true
	return campaignsPage.Render(w, r, v)
}

// Ways offers what a cohort has in common.
func (v campaignsView) Ways() web.Field {
	var kinds []string
	for _, k := range campaign.Kinds {
		kinds = append(kinds, string(k))
	}
	return v.Choose("common", kinds[0], v.Offer("campaign.kind", kinds...))
}

// minute is the form of a time in an input.
const minute = "2006-01-02T15:04"

// Week is a week ago, and Soon the next minute: the window that is offered.
func (v campaignsView) Week() string { return v.Now.Add(-7 * 24 * time.Hour).In(v.Zone).Format(minute) }

// Soon is the next minute.
func (v campaignsView) Soon() string { return v.Now.Add(time.Minute).In(v.Zone).Format(minute) }

// Look is the look of a campaign's badge.
func (v campaignsView) Look(c campaign.Campaign) web.Badge { return stepBadge(v.Page, c) }

func stepBadge(p web.Page, c campaign.Campaign) web.Badge {
	look := map[campaign.Step]string{campaign.Drafted: "waiting", campaign.Held: "urgent", campaign.Planning: "urgent", campaign.Carrying: "soon", campaign.Opened: "closed"}
	return web.Badge{Kind: look[c.Step], Words: p.T("campaign.step." + string(c.Step))}
}

func (p *Pages) draftCampaign(w http.ResponseWriter, r *http.Request) error {
	f, zone := web.FormOf(r), web.NewPage(r, "campaigns.title").Zone
	k := campaign.Key{Kind: campaign.Kind(f.Choice("common", "device", "contact", "agent", "network")), Value: f.Text("value", 254)}
	k.From, k.Until = moment(f, "from", zone), moment(f, "until", zone)
	reason := f.Lines("story", 500)
	if err := f.Err(); err != nil {
		return err
	}
	c, err := p.Campaigns.Draft(r.Context(), web.ActorOf(r), k, reason)
	if err != nil {
		return err
	}
	return web.Done(w, r, "/desk/campaigns/"+c.ID, "campaign.drafted")
}

var errMoment = fault.New(fault.Invalid, "campaign.moment", "Please write a day and a time.")

// moment reads a time as an input of that type sends it, on the reader's clock.
func moment(f *web.Form, name string, zone *time.Location) time.Time {
	text := f.Text(name, len(minute))
	t, err := time.ParseInLocation(minute, text, zone)
	if text != "" && err != nil {
		f.Fail(name, errMoment)
	}
	return t
}

type campaignView struct {
	web.Page
	campaign.View
}

func (p *Pages) showCampaign(w http.ResponseWriter, r *http.Request) error {
	c, err := p.Campaigns.See(r.Context(), web.ActorOf(r), r.PathValue("campaign"))
	if err != nil {
		return err
	}
	v := campaignView{web.NewPage(r, "campaign.title"), c}
	v.Wide = true
	return campaignPage.Render(w, r, v)
}

// Look is the look of the campaign's badge.
func (v campaignView) Look() web.Badge { return stepBadge(v.Page, v.Campaign) }

// Short is a number as people say it.
func (v campaignView) Short(id string) string { return short(id) }

// MayConfirm tells whether this reader may be the second person.
func (v campaignView) MayConfirm() bool {
	return v.Step == campaign.Drafted && v.Actor.May(access.Manage) && v.Actor.ID != v.MadeBy
}

// WaitsFor says who is waited for, where it is not this reader.
func (v campaignView) WaitsFor() string {
	if v.Step != campaign.Drafted || v.MayConfirm() {
		return ""
	}
	return v.T("campaign.waits")
}

// MayOpen tells whether this reader may end the hold.
func (v campaignView) MayOpen() bool {
	return v.Actor.May(access.Manage) && (v.Step == campaign.Held || v.Step == campaign.Planning || v.Step == campaign.Carrying)
}

// tileStates are the states that have a tile, in their order.
var tileStates = []campaign.State{campaign.Clean, campaign.Taken, campaign.Planned, campaign.Running, campaign.Restored, campaign.Conflict, campaign.Aside}

// Tile is a number with its words.
type Tile struct {
	N     int
	Words string
	Hot   bool
}

// Tiles are how many accounts are where.
func (v campaignView) Tiles() (all []Tile) {
	for _, s := range tileStates {
		n := v.States[s]
		all = append(all, Tile{n, v.T("campaign.state." + string(s)), n > 0 && s == campaign.Conflict})
	}
	return all
}

// Line says a line of a shape: what is done to which kind of thing, or what is asked.
func (v campaignView) Line(line string) string {
	head, rest, _ := strings.Cut(line, " ")
	what, kind, _ := strings.Cut(rest, " ")
	name := v.Or("heart.path."+strings.ReplaceAll(strings.TrimSuffix(kind, "/*"), "/", "."), kind)
	if head == "?" {
		return v.T("campaign.line.asks", name, v.Or("heart.ask."+what, what))
	}
	if phase, err := strconv.Atoi(head); err == nil && restore.Phase(phase) == restore.StopLoss {
		return v.T("campaign.line.first", name, v.Or("heart.op."+what, what))
	}
	return v.T("campaign.line", name, v.Or("heart.op."+what, what))
}

// MayFollow tells whether this reader may say that a lead is followed.
func (v campaignView) MayFollow() bool {
	return v.Step != campaign.Opened && v.Actor.May(access.Manage) && v.Actor.ID != v.MadeBy
}

// Why says why a shape is not approved by this reader.
func (v campaignView) Why(g campaign.Group) string {
	if g.MayNot == nil {
		return ""
	}
	return v.Fault(g.MayNot)
}

// Ended counts the accounts of a shape that have come to their end.
func (v campaignView) Ended(g campaign.Group) int { return g.Restored + g.Conflicts + g.Asides }

func (p *Pages) campaignEvents(w http.ResponseWriter, r *http.Request) error {
	return web.Stream(w, r, p.Campaigns.Changes(r.Context(), r.PathValue("campaign")))
}

func backToCampaign(w http.ResponseWriter, r *http.Request, code string) error {
	return web.Done(w, r, "/desk/campaigns/"+r.PathValue("campaign"), code)
}

func (p *Pages) confirmCampaign(w http.ResponseWriter, r *http.Request) error {
	if err := p.Campaigns.Confirm(r.Context(), web.ActorOf(r), r.PathValue("campaign")); err != nil {
		return err
	}
	return backToCampaign(w, r, "campaign.confirmed")
}

func (p *Pages) openCampaign(w http.ResponseWriter, r *http.Request) error {
	if err := p.Campaigns.Open(r.Context(), web.ActorOf(r), r.PathValue("campaign")); err != nil {
		return err
	}
	return backToCampaign(w, r, "campaign.opened")
}

func (p *Pages) letGoOfOne(w http.ResponseWriter, r *http.Request) error {
	f := web.FormOf(r)
	id := f.Text("number", 60)
	if err := f.Err(); err != nil {
		return err
	}
	if err := p.Campaigns.LetGo(r.Context(), web.ActorOf(r), r.PathValue("campaign"), id); err != nil {
		return err
	}
	return backToCampaign(w, r, "campaign.let-go")
}

func (p *Pages) approveShape(w http.ResponseWriter, r *http.Request) error {
	f := web.FormOf(r)
	shape := f.Text("shape", 60)
	if err := f.Err(); err != nil {
		return err
	}
	if _, err := p.Campaigns.Approve(r.Context(), web.ActorOf(r), r.PathValue("campaign"), shape); err != nil {
		return err
	}
	return backToCampaign(w, r, "campaign.approved")
}

func (p *Pages) followLead(w http.ResponseWriter, r *http.Request) error {
	return p.sayOfLead(w, r, p.Campaigns.Follow, "campaign.followed")
}

func (p *Pages) leaveLead(w http.ResponseWriter, r *http.Request) error {
	return p.sayOfLead(w, r, p.Campaigns.Leave, "campaign.left")
}

func (p *Pages) sayOfLead(w http.ResponseWriter, r *http.Request, say func(context.Context, access.Actor, string, campaign.Kind, string) error, done string) error {
	f := web.FormOf(r)
	kind, value := campaign.Kind(f.Choice("common", "device", "contact", "agent")), f.Text("value", 254)
	if err := f.Err(); err != nil {
		return err
	}
	if err := say(r.Context(), web.ActorOf(r), r.PathValue("campaign"), kind, value); err != nil {
		return err
	}
	return backToCampaign(w, r, done)
}
