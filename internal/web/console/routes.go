package console

import (
	"net/http"
	"slices"

	"takeback/internal/access"
	"takeback/internal/history"
	"takeback/internal/web"
)

const aCase = "/desk/cases/{id}"

// Routes is the table of contents of the face.
func (p *Pages) Routes() []web.Route {
	all := slices.Concat([]web.Route{
		{Method: "GET", Path: "/desk/sign-in", Permission: access.Public, Handler: p.showSignIn},
		{Method: "POST", Path: "/desk/sign-in", Permission: access.Public, Handler: p.signIn},
		{Method: "POST", Path: "/desk/sign-out", Permission: access.DeskWork, Handler: p.signOut},
		{Method: "GET", Path: "/desk/welcome/{token}", Permission: access.Public, Handler: p.showWelcome},
		{Method: "POST", Path: "/desk/welcome/{token}", Permission: access.Public, Handler: p.enrol},
		{Method: "GET", Path: "/desk/welcome/{token}/qr.png", Permission: access.Public, Handler: p.showQR},
		{Method: "POST", Path: "/desk/welcome/{token}/begin", Permission: access.Public, Handler: p.begin, Back: "/desk/welcome/{token}"},

		{Method: "GET", Path: "/desk", Permission: access.DeskWork, Handler: p.showQueue},
		{Method: "GET", Path: "/desk/events", Permission: access.DeskWork, Handler: p.events, Live: true},
		{Method: "POST", Path: "/desk/duty", Permission: access.DeskWork, Handler: p.setDuty, Back: "/desk"},
		{Method: "POST", Path: "/desk/calls/{call}/take", Permission: access.DeskWork, Handler: p.takeCall, Back: "/desk"},
		{Method: "POST", Path: "/desk/calls/{call}/finish", Permission: access.DeskWork, Handler: p.finishCall, Back: "/desk"},
		{Method: "GET", Path: "/desk/wall", Permission: access.DeskWork, Handler: p.showWall},

		{Method: "GET", Path: "/desk/phishing", Permission: access.DeskWork, Handler: p.showPhishing},
		{Method: "POST", Path: "/desk/phishing/{letter}/seen", Permission: access.DeskWork, Handler: p.seePhishing, Back: "/desk/phishing"},
		{Method: "GET", Path: "/desk/post", Permission: access.Manage, Handler: p.showPost},
		{Method: "POST", Path: "/desk/post/{job}/revive", Permission: access.Manage, Handler: p.revive, Back: "/desk/post"},
		{Method: "GET", Path: "/desk/audit", Permission: access.Manage, Handler: p.showAudit},
		{Method: "GET", Path: "/desk/staff", Permission: access.Manage, Handler: p.showStaff},
		{Method: "POST", Path: "/desk/staff", Permission: access.Manage, Handler: p.invite},
		{Method: "POST", Path: "/desk/staff/{staff}/renew", Permission: access.Manage, Handler: p.renew, Back: "/desk/staff"},
		{Method: "POST", Path: "/desk/staff/{staff}/disable", Permission: access.Manage, Handler: p.disable, Back: "/desk/staff"},
		{Method: "POST", Path: "/desk/staff/{staff}/role", Permission: access.Manage, Handler: p.setRole, Back: "/desk/staff"},
		{Method: "POST", Path: "/desk/staff/{staff}/lift", Permission: access.Manage, Handler: p.lift, Back: "/desk/staff"},
	}, p.caseRoutes(), p.heartRoutes(), p.campaignRoutes(), p.riskRoutes())
	for i := range all {
		if !all[i].Live {
			all[i].Handler = readingOnce(all[i].Handler)
		}
	}
	return all
}

// readingOnce lets a page or act read a history once, however many rooms ask for
// it: with 2,000 changes reading is most of what a page takes.
func readingOnce(h web.Handler) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		return h(w, r.WithContext(history.Once(r.Context())))
	}
}

// caseRoutes are the page of a case and what is done on it.
func (p *Pages) caseRoutes() []web.Route {
	act := func(name string, h web.Handler) web.Route {
		return web.Route{Method: "POST", Path: aCase + "/" + name, Permission: access.DeskWork, Handler: h, Back: aCase}
	}
	freeze := act("freeze", p.freeze)
	freeze.Permission = access.Freeze
	agree := act("waiver/answer", p.answerWaiver)
	agree.Permission = access.Manage
	all := []web.Route{
		{Method: "GET", Path: aCase, Permission: access.DeskWork, Handler: p.showCase},
		{Method: "GET", Path: aCase + "/events", Permission: access.DeskWork, Handler: p.caseEvents, Live: true},
		freeze, agree,
		act("look", p.look), act("take", p.take), act("leave", p.leave), act("close", p.closeCase),
		act("name", p.nameAccount), act("unmask", p.unmask), act("reply", p.reply), act("note", p.note),
		act("answer", p.answer), act("code", p.sendCode), act("reached", p.reached),
		act("contest", p.contest), act("settle", p.settle), act("waiver", p.askWaiver),
	}
	if p.Asker != nil {
		all = append(all, act("ask", p.askHolder))
	}
	return all
}
