package console

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"takeback/internal/restore"
)

func TestQuestionsAreNarrowedToWhomCanAnswer(t *testing.T) {
	t.Parallel()
	ask := func(why restore.Why, answer restore.Answer) restore.Asked {
		return restore.Asked{Question: restore.Question{Why: why, Path: string(why)}, To: why.Addressee(false), Answer: answer}
	}
	v := PlanView{Status: restore.Status{Asked: []restore.Asked{
		ask(restore.SuspectChange, ""), ask(restore.AddedThenEdited, ""), ask(restore.Uniqueness, ""), ask(restore.Drift, restore.Keep),
	}}}
	for name, c := range map[string]struct {
		chosen string
		want   []string
	}{
		"nobody chosen shows all that wait": {"", []string{"suspect-change", "added-then-edited", "uniqueness"}},
		"the holder's":                      {"holder", []string{"suspect-change", "added-then-edited"}},
		"an agent's":                        {"agent", []string{"uniqueness"}},
		"what was answered waits no more":   {"investigator", nil},
	} {
		t.Run(name, func(t *testing.T) {
			v := v
			v.timeline.scope = scopeOf(map[string][]string{"for": {c.chosen}})
			var got []string
			for _, q := range v.Waiting() {
				got = append(got, q.Path)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	var open []int
	for _, w := range v.Whoms() {
		open = append(open, w.Open)
	}
	if diff := cmp.Diff([]int{3, 2, 1}, open); diff != "" {
		t.Errorf("everybody, holder, agent (-want +got):\n%s", diff)
	}
	v.Asked = v.Asked[:1]
	if w := v.Whoms(); w != nil {
		t.Errorf("with one addressee there is nothing to choose, but %v", w)
	}
}

func TestQuestionsAboutOneDeviceAreOne(t *testing.T) {
	t.Parallel()
	ask := func(why restore.Why, to restore.Addressee, path, device string) restore.Asked {
		q := restore.Asked{Question: restore.Question{Why: why, Path: path}, To: to}
		q.History.Client.Device = device
		return q
	}
	asked := []restore.Asked{
		ask(restore.SuspectChange, restore.ToHolder, "a", "one"),
		ask(restore.AddedThenEdited, restore.ToHolder, "b", "one"),
		ask(restore.SuspectChange, restore.ToHolder, "c", "two"),
		ask(restore.SuspectChange, restore.ToHolder, "d", "one"),
		ask(restore.SuspectChange, restore.ToInvestigator, "e", "one"),
		ask(restore.SuspectChange, restore.ToHolder, "f", ""),
		ask(restore.SuspectChange, restore.ToHolder, "g", ""),
	}
	var got []string
	for _, b := range bunches(asked) {
		paths := ""
		for _, q := range b {
			paths += q.Path
		}
		got = append(got, paths)
	}
	if diff := cmp.Diff([]string{"ad", "b", "c", "e", "f", "g"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	of := func(q restore.Question) (paths string) {
		for _, o := range bunchOf(asked, q) {
			paths += o.Path
		}
		return paths
	}
	if got := of(asked[3].Question); got != "ad" {
		t.Errorf("with the second of a device come %q", got)
	}
	asked[0].Answer = restore.Keep
	if got := of(asked[3].Question); got != "d" {
		t.Errorf("what was answered is answered again: %q", got)
	}
	if got := of(restore.Question{Path: "gone"}); got != "gone" {
		t.Errorf("of a question that does not wait comes %q", got)
	}
}
