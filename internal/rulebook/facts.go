package rulebook

import (
	"reflect"
	"strings"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// Facts are what a rule may ask about, by the names in their tags. What is not
// known is empty, 0 or false: a rule that needs it says so ("event.country != ”").
type Facts struct {
	Event   Event
	Account Account
	Score   float64 // log-odds of a sign-in or of the session it is in; above 0 more like a stranger's
}

// Event is what happened.
type Event struct {
	Kind       string  `cel:"kind"`        // as in POST /v1/events: sign-in, email-changed, address-added, order-placed, exported, custom, …
	Name       string  `cel:"name"`        // of a custom event
	Country    string  `cel:"country"`     // two letters
	Network    int64   `cel:"network"`     // number of the autonomous system
	Browser    string  `cel:"browser"`     //
	System     string  `cel:"system"`      //
	Device     string  `cel:"device"`      // mobile, desktop, tablet, bot
	NewAddress bool    `cel:"new_address"` // never seen in this account
	NewNetwork bool    `cel:"new_network"` //
	NewCountry bool    `cel:"new_country"` //
	NewBrowser bool    `cel:"new_browser"` //
	NewSystem  bool    `cel:"new_system"`  //
	NewDevice  bool    `cel:"new_device"`  // without a device key that the account knows
	Tor        bool    `cel:"tor"`         //
	VPN        bool    `cel:"vpn"`         //
	Hosting    bool    `cel:"hosting"`     //
	Disposable bool    `cel:"disposable"`  // the new e-mail address is of a throw-away domain
	Lookalike  bool    `cel:"lookalike"`   // or of one that looks like another
	Amount     int64   `cel:"amount"`      // of an order, in the smallest unit
	Hour       int64   `cel:"hour"`        // 0 to 23, in the zone of the configuration
	DistanceKm float64 `cel:"distance_km"` // from the sign-in before, less the errors of both places
}

// Account is whose it is.
type Account struct {
	SignIns   int64   `cel:"sign_ins"`   // good ones, so far
	DaysSince float64 `cel:"days_since"` // days since the last good one
}

// word is one thing that a rule may ask about.
type word struct {
	kind *cel.Type
	read func(f *Facts) ref.Val
}

// words are all of them, by name: "event.kind". They are looked up and not
// looked for by reflection at each question, which would cost four times as much.
var words = sync.OnceValue(func() map[string]word {
	all := map[string]word{"score": {cel.DoubleType, func(f *Facts) ref.Val { return types.Double(f.Score) }}}
	of := reflect.TypeFor[Facts]()
	for part, prefix := range map[string]string{"Event": "event.", "Account": "account."} {
		group, _ := of.FieldByName(part)
		for i := range group.Type.NumField() {
			field := group.Type.Field(i)
			at := []int{group.Index[0], i}
			all[prefix+field.Tag.Get("cel")] = wordAt(field.Type.Kind(), at)
		}
	}
	return all
})

func wordAt(kind reflect.Kind, at []int) word {
	field := func(f *Facts) reflect.Value { return reflect.ValueOf(f).Elem().FieldByIndex(at) }
	switch kind {
	case reflect.String:
		return word{cel.StringType, func(f *Facts) ref.Val { return types.String(field(f).String()) }}
	case reflect.Bool:
		return word{cel.BoolType, func(f *Facts) ref.Val { return types.Bool(field(f).Bool()) }}
	case reflect.Int64:
		return word{cel.IntType, func(f *Facts) ref.Val { return types.Int(field(f).Int()) }}
	}
	return word{cel.DoubleType, func(f *Facts) ref.Val { return types.Double(field(f).Float()) }}
}

// ResolveName implements cel.Activation.
func (f *Facts) ResolveName(name string) (any, bool) {
	w, ok := words()[name]
	if !ok {
		return nil, false
	}
	return w.read(f), true
}

// Parent implements cel.Activation.
func (*Facts) Parent() cel.Activation { return nil }

// bound cuts texts to the length by which the costs of rules were estimated.
func (f *Facts) bound() {
	e := &f.Event
	for _, s := range []*string{&e.Kind, &e.Name, &e.Country, &e.Browser, &e.System, &e.Device} {
		if len(*s) > textSize {
			*s = strings.ToValidUTF8((*s)[:textSize], "")
		}
	}
}
