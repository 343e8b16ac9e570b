package console

import (
	"net/http"
	"strconv"

	"takeback/internal/access"
	"takeback/internal/web"
)

// Alarm says what the button "it was a false alarm" would do now; empty if it is not offered.
func (v caseView) Alarm() string {
	s := v.Heart.Plan.False
	switch {
	case !v.File.Step.Held() || !s.At.IsZero():
		return ""
	case !v.Actor.May(access.Investigate) && (s.Begun || v.Heart.Timeline.Revision > 0):
		return "" // what an investigator has said only an investigator takes back
	case s.Begun:
		return "undo"
	case v.Script.Verdict.Return:
		return "go"
	}
	return "wait"
}

// AlarmWaits tells whether a case that was declared a false alarm waits for the proof of its holder.
func (v caseView) AlarmWaits() bool {
	s := v.Heart.Plan.False
	return v.File.Step.Held() && !s.At.IsZero() && !s.Begun
}

// AlarmBy says who declared it.
func (v caseView) AlarmBy() string { return v.Heart.Plan.False.Name }

// MarksSeen is the number of the last mark that the reader has seen.
func (v caseView) MarksSeen() string { return strconv.FormatInt(v.Heart.Timeline.Revision, 10) }

// falseAlarm declares that there was no intruder, wherever the case stands.
func (p *Pages) falseAlarm(w http.ResponseWriter, r *http.Request) error {
	by, caseID, err := p.granted(r)
	if err != nil {
		return err
	}
	f := web.FormOf(r)
	why, seen := f.Text("alarm", 300), number(f, "revision")
	if err := f.Err(); err != nil {
		return err
	}
	if _, err := p.Restorer.DeclareFalse(r.Context(), by, caseID, seen, why); err != nil {
		return err
	}
	return backTo(w, r, caseID, "heart.declared-false")
}
