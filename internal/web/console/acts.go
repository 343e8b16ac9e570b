package console

import (
	"net/http"

	"takeback/internal/access"
	"takeback/internal/web"
)

// act is what a form of the case page does: by is the grant that the entry in the history gave.
type act func(r *http.Request, f *web.Form, by access.Actor, id string, rev int64) (done string, err error)

// inCase wraps an act: entry first, then the form, then the act, then back to the page.
func (p *Pages) inCase(w http.ResponseWriter, r *http.Request, do act) error {
	id := r.PathValue("id")
	f := web.FormOf(r)
	rev := f.Int("rev", 1, 1<<53)
	if err := f.Err(); err != nil {
		return err
	}
	grant, err := p.Desk.Enter(r.Context(), web.ActorOf(r), id, "")
	if err != nil {
		return err
	}
	done, err := do(r, f, grant, id, rev)
	if err != nil {
		return err
	}
	return web.Done(w, r, "/desk/cases/"+id, done)
}

// look takes the reason for looking at a case that is over.
func (p *Pages) look(w http.ResponseWriter, r *http.Request) error {
	id, f := r.PathValue("id"), web.FormOf(r)
	reason := f.Text("reason", 300)
	if err := f.Err(); err != nil {
		return err
	}
	if _, err := p.Desk.Enter(r.Context(), web.ActorOf(r), id, reason); err != nil {
		return err
	}
	return web.Done(w, r, "/desk/cases/"+id, "")
}

// freeze asks for nothing but the click: it may not fail because somebody else was faster.
func (p *Pages) freeze(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	grant, err := p.Desk.Enter(r.Context(), web.ActorOf(r), id, "")
	if err != nil {
		return err
	}
	if err := p.Desk.Stop(r.Context(), grant, id); err != nil {
		return err
	}
	return web.Done(w, r, "/desk/cases/"+id, "frozen")
}

func (p *Pages) take(w http.ResponseWriter, r *http.Request) error {
	return p.inCase(w, r, func(r *http.Request, _ *web.Form, by access.Actor, id string, rev int64) (string, error) {
		return "taken", p.Desk.Take(r.Context(), by, id, rev)
	})
}

func (p *Pages) leave(w http.ResponseWriter, r *http.Request) error {
	return p.inCase(w, r, func(r *http.Request, _ *web.Form, by access.Actor, id string, rev int64) (string, error) {
		return "left", p.Desk.Leave(r.Context(), by, id, rev)
	})
}

func (p *Pages) closeCase(w http.ResponseWriter, r *http.Request) error {
	return p.inCase(w, r, func(r *http.Request, f *web.Form, by access.Actor, id string, rev int64) (string, error) {
		reason := f.Text("closing", 500)
		if err := f.Err(); err != nil {
			return "", err
		}
		return "closed", p.Desk.Close(r.Context(), by, id, rev, reason)
	})
}

func (p *Pages) nameAccount(w http.ResponseWriter, r *http.Request) error {
	return p.inCase(w, r, func(r *http.Request, f *web.Form, by access.Actor, id string, rev int64) (string, error) {
		exact := f.Text("account", 254)
		if err := f.Err(); err != nil {
			return "", err
		}
		return "named", p.Desk.NameAccount(r.Context(), by, id, rev, exact)
	})
}

// unmask shows one field in clear. What one session sees no other one does, so it takes the actor and not the grant.
func (p *Pages) unmask(w http.ResponseWriter, r *http.Request) error {
	id, f := r.PathValue("id"), web.FormOf(r)
	path, version := f.Optional("path", 200), f.Optional("version", 60)
	if err := f.Err(); err != nil {
		return err
	}
	by, show := web.ActorOf(r), p.Desk.Unmask
	if version != "" {
		path, show = version, p.Desk.UnmaskContact
	}
	if err := show(r.Context(), by, id, path); err != nil {
		return err
	}
	return web.Done(w, r, "/desk/cases/"+id, "unmasked")
}

