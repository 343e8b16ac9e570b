package heart

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"takeback/internal/access"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/history"
	"takeback/internal/investigate"
	"takeback/internal/restore"

	"github.com/google/go-cmp/cmp"
)

func TestApprovalIsForOnePlanBySomebodyElse(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		p := h.planned()
		for name, c := range map[string]struct {
			by   access.Actor
			hash string
			want string
		}{
			"who made it":        {ken, p.Hash, "restore.own-plan"},
			"an agent":           {aoi, p.Hash, "restore.forbidden"},
			"for another plan":   {yuki, strings.Repeat("0", 64), "restore.other-plan"},
			"for no plan at all": {yuki, "", "restore.other-plan"},
		} {
			if err := h.Approve(t.Context(), c.by, h.caseID, c.hash); fault(err) != c.want {
				t.Errorf("%s: %v, want %s", name, err, c.want)
			}
		}
		if err := h.Start(t.Context(), ken, h.caseID); fault(err) != "case.step" {
			t.Errorf("started without approval: %v", err)
		}
		same, err := h.MakePlan(t.Context(), mika, h.caseID, p.Hash)
		if err != nil || same.ID != p.ID || same.MadeBy != ken.ID {
			t.Errorf("the same plan once more is %s by %s (%v)", same.ID, same.MadeBy, err)
		}
		if err := h.Approve(t.Context(), yuki, h.caseID, p.Hash); err != nil {
			t.Fatal(err)
		}
		// A new mark: the approval is worth nothing any more.
		if err := h.Mark(t.Context(), mika, h.caseID, investigate.Mark{Verdict: investigate.Intruder, Change: 8}, 1); err != nil {
			t.Fatal(err)
		}
		if err := h.Start(t.Context(), ken, h.caseID); err == nil {
			t.Error("started a plan that has not seen the newest mark")
		}
		s, err := h.Status(t.Context(), ken, h.caseID)
		if err != nil {
			t.Fatal(err)
		}
		next, err := h.MakePlan(t.Context(), mika, h.caseID, s.Hash)
		if err != nil || next.Hash == p.Hash {
			t.Fatalf("the new plan: %v", err)
		}
		if err := h.Start(t.Context(), ken, h.caseID); fault(err) != "case.step" {
			t.Errorf("started a plan that nobody approved: %v", err)
		}
		if err := h.Approve(t.Context(), yuki, h.caseID, p.Hash); fault(err) != "restore.other-plan" {
			t.Errorf("the old hash still approves: %v", err)
		}
	})
}

func TestAPlanThatHasNotSeenEverythingIsMadeAnew(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		p := h.planned()
		h.does(access.Do("look"), history.Look, "", history.Entry{}) // to look changes nothing
		if err := h.Approve(t.Context(), yuki, h.caseID, p.Hash); err != nil {
			t.Fatal(err)
		}
		h.does(access.Do("import"), history.Set, "note/n1", history.Entry{Value: text("x")})
		if err := h.Start(t.Context(), ken, h.caseID); fault(err) != "restore.moved" {
			t.Fatalf("started over a change that the plan had not seen: %v", err)
		}
		s, err := h.Status(t.Context(), yuki, h.caseID)
		if err != nil || s.Hash == p.Hash || s.MadeBy != ken.ID || s.Stale || len(s.Approvals) != 0 || h.step() != casefile.Planned {
			t.Errorf("afterwards: %s by %s, stale %t, %d approvals, case %s (%v)", s.Hash, s.MadeBy, s.Stale, len(s.Approvals), h.step(), err)
		}
	})
}

func TestTwoInvestigatorsAtOnceMakeOnePlan(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.stopped()
		tl, err := h.Timeline(t.Context(), ken, h.caseID)
		if err != nil {
			t.Fatal(err)
		}
		at := func(f func(access.Actor) error) (ok int, refused []string) {
			errs := make([]error, 2)
			var wait sync.WaitGroup
			for i, by := range []access.Actor{ken, mika} {
				wait.Go(func() { errs[i] = f(by) })
			}
			wait.Wait()
			for _, err := range errs {
				if err == nil {
					ok++
				} else {
					refused = append(refused, fault(err))
				}
			}
			return ok, refused
		}
		ok, refused := at(func(by access.Actor) error { return h.Mark(t.Context(), by, h.caseID, *tl.Suggests, tl.Revision) })
		if ok != 1 || !slices.Equal(refused, []string{"investigate.revision"}) {
			t.Errorf("marks: %d taken, refused %v", ok, refused)
		}
		ok, refused = at(func(by access.Actor) error {
			_, err := h.MakePlan(t.Context(), by, h.caseID, "")
			return err
		})
		if ok != 1 || !slices.Equal(refused, []string{"restore.other-plan"}) {
			t.Errorf("plans: %d made, refused %v", ok, refused)
		}
	})
}

func TestTheSamePlanHasTheSameHash(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		p := h.planned()
		seen := map[string]bool{p.Hash: true}
		for range 3 {
			h.tick(time.Hour)
			h.read(func(tx *db.Tx) error {
				c, err := casefile.Get(tx, h.caseID)
				if err != nil {
					return err
				}
				x, err := h.Compute(tx, c)
				seen[x.Hash] = true
				return err
			})
		}
		if len(seen) != 1 {
			t.Errorf("one plan has the hashes %v", slices.Sorted(maps.Keys(seen)))
		}
	})
}

