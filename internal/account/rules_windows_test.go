package account

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

const day = 24 * time.Hour

var morning = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// book keeps versions of contacts as the history would.
type book struct{ all []Contact }

// put puts an address into a slot, so many days from the morning; an empty one empties the slot.
func (b *book) put(slot, address string, days float64) *book {
	at := morning.Add(time.Duration(days * float64(day)))
	for i := range b.all {
		if b.all[i].Slot == slot && b.all[i].Until.IsZero() {
			b.all[i].Until = at
		}
	}
	if address != "" {
		seq := int64(len(b.all) + 1)
		b.all = append(b.all, Contact{Slot: slot, Address: address, SetSeq: seq, Version: fmt.Sprint(seq), From: at, ConfirmedAt: at})
	}
	return b
}

func goodOn(all []Contact, days float64) (good []string) {
	for _, c := range GoodForRecovery(all, morning.Add(time.Duration(days*float64(day)))) {
		good = append(good, c.Address)
	}
	slices.Sort(good)
	return good
}

// An intruder comes on the morning of day 0 and does what the traps are named for. The holder's contacts are good for
// exactly as long as the letters say, and nothing of the intruder's is good as long as one of them is.
func TestTheWindowsAreExact(t *testing.T) {
	t.Parallel()
	const tick = 1e-9 // of a day: less than a microsecond is none
	hour := 1.0 / 24
	for name, c := range map[string]struct {
		all  *book
		old  []string // good before the window ends
		days float64  // from the morning: when it does
		then []string
	}{
		"one address is replaced: it is all there was, so a month": {
			new(book).put("email", "a", -90).put("email", "b", 0), []string{"a"}, 30, []string{"b"}},
		"A to B to C in a night (T2): A for a month, B never": {
			new(book).put("email", "a", -90).put("email", "b", 0).put("email", "c", hour), []string{"a"}, 30, []string{"c"}},
		"A to B to C over three weeks (T2): A for its month, B never": {
			new(book).put("email", "a", -90).put("email", "b", 0).put("email", "c", 5), []string{"a"}, 30, []string{"c"}},
		"one of two is replaced: it for a week beside the one that stays": {
			new(book).put("email", "a", -90).put("email/w", "w", -80).put("email", "b", 0), []string{"a", "w"}, 7, []string{"b", "w"}},
		"one of two is removed: it for a week beside the one that stays": {
			new(book).put("email", "a", -90).put("email/w", "w", -80).put("email/w", "", 0), []string{"a", "w"}, 7, []string{"a"}},
		"both are replaced: both for a month": {
			new(book).put("email", "a", -90).put("email/w", "w", -80).put("email", "b", 0).put("email/w", "x", 0), []string{"a", "w"}, 30, []string{"b", "x"}},
		"one is added, made the first, the old one deleted (T3)": {
			new(book).put("email", "a", -90).put("email/w", "w", -80).put("email/x", "x", 0).put("email", "x", 0).put("email/w", "", 0), []string{"a", "w"}, 30, []string{"x", "x"}},
		"a telephone is added and the address replaced": {
			new(book).put("email", "a", -90).put("phone", "+81", 0).put("email", "b", 0), []string{"a"}, 30, []string{"+81", "b"}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, d := range []float64{hour * 2, 1, c.days - tick} {
				if got := goodOn(c.all.all, d); !slices.Equal(got, c.old) {
					t.Errorf("on day %v good are %v, want %v", d, got, c.old)
				}
			}
			if got := goodOn(c.all.all, c.days); !slices.Equal(got, c.then) {
				t.Errorf("on day %v good are %v, want %v", c.days, got, c.then)
			}
			for _, s := range Standings(c.all.all, morning.Add(3*time.Hour)) {
				end := morning.Add(time.Duration(c.days * float64(day)))
				if !s.Contact.Until.IsZero() && !s.Until.Equal(end) {
					t.Errorf("%s is said to be good until %v, want %v", s.Address, s.Until, end)
				}
			}
		})
	}
}

func TestStopFor(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		all  *book
		want time.Duration
	}{
		"a new account":         {new(book).put("email", "a", 0), 14 * day},
		"one of two replaced":   {new(book).put("email", "a", -90).put("email/w", "w", -80).put("email", "b", 0), 14 * day},
		"all replaced":          {new(book).put("email", "a", -90).put("email", "b", 0), 30 * day},
		"all replaced, in days": {new(book).put("email", "a", -90).put("email/w", "w", -80).put("email/w", "x", -10).put("email", "b", 0), 30 * day},
		"long ago":              {new(book).put("email", "a", -90).put("email", "b", -30), 14 * day},
	} {
		if got := StopFor(c.all.all, morning); got != c.want {
			t.Errorf("%s: the letter stops for %v, want %v", name, got, c.want)
		}
	}
}

// A number that was confirmed today may have been moved to another card yesterday.
func TestANumberCountsFromTheDayOnWhichItWasConfirmed(t *testing.T) {
	t.Parallel()
	b := new(book).put("email", "a", -90).put("phone", "+81", -80)
	b.all[1].ConfirmedAt = morning
	if got := goodOn(b.all, 6.99); !slices.Equal(got, []string{"a"}) {
		t.Errorf("within a week good are %v", got)
	}
	if got := goodOn(b.all, 7); !slices.Equal(got, []string{"+81", "a"}) {
		t.Errorf("after a week good are %v", got)
	}
	for _, s := range Standings(b.all, morning) {
		if s.Address == "+81" && (s.Good || !s.From.Equal(morning.Add(7*day))) {
			t.Errorf("the number is said to be %+v", s)
		}
	}
}

func TestRemovable(t *testing.T) {
	t.Parallel()
	two := new(book).put("email", "a", -90).put("email/w", "w", -80).all
	if Removable(two, "email") || !Removable(two, "email/w") {
		t.Error("the sign-in name is changed and never removed; any other contact can be")
	}
	two[0].ConfirmedAt = time.Time{}
	if Removable(two, "email/w") {
		t.Error("the last confirmed contact can be removed")
	}
	if Confirmed(two) != 1 {
		t.Error("an address that nobody confirmed is counted")
	}
}

// Whatever happens to contacts, what Standings says of the time to come is what GoodForRecovery will say then.
func TestStandingsSayWhatTheRuleWillSay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b := new(book).put("email", "a", -100)
		at := -100.0
		for range rapid.IntRange(0, 6).Draw(t, "changes") {
			at += rapid.SampledFrom([]float64{0.01, 1, 6.5, 7, 29, 30, 31}).Draw(t, "after")
			if at > 0 {
				break
			}
			b.put(rapid.SampledFrom([]string{"email", "email/w", "phone"}).Draw(t, "slot"), rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "address"), at)
		}
		stands := Standings(b.all, morning)
		for _, c := range b.all {
			i := slices.IndexFunc(stands, func(s Standing) bool { return s.SetSeq == c.SetSeq })
			if now := goodAt(b.all, c, morning); now != (i >= 0 && stands[i].Good) {
				t.Fatalf("%+v is good: %v; said is %+v", c, now, stands)
			}
			if i < 0 {
				continue
			}
			for turn, before := range map[time.Time]bool{stands[i].Until: true, stands[i].From: false} {
				if !turn.IsZero() && (goodAt(b.all, c, turn.Add(-time.Nanosecond)) != before || goodAt(b.all, c, turn) == before) {
					t.Fatalf("%+v does not turn at %v", c, turn)
				}
			}
		}
	})
}
