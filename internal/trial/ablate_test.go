package trial

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"takeback/internal/risk"
)

// The world is small, so only what must hold in any world is asked for.
func TestAnAblationTakesAway(t *testing.T) {
	tables, err := risk.ShippedTables()
	if err != nil {
		t.Fatal(err)
	}
	a, err := Ablate(Ablating{Users: 1_000, Seeds: 1, Attacks: 0.05, Tables: tables, Sizes: small})
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]Ablated{}
	for _, x := range a.All {
		by[x.Name] = x
	}
	caught := func(name string) (sum float64) {
		for _, c := range by[name].Caught {
			sum += c.Value
		}
		return sum
	}
	if len(by) != len(ablations) || caught("full") < 2.5 || by["full"].Challenged.Value > 0.09 {
		t.Fatalf("with everything there is it comes to %+v", by["full"])
	}
	if x := caught("neither"); x > caught("full")-0.5 {
		t.Errorf("without cookie and files about addresses %.2f of 5 are caught, with them %.2f", x, caught("full"))
	}
	if few, many := by["full"].Stopped.N, by["ten times the attacks"].Stopped.N; many < 8*few || many > 12*few {
		t.Errorf("ten times %d attacks are %d", few, many)
	}
	if x := by["cold: the first 30 days"]; x.Challenged.N == 0 || x.Challenged.N > by["full"].Challenged.N/3 {
		t.Errorf("of the first days %d sign-ins are judged, of all %d", x.Challenged.N, by["full"].Challenged.N)
	}
	if x := by["after 20 failures"]; x.Fell != 0 {
		t.Errorf("failures made %.3f of scores lower", x.Fell)
	}
	for name, most := range map[string]float64{
		"after 3 quiet sign-ins, ten minutes apart": 0.02, "after 3 quiet sign-ins, a day apart": 0.02,
		"after 3 quiet sign-ins, two weeks apart": 0.02, "after 10 quiet sign-ins, a day apart": 0.02,
	} {
		if x := by[name]; x.Fell > most {
			t.Errorf("%s %.4f of scores were lower", name, x.Fell)
		}
	}
	if x := by["after 3 quiet sign-ins, a month apart"]; x.Fell == 0 {
		t.Error("nobody who was let in for three months is at home: the ablation shows nothing")
	}
	var text, object bytes.Buffer
	if err := errors.Join(a.Text(&text), a.JSON(&object)); err != nil {
		t.Fatal(err)
	}
	for _, x := range ablations {
		if !strings.Contains(text.String(), "\n"+x.name) || !strings.Contains(object.String(), fmt.Sprintf("%q", x.name)) {
			t.Errorf("the report leaves out %s", x.name)
		}
	}
	if _, err := Ablate(Ablating{Users: 10, Seeds: 1, Tables: tables}); err == nil {
		t.Error("a world of ten accounts was made")
	}
}

func TestATableIsWrongAboutBlocks(t *testing.T) {
	wrong := 0
	for i := range 2_000 {
		e := risk.Event{Place: risk.Place{Address: netip.AddrFrom4([4]byte{20, byte(i / 256), byte(i), 7}), Country: "XX", Network: 9}}
		neighbour := e
		neighbour.Place.Address = netip.AddrFrom4([4]byte{20, byte(i / 256), byte(i), 200})
		misplace(&e)
		misplace(&neighbour)
		if e.Place.Country != neighbour.Place.Country {
			t.Fatalf("%v and %v are placed apart", e.Place, neighbour.Place)
		}
		if e.Place.Country != "XX" {
			wrong++
		}
		if e.Place.Network != 9 {
			t.Fatal("the network is another one")
		}
	}
	if wrong < 300 || wrong > 500 {
		t.Errorf("of 2000 blocks %d are wrong", wrong)
	}
	e := risk.Event{Place: risk.Place{Country: "NO"}}
	if misplace(&e); e.Place.Country != "NO" {
		t.Error("what came from no address was moved")
	}
	e.Place.Network = 3
	if forgetPlace(&e); e.Place != (risk.Place{}) {
		t.Errorf("%+v is remembered", e.Place)
	}
}

// Of what an intruder did quietly nothing is left once he was disowned.
func TestPoisonIsUnlearnt(t *testing.T) {
	m := generate(t, 300, 3, 0.05)
	tables, err := risk.ShippedTables()
	if err != nil {
		t.Fatal(err)
	}
	c, err := Course{Tables: tables, Sizes: small, Kinds: kindsIn(t, m), Poison: Poison{Quiet: 3, Apart: 24 * time.Hour, Below: 50}}.run(strings.NewReader(m.events))
	if err != nil {
		t.Fatal(err)
	}
	if len(c.quiet) != 0 || c.counters.SignIns != uint64(len(c.lessons)) {
		t.Errorf("%d are poisoned still; the counters know %d sign-ins, %d taught", len(c.quiet), c.counters.SignIns, len(c.lessons))
	}
}