func TestWhoMarksAndWhatAboutIsChecked(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		var seq int64
		h.stopped(func() { seq = h.does(yuki, history.Set, "note/n1", history.Entry{Value: text("x")}) })
		for name, c := range map[string]struct {
			by   access.Actor
			mark investigate.Mark
			want string
		}{
			"an agent":                    {aoi, investigate.Mark{Verdict: investigate.Intruder, Change: 2}, "investigate.forbidden"},
			"a change that is not there":  {ken, investigate.Mark{Verdict: investigate.Intruder, Change: 9999}, "mark.unknown"},
			"a session that is not there": {ken, investigate.Mark{Verdict: investigate.Intruder, Session: "ses_none"}, "mark.unknown"},
			"nothing":                     {ken, investigate.Mark{Verdict: investigate.Intruder}, "mark.unknown"},
			"two things at once":          {ken, investigate.Mark{Verdict: investigate.Intruder, Change: 2, Agent: "staff_yuki"}, "mark.unknown"},
			"no verdict":                  {ken, investigate.Mark{Change: 2}, "mark.verdict"},
			"one's own act":               {yuki, investigate.Mark{Verdict: investigate.Holder, Change: seq}, "mark.own"},
			"oneself":                     {yuki, investigate.Mark{Verdict: investigate.Intruder, Agent: "staff_yuki"}, "mark.own"},
		} {
			if err := h.Mark(t.Context(), c.by, h.caseID, c.mark, 0); fault(err) != c.want {
				t.Errorf("%s: %v, want %s", name, err, c.want)
			}
		}
		if err := h.Mark(t.Context(), ken, h.caseID, investigate.Mark{Verdict: investigate.Intruder, Agent: "staff_yuki"}, 0); err != nil {
			t.Fatal(err)
		}
		p, err := h.MakePlan(t.Context(), ken, h.caseID, "")
		if err != nil {
			t.Fatal(err)
		}
		if err := h.Approve(t.Context(), yuki, h.caseID, p.Hash); fault(err) != "restore.barred" {
			t.Errorf("somebody whose acts are undone approved it: %v", err)
		}
	})
}

func TestWhatIsReportedIsExposedBeforeAnybodyHasLooked(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.stopped()
		check := func(when string) {
			h.read(func(tx *db.Tx) error {
				got, err := h.Exposed(tx, hanako)
				if diff := cmp.Diff(map[string]bool{"e2": true, "p1": true, "p2": true}, got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", when, diff)
				}
				return err
			})
		}
		check("by the report alone")
		h.markSuggested()
		check("by the mark")
	})
}

func TestQuestionsAreAnsweredBeforeThePlanIsApproved(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.takeover()
		// Unaware, the holder mends a part of the address that the intruder had entered.
		holder := h.signIn(client("device-home", "192.0.2.10"), history.Factor{Path: "passkey/k1", Version: "k1", Proof: "passkey"})
		h.does(holder, history.Patch, "address/a2", history.Entry{Part: "to", Value: text("佐藤 花子")})
		h.write(func(tx *db.Tx) error {
			c, err := h.freezer.Stop(tx, casefile.Case{Account: hanako, Source: "desk", Language: "ja"}, aoi)
			h.caseID = c.ID
			return err
		})
		var thief string
		tl, err := h.Timeline(t.Context(), ken, h.caseID)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range tl.Lanes {
			if thief == "" && l.IP == "203.0.113.66" {
				thief = l.Session
			}
		}
		if err := h.Mark(t.Context(), ken, h.caseID, investigate.Mark{Verdict: investigate.Intruder, Session: thief}, 0); err != nil {
			t.Fatal(err)
		}
		p, err := h.MakePlan(t.Context(), ken, h.caseID, "")
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(p.Questions, func(q restore.Question) bool { return q.Why == restore.AddedThenEdited && q.Path == "address/a2" })
		if i < 0 {
			t.Fatalf("nobody is asked about the address; questions: %+v", p.Questions)
		}
		q := p.Questions[i]
		if err := h.Approve(t.Context(), yuki, h.caseID, p.Hash); fault(err) != "restore.questions" {
			t.Errorf("approved with an open question: %v", err)
		}
		if err := h.Answer(t.Context(), mika, h.caseID, "", restore.Proposal, q); fault(err) != "restore.other-plan" {
			t.Errorf("answered without having seen the plan: %v", err)
		}
		if err := h.Answer(t.Context(), mika, h.caseID, p.Hash, "perhaps", q); fault(err) != "restore.answer" {
			t.Errorf("a strange answer: %v", err)
		}
		hash := p.Hash
		for _, q := range p.Questions {
			answer := restore.Keep
			if q.Why == restore.AddedThenEdited {
				answer = restore.Proposal
			}
			if !slices.Contains(q.Choices(), answer) {
				answer = restore.Leave
			}
			if err := h.Answer(t.Context(), ken, h.caseID, hash, answer, q); err != nil {
				t.Fatal(err)
			}
			s, err := h.Status(t.Context(), ken, h.caseID)
			if err != nil {
				t.Fatal(err)
			}
			hash = s.Hash
		}
		s, err := h.Status(t.Context(), yuki, h.caseID)
		if err != nil || s.Open != 0 || s.MayNot != nil {
			t.Errorf("all is answered, yet %d are open and she may not: %v (%v)", s.Open, s.MayNot, err)
		}
		if err := h.Approve(t.Context(), yuki, h.caseID, s.Hash); err != nil {
			t.Error(err)
		}
	})
}