// reply asks for no fresh page: an answer is right even if somebody wrote meanwhile.
func (p *Pages) reply(w http.ResponseWriter, r *http.Request) error {
	id, f := r.PathValue("id"), web.FormOf(r)
	to, text := f.Optional("reply-to", 60), f.Lines("text", 4000)
	if err := f.Err(); err != nil {
		return err
	}
	if err := p.Desk.Reply(r.Context(), web.ActorOf(r), id, to, text); err != nil {
		return err
	}
	return web.Done(w, r, "/desk/cases/"+id, "replied")
}

func (p *Pages) note(w http.ResponseWriter, r *http.Request) error {
	id, f := r.PathValue("id"), web.FormOf(r)
	words := f.Lines("note", 2000)
	if err := f.Err(); err != nil {
		return err
	}
	if err := p.Desk.Note(r.Context(), web.ActorOf(r), id, words); err != nil {
		return err
	}
	return web.Done(w, r, "/desk/cases/"+id, "noted")
}

// answer records what a caller said. Whether it was right is said when it is too late to try again.
func (p *Pages) answer(w http.ResponseWriter, r *http.Request) error {
	return p.inCase(w, r, func(r *http.Request, f *web.Form, by access.Actor, id string, rev int64) (string, error) {
		question := f.Text("question", 60)
		heard, who := f.Text("answer-"+question, 100), f.Optional("from-"+question, 60)
		if err := f.Err(); err != nil {
			return "", err
		}
		right, err := p.Examiner.Answer(r.Context(), by, id, rev, question, heard, who)
		if err == nil && !right {
			return "answer.wrong", nil
		}
		return "answer.right", err
	})
}

func (p *Pages) sendCode(w http.ResponseWriter, r *http.Request) error {
	return p.inCase(w, r, func(r *http.Request, f *web.Form, by access.Actor, id string, rev int64) (string, error) {
		version, who := f.Text("version", 60), f.Optional("code-for", 60)
		if err := f.Err(); err != nil {
			return "", err
		}
		return "code.sent", p.Examiner.SendCode(r.Context(), by, id, rev, version, who)
	})
}

func (p *Pages) reached(w http.ResponseWriter, r *http.Request) error {
	return p.inCase(w, r, func(r *http.Request, f *web.Form, by access.Actor, id string, rev int64) (string, error) {
		version, answered, who := f.Text("version", 60), f.Choice("answered", "yes", "no"), f.Optional("call-with", 60)
		if err := f.Err(); err != nil {
			return "", err
		}
		return "reached", p.Examiner.Reached(r.Context(), by, id, rev, version, answered == "yes", who)
	})
}

func (p *Pages) contest(w http.ResponseWriter, r *http.Request) error {
	return p.inCase(w, r, func(r *http.Request, f *web.Form, by access.Actor, id string, rev int64) (string, error) {
		words := f.Lines("claim", 1000)
		if err := f.Err(); err != nil {
			return "", err
		}
		return "contested", p.Examiner.Mark(r.Context(), by, id, rev, words)
	})
}

func (p *Pages) settle(w http.ResponseWriter, r *http.Request) error {
	return p.inCase(w, r, func(r *http.Request, f *web.Form, by access.Actor, id string, rev int64) (string, error) {
		finding := f.Lines("finding", 1000)
		if err := f.Err(); err != nil {
			return "", err
		}
		return "settled", p.Examiner.Settle(r.Context(), by, id, rev, finding)
	})
}

func (p *Pages) askWaiver(w http.ResponseWriter, r *http.Request) error {
	return p.inCase(w, r, func(r *http.Request, f *web.Form, by access.Actor, id string, rev int64) (string, error) {
		reason := f.Lines("exception", 1000)
		if err := f.Err(); err != nil {
			return "", err
		}
		return "waiver.asked", p.Examiner.AskWaiver(r.Context(), by, id, rev, reason)
	})
}

func (p *Pages) answerWaiver(w http.ResponseWriter, r *http.Request) error {
	return p.inCase(w, r, func(r *http.Request, f *web.Form, by access.Actor, id string, rev int64) (string, error) {
		words, agree := f.Lines("agreement", 1000), f.Choice("agree", "yes", "no")
		if err := f.Err(); err != nil {
			return "", err
		}
		return "waiver.answered", p.Examiner.AnswerWaiver(r.Context(), by, id, rev, agree == "yes", words)
	})
}
