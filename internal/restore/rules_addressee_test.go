package restore

import "testing"

func TestEveryQuestionHasAnAddressee(t *testing.T) {
	t.Parallel()
	for why, want := range map[Why]struct{ first, unsure Addressee }{
		SuspectChange:        {ToHolder, ToInvestigator},
		PartialOnTaintedBase: {ToHolder, ToInvestigator},
		AddedThenEdited:      {ToHolder, ToInvestigator},
		DeadlinePassed:       {ToAgent, ToAgent},
		AffectedEffect:       {ToAgent, ToAgent},
		ContactExposed:       {ToAgent, ToAgent},
		Uniqueness:           {ToAgent, ToAgent},
		InvalidOldValue:      {ToAgent, ToAgent},
		Contradiction:        {ToInvestigator, ToInvestigator},
		Claimed:              {ToInvestigator, ToInvestigator},
		Drift:                {ToInvestigator, ToInvestigator},
		MixedSession:         {ToInvestigator, ToInvestigator},
		"something new":      {ToInvestigator, ToInvestigator},
	} {
		t.Run(string(why), func(t *testing.T) {
			if got := why.Addressee(false); got != want.first {
				t.Errorf("it goes to the %s, want the %s", got, want.first)
			}
			if got := why.Addressee(true); got != want.unsure {
				t.Errorf("after a holder who does not know it goes to the %s, want the %s", got, want.unsure)
			}
		})
	}
}
