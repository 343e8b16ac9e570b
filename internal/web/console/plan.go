package console

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"

	"takeback/internal/access"
	"takeback/internal/casefile"
	"takeback/internal/restore"
	"takeback/internal/web"
)

// PlanView is the block "case-plan".
type PlanView struct {
	web.Page
	ID      string // of the case
	Step    casefile.Step
	Shown   bool
	MayMake bool
	MayRun  bool // the plan has its second person and waits for somebody to begin
	restore.Status
	timeline TimelineView // which has the words for evidence
	whole    bool         // all lines are asked for
	shown    func(lang, path string, value json.RawMessage) string
}

// PlanPhase is a part of the plan: what is done before anything of the next one begins.
type PlanPhase struct {
	Words string
	Lines []restore.Line
}

// linesAtFirst is how many lines of a plan a page begins with.
const linesAtFirst = 150

func (p *Pages) planView(ctx context.Context, by access.Actor, c casefile.Case) (PlanView, error) {
	s, err := p.Restorer.Status(ctx, by, c.ID)
	if err != nil {
		return PlanView{}, err
	}
	v := PlanView{ID: c.ID, Step: c.Step, Status: s, shown: p.shown}
	may := by.May(access.Investigate)
	v.MayMake = may && (casefile.May(c.Step, casefile.Planned) && !s.Running || c.Step == casefile.Verified)
	v.MayRun = may && c.Step == casefile.Approved
	v.Shown = s.Stored.ID != "" || v.MayMake || len(s.Lane) > 0
	return v, nil
}

// Made tells whether there is a plan.
func (v PlanView) Made() bool { return v.Stored.ID != "" }

// Waits tells whether the plan waits for its second person.
func (v PlanView) Waits() bool { return v.Made() && v.Step == casefile.Planned }

// Started tells whether steps are or were being carried out.
func (v PlanView) Started() bool { return !v.StartedAt.IsZero() }

// Name says what a path is, or which session is asked about.
func (v PlanView) Name(path string) string {
	if lane := v.timeline.Lane(path); lane != "" {
		return lane
	}
	return heartPath(v.Page, path)
}

// Phases are the lines of the plan in the order in which they are carried out.
func (v PlanView) Phases() (all []PlanPhase) {
	lines := v.Diff()
	slices.SortStableFunc(lines, func(a, b restore.Line) int { return cmp.Compare(a.Phase, b.Phase) })
	if !v.whole && len(lines) > linesAtFirst {
		lines = lines[:linesAtFirst]
	}
	for i, l := range lines {
		if i == 0 || l.Phase != lines[i-1].Phase {
			all = append(all, PlanPhase{Words: v.T("heart.phase." + strconv.Itoa(int(l.Phase)))})
		}
		n := len(all) - 1
		all[n].Lines = append(all[n].Lines, l)
	}
	return all
}

// Hidden is how many lines are not shown, and All the address that shows them.
func (v PlanView) Hidden() int {
	if v.whole {
		return 0
	}
	return max(0, len(v.Diff())-linesAtFirst)
}

// All is the address of the page with all lines of the plan.
func (v PlanView) All() string {
	s := v.timeline.scope
	s.All = true
	return v.timeline.to(s, "plan")
}

// Diff is the plan as a diff, a line for each path: what is emptied and then
// filled again stands there once.
func (v PlanView) Diff() (all []restore.Line) {
	at := map[string]int{}
	for _, l := range v.Lines {
		i, some := at[l.Path]
		if !some {
			at[l.Path] = len(all)
			all = append(all, l)
			continue
		}
		l.Pre = all[i].Pre
		all[i] = l
	}
	return all
}

func (v PlanView) show(path string, value json.RawMessage) string {
	return v.shown(v.Lang, path, value)
}

// Was is what was there before the intruder.
func (v PlanView) Was(l restore.Line) string {
	if slices.Contains(v.Erased, l.Path) {
		return v.T("heart.erased")
	}
	return v.orNothing(v.show(l.Path, l.Before))
}

// Gone are the paths at which the plan does nothing, because what would come back was erased at the holder's wish.
func (v PlanView) Gone() (paths []string) {
	for _, path := range v.Erased {
		if !slices.ContainsFunc(v.Lines, func(l restore.Line) bool { return l.Path == path }) {
			paths = append(paths, path)
		}
	}
	return paths
}

