package risk

import (
	"bytes"
	"reflect"
	"slices"
	"testing"
)

func TestKeep(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.settled("a")
	e := w.stranger("a")
	w.do(e)
	w.do(w.then(e, 2, EmailChanged, "b@example.org"))
	w.do(w.then(e, 2, AddressAdded, "drop"))
	for range 12 {
		f := w.at("a", far, odd)
		f.Kind = SignInFailed
		w.do(f)
	}
	for range refusals {
		f := w.at("a", far, odd)
		f.Kind = PromptRefused
		w.do(f)
	}
	t.Run("a profile is the same after it was written down", func(t *testing.T) {
		b, err := w.profiles["a"].MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		var p Profile
		if err := p.UnmarshalBinary(b); err != nil || !reflect.DeepEqual(&p, w.profiles["a"]) {
			t.Errorf("%v: %+v, want %+v", err, p, *w.profiles["a"])
		}
		for n := range b {
			if err := new(Profile).UnmarshalBinary(b[:n]); err == nil {
				t.Fatalf("the first %d of %d bytes are a profile", n, len(b))
			}
		}
	})
	t.Run("a profile of the first version is read, and all it knows is the account's own", func(t *testing.T) {
		p := w.profiles["a"].Clone()
		p.guests, p.stamp = nil, 0
		b, err := p.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		old := append([]byte{1}, b[1:len(b)-5]...) // no stamp and no guests
		var back Profile
		if err := back.UnmarshalBinary(old); err != nil || !reflect.DeepEqual(back, p) {
			t.Errorf("%v: %+v, want %+v", err, back, p)
		}
	})
	t.Run("a lesson too", func(t *testing.T) {
		for _, l := range w.lessons {
			b, err := l.MarshalBinary()
			if err != nil {
				t.Fatal(err)
			}
			var back Lesson
			if err := back.UnmarshalBinary(b); err != nil || back != l {
				t.Fatalf("%v: %+v, want %+v", err, back, l)
			}
		}
	})
	t.Run("and counters decide as before", func(t *testing.T) {
		var b bytes.Buffer
		if err := w.counters.Save(&b); err != nil {
			t.Fatal(err)
		}
		c := NewCounters(1, Sizes{Addresses: 1 << 13, Agents: 1 << 11, Sources: 1 << 11})
		if err := c.Load(&b); err != nil {
			t.Fatal(err)
		}
		next := w.then(e, 1, OrderPlaced, "drop")
		failed := w.at("a", far, odd)
		failed.Kind = SignInFailed
		for _, e := range []Event{next, failed, w.stranger("a")} {
			got, want := Decide(&e, w.profiles["a"], c, w.tables), Decide(&e, w.profiles["a"], w.counters, w.tables)
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %+v, want %+v", e.Kind, got, want)
			}
			for _, s := range []Signal{AfterAttack, PromptFatigue} {
				if e.Kind == SignedIn && !slices.ContainsFunc(got.Reasons, func(r Reason) bool { return r.Signal == s }) {
					t.Errorf("what happened at the door before is forgotten: no %s in %+v", s, got.Reasons)
				}
			}
		}
	})
}
