package restore

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/db/dbtest"
	"takeback/internal/history"
	"takeback/internal/seal"
)

// The holder had her note erased after the intruder had changed it, and her
// address after he had removed it. He had another note erased in her name.
func TestWhatWasErasedAtTheHoldersWishStaysAway(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		before := []history.Entry{
			{Verb: history.Add, Path: "address/a", Value: json.RawMessage(`{"line":"secret place"}`)},
			{Verb: history.Set, Path: "note/n", Value: json.RawMessage(`"secret word"`)},
			{Verb: history.Set, Path: "note/m", Value: json.RawMessage(`"kept word"`)},
		}
		thief := []history.Entry{
			{Verb: history.Remove, Path: "address/a"},
			{Verb: history.Set, Path: "note/n", Value: json.RawMessage(`"X"`)},
			{Verb: history.Remove, Path: "note/m", Erased: true},
		}
		wish := []history.Entry{{Verb: history.Remove, Path: "note/n", Erased: true}, {Verb: history.Remove, Path: "address/a", Erased: true}}
		again := []history.Entry{{Verb: history.Set, Path: "note/n", Value: json.RawMessage(`"Y"`)}}
		c := h.lived(map[string][]history.Entry{"own": before}, map[string][]history.Entry{"thief": thief},
			map[string][]history.Entry{"own": wish}, map[string][]history.Entry{"thief": again})

		p, err := h.MakePlan(t.Context(), ito, c.ID, "")
		if err != nil {
			t.Fatal(err)
		}
		if want := []string{"address/a", "note/n"}; !slices.Equal(p.Erased, want) || !slices.Equal(h.plan(c).Erased, want) {
			t.Errorf("erased are %q, kept as %q, want %q", p.Erased, h.plan(c).Erased, want)
		}
		all, err := h.Status(t.Context(), ito, c.ID)
		if err != nil {
			t.Fatal(err)
		}
		seen, err := json.Marshal(all)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(seen), "secret") || !strings.Contains(string(seen), "kept word") {
			t.Errorf("the plan shows %s", seen)
		}
		i := slices.IndexFunc(p.Questions, func(q Question) bool { return q.Why == ErasedByOther && q.Path == "note/m" })
		if i < 0 || len(p.Questions) != 1 {
			t.Fatalf("got %s", p.told())
		}
		if err := h.Answer(t.Context(), ito, c.ID, p.Hash, Proposal, p.Questions[i]); err != nil {
			t.Fatal(err)
		}
		if err := h.Carry(t.Context(), h.begun(c).ID); err != nil {
			t.Fatal(err)
		}
		facts := h.facts(c.Account)
		if _, there := facts["address/a"]; there || facts["note/n"] != "" || facts["note/m"] != `"kept word"` {
			t.Errorf("restored to %v", facts)
		}
	})
}

func TestOnlyWhatOnceWasCanBeErased(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		c := h.lived(map[string][]history.Entry{"own": {{Verb: history.Remove, Path: "name", Erased: true}}})
		for code, e := range map[string]history.Entry{
			"path.absent": {Verb: history.Remove, Path: "note/never", Erased: true},
			"path.verb":   {Verb: history.Set, Path: "name", Value: json.RawMessage(`"B"`), Erased: true},
		} {
			err := h.db.Write(t.Context(), func(tx *db.Tx) error {
				e.Account, e.By = c.Account, access.Do("test")
				_, err := h.book.Append(tx, e)
				return err
			})
			if err == nil || !strings.Contains(err.Error(), code) {
				t.Errorf("%s %s: got %v, want %s", e.Verb, e.Path, err, code)
			}
		}
	})
}

// A recovery address and a number that other accounts came to have meanwhile
// are asked about; one that was shared all along comes back.
func TestAContactThatIsAnothersByNowIsAskedAbout(t *testing.T) {
	t.Parallel()
	dbtest.EachWithClock(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		h := newHouse(t, d)
		contact := func(path, to string) history.Entry {
			return history.Entry{Verb: history.Contact, Path: path, Value: account.TextValue(to), Confirmed: true}
		}
		other := func(path, to string) {
			h.write(func(tx *db.Tx) error {
				id := seal.ID("acc")
				if err := account.Create(tx, id, "ja"); err != nil {
					return err
				}
				return h.does(tx, id, "own", contact(path, to))
			})
		}
		other("email/second", "family@home.example")
		clock.Advance(time.Minute)
		c := h.lived(map[string][]history.Entry{"own": {contact("email/second", "mine@home.example"), contact("email/family", "family@home.example"), contact("phone", "+81900000001")}},
			map[string][]history.Entry{"thief": {{Verb: history.Drop, Path: "email/second"}, {Verb: history.Drop, Path: "email/family"}, {Verb: history.Drop, Path: "phone"}}})
		p, err := h.MakePlan(t.Context(), ito, c.ID, "")
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{"email/second", "email/family", "phone"} {
			if !p.touches(path) {
				t.Errorf("%s does not come back: %s", path, p.told())
			}
		}
		clock.Advance(time.Minute)
		other("phone", "+81900000001")
		other("email", "mine@home.example")
		if err := h.Approve(t.Context(), sato, c.ID, p.Hash); err == nil {
			t.Error("a plan was approved that gives back what is another's")
		}
		p = h.plan(c)
		if p.touches("phone") || p.touches("email/second") || !p.touches("email/family") ||
			!slices.ContainsFunc(p.Questions, Question{Why: Uniqueness, Path: "phone"}.asked) ||
			!slices.ContainsFunc(p.Questions, Question{Why: Uniqueness, Path: "email/second"}.asked) {
			t.Errorf("got %s", p.told())
		}
	})
}

// called are the versions of numbers at which an agent reached nobody.
type called map[string]bool

// Unreached implements Calls.
func (c called) Unreached(_ *db.Tx, _, version string) (bool, error) { return c[version], nil }

func TestANumberAtWhichNobodyWasReachedIsAskedAbout(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		calls := called{}
		h.Calls = calls
		c := h.lived(map[string][]history.Entry{"own": {{Verb: history.Contact, Path: "phone", Value: account.TextValue("+81900000001"), Version: "old"}}},
			map[string][]history.Entry{"thief": {{Verb: history.Drop, Path: "phone"}}})
		p, err := h.MakePlan(t.Context(), ito, c.ID, "")
		if err != nil || !p.touches("phone") {
			t.Fatalf("%v: %s", err, p.told())
		}
		calls["old"] = true
		if err := h.Approve(t.Context(), sato, c.ID, p.Hash); err == nil {
			t.Error("a plan was approved that gives back a number at which nobody is reached")
		}
		if p = h.plan(c); p.touches("phone") || !slices.ContainsFunc(p.Questions, Question{Why: InvalidOldValue, Path: "phone"}.asked) || !slices.Contains(p.Held, "phone") {
			t.Errorf("got %s", p.told())
		}
	})
}