// Theirs is as the intruder left it.
func (v PlanView) Theirs(l restore.Line) string {
	if len(l.Because) == 0 {
		return "–" // only our rule that every secret is enrolled again
	}
	return v.orNothing(v.show(l.Path, l.Theirs))
}

// Present is what is there now, or was when the plan was made.
func (v PlanView) Present(l restore.Line) string { return v.orNothing(v.show(l.Path, l.Pre)) }

// After is what is there afterwards.
func (v PlanView) After(l restore.Line) string {
	switch l.Op {
	case restore.Put, restore.PutBack, restore.Move:
		return v.show(l.Path, l.Want)
	}
	return v.T("heart.op." + string(l.Op))
}

func (v PlanView) orNothing(s string) string {
	if s == "" {
		return v.T("heart.nothing")
	}
	return s
}

// Class is the look of a line of the diff.
func (v PlanView) Class(l restore.Line) string {
	switch l.Op {
	case restore.Revoke, restore.Drop, restore.Remove:
		return "lost"
	}
	return ""
}

// Because says why a step is in the plan: what the change that leads to it did,
// and why that is the intruder's; or the rule that asks for it without any.
func (v PlanView) Because(l restore.Line) Link {
	if len(l.Row.Because) == 0 {
		return Link{Why: v.T("heart.because.enrol")}
	}
	return v.station(l.Row.Because[len(l.Row.Because)-1])
}

func (v PlanView) station(seq int64) Link {
	t := v.timeline
	l := Link{Words: t.ref(seq), Address: t.PickLink(seq)}
	if a, some := t.act(seq); some {
		l.Why = t.Why(a.Reason)
	}
	return l
}

// looks are the looks of a step by its state.
var looks = map[restore.State]string{
	restore.Pending: "next", restore.Intent: "now", restore.Applied: "now", restore.Verified: "done",
	restore.Conflicts: "failed", restore.Manual: "failed", restore.Skipped: "failed",
}

// Look is the look of a step.
func (v PlanView) Look(l restore.Line) string { return looks[l.State] }

// LossLook is the look of an order that did not wait for the plan.
func (v PlanView) LossLook(l restore.Loss) string { return looks[l.State] }

// DoneSteps counts the steps that were read back.
func (v PlanView) DoneSteps() (n int) {
	for _, l := range v.Lines {
		if l.State == restore.Verified {
			n++
		}
	}
	return n
}

func (p *Pages) makePlan(w http.ResponseWriter, r *http.Request) error {
	by, caseID, err := p.granted(r)
	if err != nil {
		return err
	}
	f := web.FormOf(r)
	seen := f.Optional("hash", 64)
	if err := f.Err(); err != nil {
		return err
	}
	if _, err := p.Restorer.MakePlan(r.Context(), by, caseID, seen); err != nil {
		return err
	}
	return backTo(w, r, caseID, "heart.planned")
}

func (p *Pages) approve(w http.ResponseWriter, r *http.Request) error {
	by, caseID, err := p.granted(r)
	if err != nil {
		return err
	}
	f := web.FormOf(r)
	hash := f.Text("hash", 64)
	if err := f.Err(); err != nil {
		return err
	}
	if err := p.Restorer.Approve(r.Context(), by, caseID, hash); err != nil {
		return err
	}
	return backTo(w, r, caseID, "heart.approved")
}

func (p *Pages) refuse(w http.ResponseWriter, r *http.Request) error {
	by, caseID, err := p.granted(r)
	if err != nil {
		return err
	}
	f := web.FormOf(r)
	hash, why := f.Text("hash", 64), f.Text("refusal", 500)
	if err := f.Err(); err != nil {
		return err
	}
	if err := p.Restorer.Refuse(r.Context(), by, caseID, hash, why); err != nil {
		return err
	}
	return backTo(w, r, caseID, "heart.refused")
}

func (p *Pages) start(w http.ResponseWriter, r *http.Request) error {
	by, caseID, err := p.granted(r)
	if err != nil {
		return err
	}
	if err := p.Restorer.Start(r.Context(), by, caseID); err != nil {
		return err
	}
	return backTo(w, r, caseID, "heart.started")
}
