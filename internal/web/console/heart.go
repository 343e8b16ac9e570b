package console

import (
	"context"
	"net/http"

	"takeback/internal/access"
	"takeback/internal/casefile"
	"takeback/internal/web"
)

// HeartView is the middle of a case's page: what the intruder did, what is done
// about it, and what the holder will read.
type HeartView struct {
	Timeline TimelineView
	Plan     PlanView
	Letter   LetterView
}

// heartView gives the middle of the page of a case; nothing while nobody knows
// the account, or it was never held still. The caller has entered the look.
func (p *Pages) heartView(ctx context.Context, page web.Page, by access.Actor, c casefile.Case, s scope) (v HeartView, err error) {
	if c.Account == "" || c.Step == casefile.Reported {
		return v, nil
	}
	if v.Timeline, err = p.timelineView(ctx, page, by, c, s); err != nil {
		return v, err
	}
	if v.Plan, err = p.planView(ctx, by, c); err != nil {
		return v, err
	}
	if v.Letter, err = p.letterView(ctx, by, c); err != nil {
		return v, err
	}
	v.Plan.Page, v.Letter.Page = page, page
	v.Plan.timeline, v.Plan.whole = v.Timeline, s.All
	return v, nil
}

// heartRoutes are what is done there.
func (p *Pages) heartRoutes() []web.Route {
	act := func(name string, needs access.Permission, h web.Handler) web.Route {
		return web.Route{Method: "POST", Path: aCase + "/" + name, Permission: needs, Handler: h, Back: aCase}
	}
	return []web.Route{
		act("mark", access.Investigate, p.mark),
		act("false-alarm", access.Freeze, p.falseAlarm),
		act("plan", access.Investigate, p.makePlan),
		act("plan/answer", access.Investigate, p.answerQuestion),
		act("plan/approve", access.Approve, p.approve),
		act("plan/refuse", access.Approve, p.refuse),
		act("plan/start", access.Investigate, p.start),
		act("hand-back", access.Investigate, p.handBack),
	}
}

// granted is who asks, acting inside the case that the path names. The entry of
// the look is committed before anything is read or done.
func (p *Pages) granted(r *http.Request) (by access.Actor, caseID string, err error) {
	caseID = r.PathValue("id")
	by, err = p.Desk.Enter(r.Context(), web.ActorOf(r), caseID, "")
	return by, caseID, err
}

// backTo ends a POST on the page of the case.
func backTo(w http.ResponseWriter, r *http.Request, caseID, code string) error {
	return web.Done(w, r, "/desk/cases/"+caseID, code)
}
