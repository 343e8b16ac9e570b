package console

import (
	"net/http"
	"slices"

	"takeback/internal/finding"
	"takeback/internal/restore"
	"takeback/internal/web"
)

// Whom is a link that narrows the questions to those of one addressee, or to none.
type Whom struct {
	To      restore.Addressee // empty: everybody
	Open    int
	Address string
	Here    bool
}

// Whoms are the addressees who are asked something, after everybody; none if
// there is nothing to choose.
func (v PlanView) Whoms() (all []Whom) {
	for _, to := range append([]restore.Addressee{""}, restore.Addressees...) {
		s := v.timeline.scope
		s.For = string(to)
		w := Whom{To: to, Address: v.timeline.to(s, "asked"), Here: v.timeline.scope.For == string(to)}
		for _, q := range v.Asked {
			if q.Answer == "" && (to == "" || q.To == to) {
				w.Open++
			}
		}
		if w.Open > 0 {
			all = append(all, w)
		}
	}
	if len(all) < 3 && v.timeline.scope.For == "" {
		return nil
	}
	return all
}

// To is the badge that says who can answer a question.
func (v PlanView) To(q restore.Asked) web.Badge {
	return web.Badge{Kind: "info", Words: v.T("heart.to." + string(q.To))}
}

// Waiting are the questions without an answer, of the addressee that the reader has chosen.
func (v PlanView) Waiting() (all []restore.Asked) {
	for _, q := range v.Asked {
		if chosen := v.timeline.scope.For; q.Answer == "" && (chosen == "" || chosen == string(q.To)) {
			all = append(all, q)
		}
	}
	return all
}

// Proposed is what the rules would write if a person agrees.
func (v PlanView) Proposed(q restore.Asked) string { return v.show(q.Path, q.Proposal) }

// AtNow is what is at the path of a question.
func (v PlanView) AtNow(q restore.Asked) string { return v.orNothing(v.show(q.Path, q.Now)) }

// Bunch are questions that one answer answers: whose all was that was done from one device.
type Bunch []restore.Asked

// Bunches are the questions that wait, those put together that are about one device.
func (v PlanView) Bunches() []Bunch { return bunches(v.Waiting()) }

// bunches puts the suspect changes of a device together, apart for each addressee,
// where the first of them stands. Any other question is about itself alone.
func bunches(asked []restore.Asked) (all []Bunch) {
	type kin struct {
		to     restore.Addressee
		device int
	}
	var devices finding.Devices
	at := map[kin]int{}
	for _, q := range asked {
		if q.Why == restore.SuspectChange {
			n, _ := devices.Group(q.History.Client.Device)
			k := kin{q.To, n}
			if i, some := at[k]; some {
				all[i] = append(all[i], q)
				continue
			}
			at[k] = len(all)
		}
		all = append(all, Bunch{q})
	}
	return all
}

// First is the question that stands for all of a bunch.
func (b Bunch) First() restore.Asked { return b[0] }

// Several tells whether one answer answers more than one question.
func (b Bunch) Several() bool { return len(b) > 1 }

// Device says which device a bunch is about, by what was used on it.
func (v PlanView) Device(b Bunch) string {
	c := b[0].History.Client
	name := v.T("heart.device", numbers(v.timeline.Lanes)[c.Device])
	if l, some := v.timeline.lanes[b[0].History.Session]; some {
		name += " · " + l.Client
	}
	return name
}

// Raised is the change that raised a question, and why it is doubtful.
func (v PlanView) Raised(q restore.Asked) Link { return v.station(q.Seq) }

// Evidence is the path of evidence to a question.
func (v PlanView) Evidence(q restore.Asked) (all []Link) {
	for _, seq := range q.Because {
		all = append(all, v.station(seq))
	}
	if len(all) == finding.Longest {
		if a, some := v.timeline.act(q.Because[1]); some && a.Reason.From != q.Because[0] {
			all[1].Why = v.T("heart.path.left") + " " + all[1].Why
		}
	}
	return all
}

func (p *Pages) answerQuestion(w http.ResponseWriter, r *http.Request) error {
	by, caseID, err := p.granted(r)
	if err != nil {
		return err
	}
	f := web.FormOf(r)
	q := restore.Question{Why: restore.Why(f.Text("why", 40)), Path: f.Text("path", 200), Seq: number(f, "seq")}
	seen, answer, together := f.Text("hash", 64), restore.Answer(f.Choice("decision", "keep", "proposal", "leave")), f.Check("together")
	if err := f.Err(); err != nil {
		return err
	}
	all := []restore.Question{q}
	if together {
		s, err := p.Restorer.Status(r.Context(), by, caseID)
		if err != nil {
			return err
		}
		all = bunchOf(s.Asked, q) // of the plan that was seen, or Answer refuses
	}
	if err := p.Restorer.Answer(r.Context(), by, caseID, seen, answer, all...); err != nil {
		return err
	}
	return backTo(w, r, caseID, "heart.answered")
}

// bunchOf gives the questions that wait for an answer together with one; that one alone if it does not wait.
func bunchOf(asked []restore.Asked, q restore.Question) (all []restore.Question) {
	asked = slices.DeleteFunc(slices.Clone(asked), func(a restore.Asked) bool { return a.Answer != "" })
	for _, b := range bunches(asked) {
		if !slices.ContainsFunc(b, func(a restore.Asked) bool { return a.Why == q.Why && a.Path == q.Path && a.Seq == q.Seq }) {
			continue
		}
		for _, a := range b {
			all = append(all, a.Question)
		}
		return all
	}
	return []restore.Question{q}
}
