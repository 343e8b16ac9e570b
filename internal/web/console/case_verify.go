package console

import (
	"strconv"

	"takeback/internal/casefile"
	"takeback/internal/verify"
	"takeback/internal/web"
)

// Speaker is one who speaks in the case, as the agent tells him apart.
type Speaker struct {
	casefile.Reporter
	No     int
	Same   bool   // he names the account of the case
	Other  bool   // he names another account, or none while the case has one
	Code   string // what the agent says so that he knows us
	Proved bool
}

// Speakers lists who speaks in the case.
func (v caseView) Speakers() (out []Speaker) {
	for i, r := range v.File.Reporters {
		named := v.File.Case.Account
		out = append(out, Speaker{Reporter: r, No: i + 1, Same: named != "" && r.Claims == named, Other: named != "" && r.Claims != named && r.Source != "not-me",
			Code: v.File.Codes[r.ID], Proved: !r.ProvedAt.IsZero()})
	}
	return out
}

// Several tells whether an act must say whom it is about.
func (v caseView) Several() bool { return len(v.File.Reporters) > 1 }

// Whom makes the choice of a speaker under a name of its own, so that two forms do not share it.
func (v caseView) Whom(name string) web.Field {
	options := []web.Option{{Value: "", Label: v.T("speaker.choose")}}
	for _, s := range v.Speakers() {
		options = append(options, web.Option{Value: s.ID, Label: v.SpeakerName(s.ID)})
	}
	return v.pick(name, "field.who", options)
}

// pick is Choose for a field whose name is made here and whose label is not.
func (v caseView) pick(name, label string, options []web.Option) web.Field {
	f := web.Field{Page: v.Page, Name: name, Label: v.T(label), Error: v.Err(name), Value: v.Typed(name, ""), Required: true}
	for _, o := range options {
		o.Chosen = o.Value == f.Value
		f.Options = append(f.Options, o)
	}
	return f
}

// SpeakerName is what a speaker is called on the page: a number and how he came.
func (v caseView) SpeakerName(id string) string {
	for i, r := range v.File.Reporters {
		if r.ID == id {
			return v.T("speaker.name", strconv.Itoa(i+1), v.Or("source."+r.Source, r.Source))
		}
	}
	return v.T("speaker.unknown")
}

// Say is the sentence with which a question is put.
func (v caseView) Say(q verify.Asked) string { return v.T("question." + q.Kind) }

// Answers gives what an agent may hear, to be recorded and never read out.
func (v caseView) Answers(q verify.Asked) web.Field {
	options := []web.Option{{Value: "", Label: v.T("answer.heard")}}
	for _, o := range q.Options {
		options = append(options, web.Option{Value: o, Label: v.Or("device."+o, o)})
	}
	options = append(options, web.Option{Value: "-", Label: v.T("answer.other")})
	return v.pick("answer-"+q.ID, "field.heard", options)
}

// CodeState says what became of a code.
func (v caseView) CodeState(c verify.Sent) web.Badge {
	switch {
	case c.Ended != "":
		return web.Badge{Kind: map[string]string{"used": "done", "spent": "failed", "replaced": "next"}[c.Ended], Words: v.T("code." + c.Ended)}
	case !v.Now.Before(c.Until):
		return web.Badge{Kind: "next", Words: v.T("code.expired")}
	}
	return web.Badge{Kind: "waiting", Words: v.T("code.waiting", strconv.Itoa(5-c.Tries))}
}

// Worth says what a proof is worth.
func (v caseView) Worth(p verify.Proof) web.Badge {
	kind := map[verify.Strength]string{verify.ForReturn: "ok", verify.ForStop: "info", verify.Nothing: "next"}[p.Worth]
	if !p.Good {
		kind = "failed"
	}
	return web.Badge{Kind: kind, Words: v.T("worth." + string(p.Worth))}
}

// Why says why a proof is worth no more; empty if nothing takes from it.
func (v caseView) Why(p verify.Proof) string {
	if p.Why == "" {
		return ""
	}
	return v.T("why." + p.Why)
}

// Source says where a proof came from.
func (v caseView) Source(p verify.Proof) string {
	if p.Method == verify.Question {
		return v.T("question." + p.Path)
	}
	return v.PathName(p.Path)
}

// Verdict shows how sure we are, in two badges: to stop, and to return.
func (v caseView) Verdict() []web.Badge {
	d := v.Script.Verdict
	stop := web.Badge{Kind: "next", Words: v.T("verdict.stop.no")}
	if d.Stop {
		stop = web.Badge{Kind: "ok", Words: v.T("verdict.stop.yes")}
	}
	back := web.Badge{Kind: "waiting", Words: v.T("verdict.return.needed", strconv.Itoa(len(d.Classes)))}
	switch {
	case d.Contest:
		back = web.Badge{Kind: "urgent", Words: v.T("verdict.return.contest")}
	case d.Waived:
		back = web.Badge{Kind: "ok", Words: v.T("verdict.return.waived")}
	case d.Return:
		back = web.Badge{Kind: "ok", Words: v.T("verdict.return.yes")}
	}
	return []web.Badge{stop, back}
}

// OpenContest gives the second claim that nobody has settled; nil if there is none.
func (v caseView) OpenContest() *verify.Contest {
	for i, c := range v.Script.Contests {
		if c.SettledBy == "" {
			return &v.Script.Contests[i]
		}
	}
	return nil
}

// MayAsk tells whether the exception may be asked for.
func (v caseView) MayAsk() bool {
	d, w := v.Script.Verdict, v.Script.Waiver
	return v.File.Case.Account != "" && d.Waive && !d.Return && (w.ID == "" || w.Refused)
}

// MayAgree tells whether the reader may answer the exception.
func (v caseView) MayAgree() bool {
	w := v.Script.Waiver
	return v.Manage && w.ID != "" && w.AgreedBy == "" && w.AskedBy != v.Actor.ID
}
