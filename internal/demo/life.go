package demo

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"takeback/internal/access"
	"takeback/internal/history"
)

// How many live in the shop, and for how long.
const (
	holders     = 200
	inJapanese  = 134
	monthsLived = 14
)

// Person is an invented holder with all that he ever did.
type Person struct {
	ID       string // of the account
	Name     string // as registered
	Email    string // as registered
	Language string
	Devices  []access.Client
	Life     []Deed // oldest first
}

// Deed is one act in a life, as it will be entered in the history.
type Deed struct {
	At        time.Time
	Who       int // index of the person
	Device    int // of an opened session
	Verb      history.Verb
	Path      string
	Value     json.RawMessage
	Amount    int64
	ShipTo    string // of an order: the address it read
	Confirmed bool
	By        access.Role // the holder if empty; else the shop (Service) or the registration (System)
}

// People invents the holders, each with a life that ends at a time. The same
// seed and time make the same people.
func People(seed uint64, until time.Time) []Person {
	all := make([]Person, holders)
	taken := map[string]bool{}
	for i := range all {
		b := born(seed, i, until)
		for taken[b.p.Email] {
			b.p.Email = fmt.Sprintf("%d.%s", b.IntN(90)+10, b.p.Email)
		}
		taken[b.p.Email] = true
		b.email = b.p.Email
		all[i] = b.live()
	}
	return all
}

// Known are the holders whom the guide introduces: the first is read about in
// Japanese, the second in English.
var Known = []struct{ Name, Kana, Email, Phone string }{
	{"田中 美咲", "タナカ ミサキ", "misaki.tanaka@example.jp", "09000001234"},
	{"Emily Hart", "", "emily.hart@example.com", "+15550100123"},
}

// biography is a life while it is being written.
type biography struct {
	*rand.Rand
	i       int
	p       Person
	known   bool // introduced by the guide
	settled bool // has a case: keeps the telephone number that the desk calls
	woman   bool
	begin   time.Time
	until   time.Time
	orders  int
	cards   int
	// as they are by now
	name, kana, phone, email string
}

// born begins a life: a name, a mailbox, a telephone and one or two devices.
func born(seed uint64, i int, until time.Time) *biography {
	b := &biography{Rand: rand.New(rand.NewPCG(seed, uint64(i))), i: i, until: until.UTC().Truncate(time.Second)}
	b.p = Person{ID: accountID(i), Language: "en"}
	if i < inJapanese {
		b.p.Language = "ja"
		f, g := families[b.IntN(len(families))], givens[i%len(givens)]
		b.woman = i%len(givens) < women
		b.p.Name, b.kana = f.text+" "+g.text, f.kana+" "+g.kana
		b.p.Email = g.latin + "." + f.latin
	} else {
		f, g := englishFamilies[b.IntN(len(englishFamilies))], englishGivens[i%len(englishGivens)]
		b.woman = i%len(englishGivens) < len(englishGivens)/2
		b.p.Name = g + " " + f
		b.p.Email = strings.ToLower(g + "." + f)
	}
	b.p.Email += "@" + pick(b, mailboxes[b.p.Language])
	b.phone = fmt.Sprintf("0%d00000%04d", []int{7, 8, 9}[b.IntN(3)], i*37%10000)
	if b.p.Language == "en" {
		b.phone = fmt.Sprintf("+1555010%04d", i*41%10000)
	}
	b.begin = b.until.AddDate(0, -monthsLived, b.IntN(270))
	switch {
	case i == 0 || i == inJapanese:
		k := Known[min(i, 1)]
		b.p.Name, b.kana, b.p.Email, b.phone, b.known, b.woman = k.Name, k.Kana, k.Email, k.Phone, true, false
		b.begin = b.until.AddDate(0, -monthsLived, 9)
	case quiet[i] != 0:
		b.begin = b.until.AddDate(0, -monthsLived+3, 0)
	case i%11 == 5:
		b.begin = b.until.AddDate(0, 0, -b.IntN(50)-10) // every shop has new customers
	}
	if rest, ok := quiet[i]; ok {
		b.until, b.settled = b.until.Add(-rest), true
	}
	b.begin = b.atDay(b.begin)
	b.p.Devices = []access.Client{b.client(pick(b, phones)), b.client(pick(b, computers))}
	b.name = b.p.Name
	return b
}

func pick[T any](b *biography, from []T) T { return from[b.IntN(len(from))] }

// one in n happens.
func (b *biography) one(n int) bool { return b.IntN(n) == 0 }

// client is a device at home.
func (b *biography) client(userAgent string) access.Client {
	ip := fmt.Sprintf("%s.%d", []string{"192.0.2", "198.51.100", "203.0.113"}[b.IntN(3)], b.IntN(250)+2)
	if b.one(3) {
		ip = fmt.Sprintf("2001:db8:%x:%x::%x", b.IntN(0xffff)+1, b.IntN(0xffff)+1, b.IntN(0xffff)+1)
	}
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	device := make([]byte, 26)
	for i := range device {
		device[i] = letters[b.IntN(len(letters))]
	}
	return access.Client{IP: ip, UserAgent: userAgent, Device: string(device), Language: b.p.Language}
}

// atDay moves a time to an hour at which people are awake where this one lives.
func (b *biography) atDay(t time.Time) time.Time {
	local := t.Truncate(24 * time.Hour).Add(time.Duration(7*60+b.IntN(15*60))*time.Minute + time.Duration(b.IntN(60))*time.Second)
	if b.p.Language == "ja" {
		local = local.Add(-9 * time.Hour)
	}
	for !local.Before(b.until) {
		local = local.Add(-24 * time.Hour)
	}
	return local
}

// do adds a deed.
func (b *biography) do(at time.Time, d Deed) {
	d.At, d.Who = at, b.i
	b.p.Life = append(b.p.Life, d)
}

func value(v any) json.RawMessage {
	text, _ := json.Marshal(v) // texts and maps of texts always have a JSON form
	return text
}

// live writes the life.
func (b *biography) live() Person {
	at := b.begin
	for _, d := range []Deed{
		{Verb: history.Contact, Path: "email", Value: value(b.p.Email), Confirmed: true},
		{Verb: history.Credential, Path: "password"},
		{Verb: history.Set, Path: "name", Value: value(b.p.Name)},
		{Verb: history.Set, Path: "language", Value: value(b.p.Language)},
	} {
		d.By = access.System
		b.do(at, d)
	}
	b.settle(at.Add(time.Duration(b.IntN(9)+1) * time.Minute))
	for _, at := range b.visits() {
		b.visit(at)
	}
	slices.SortStableFunc(b.p.Life, func(x, y Deed) int { return x.At.Compare(y.At) })
	return b.p
}

// visits are the times of further visits, oldest first.
func (b *biography) visits() []time.Time {
	span := b.until.Sub(b.begin)
	n := 1 + int(span/(24*time.Hour))/75 + b.IntN(6)
	if b.known {
		n = 9
	}
	var at []time.Time
	for range n {
		at = append(at, b.atDay(b.begin.Add(time.Hour+time.Duration(b.Int64N(int64(span))))))
	}
	if b.i%9 == 3 && !b.settled {
		at = append(at, b.until.Add(-time.Duration(b.IntN(20*60)+30)*time.Minute)) // somebody is always here
	}
	at = slices.DeleteFunc(at, func(t time.Time) bool { return t.Before(b.begin.Add(30 * time.Minute)) })
	slices.SortFunc(at, func(x, y time.Time) int { return cmp.Compare(x.Unix(), y.Unix()) })
	return slices.CompactFunc(at, func(x, y time.Time) bool { return y.Sub(x).Abs() < 30*time.Minute })
}

// settle is the first visit: who the person is, where he lives, how he pays.
func (b *biography) settle(at time.Time) {
	minutes := func() time.Time { at = at.Add(time.Duration(b.IntN(150)+20) * time.Second); return at }
	b.do(at, Deed{Verb: history.Open})
	if b.kana != "" {
		b.do(minutes(), Deed{Verb: history.Set, Path: "profile", Value: b.profile()})
	}
	b.do(minutes(), Deed{Verb: history.Add, Path: "address/a1", Value: b.address()})
	b.do(at, Deed{Verb: history.Set, Path: "default/address", Value: value("a1")})
	if b.known || b.settled || !b.one(4) {
		b.proof(minutes())
		b.do(at, Deed{Verb: history.Contact, Path: "phone", Value: value(b.phone)})
	}
	if b.known || !b.one(3) {
		b.card(minutes())
	}
	if !b.one(3) {
		b.order(minutes())
	}
}

func (b *biography) profile() json.RawMessage {
	family, given, _ := strings.Cut(b.name, " ")
	return value(map[string]string{"family": family, "given": given, "kana": b.kana})
}

func (b *biography) address() json.RawMessage {
	if b.p.Language == "ja" {
		line := fmt.Sprintf("%s%s%d-%d-%d", pick(b, japaneseCities), pick(b, japaneseStreets), b.IntN(5)+1, b.IntN(28)+1, b.IntN(20)+1)
		if b.one(2) {
			line += fmt.Sprintf(" %s%d号", pick(b, japaneseHouses), (b.IntN(6)+1)*100+b.IntN(8)+1)
		}
		return value(map[string]string{"to": b.name, "post": fmt.Sprintf("000-%04d", b.IntN(10000)), "line": line})
	}
	return value(map[string]string{"to": b.name, "post": fmt.Sprintf("ZZ%d %dZZ", b.IntN(9)+1, b.IntN(9)+1),
		"line": fmt.Sprintf("%d %s, %s", b.IntN(180)+1, pick(b, englishStreets), pick(b, englishCities))})
}

// proof is that the password was given once more.
func (b *biography) proof(at time.Time) { b.do(at, Deed{Verb: history.StepUp}) }

func (b *biography) card(at time.Time) {
	b.proof(at)
	b.cards++
	brand := []string{"visa", "mastercard", "jcb"}[b.IntN(3)]
	id := fmt.Sprintf("k%d", b.cards)
	b.do(at, Deed{Verb: history.Add, Path: "card/" + id, Value: value(map[string]string{"token": fmt.Sprintf("tok_demo_%04d%02d", b.i, b.cards),
		"brand": brand, "last4": fmt.Sprintf("%04d", b.IntN(10000)), "expiry": fmt.Sprintf("%02d/%02d", b.IntN(12)+1, (b.until.Year()+2+b.IntN(3))%100)})})
	b.do(at, Deed{Verb: history.Set, Path: "default/card", Value: value(id)})
}

// order is what it is all for: the shop enters it, and gives points.
func (b *biography) order(at time.Time) {
	b.orders++
	var items []string
	sum := 0
	for range b.IntN(3) + 1 {
		w := pick(b, wares)
		sum += w.yen
		items = append(items, map[string]string{"ja": w.ja, "en": w.en}[b.p.Language])
	}
	b.do(at, Deed{Verb: history.Order, Path: fmt.Sprintf("order/A%03d%02d", b.i+101, b.orders), ShipTo: "address/a1", Value: value(map[string]any{
		"effect": "undo", "placed_at": at.Format(time.RFC3339), "ship_to": "address/a1", "amount": sum, "currency": "JPY",
		"items": strings.Join(items, map[string]string{"ja": "、", "en": ", "}[b.p.Language])})})
	b.do(at.Add(time.Duration(b.IntN(50)+5)*time.Second), Deed{Verb: history.Move, Path: "points", Amount: int64(sum / 100), By: access.Service})
}

// visit is a sign-in and what it was for.
func (b *biography) visit(at time.Time) {
	device := 0
	if b.IntN(5) < 2 {
		device = 1
	}
	b.do(at, Deed{Verb: history.Open, Device: device})
	at = at.Add(time.Duration(b.IntN(5)+1) * time.Minute)
	switch n := b.IntN(100); {
	case n < 55:
		b.order(at)
	case n < 62:
		b.do(at, Deed{Verb: history.Set, Path: "address/a1", Value: b.address()})
	case n < 66 && !b.known && !b.settled: // whom the guide introduces can still be called back at his old number
		b.proof(at)
		b.phone = b.phone[:len(b.phone)-2] + fmt.Sprintf("%02d", b.IntN(100))
		b.do(at, Deed{Verb: history.Contact, Path: "phone", Value: value(b.phone)})
	case n < 70 && !b.known && !b.settled:
		b.mailbox(at)
	case n < 75 && b.woman && !b.known:
		b.marry(at)
	case n < 80 && !b.known && b.cards > 0:
		b.card(at)
	}
	if b.one(3) {
		b.do(at.Add(time.Duration(b.IntN(600)+240)*time.Second), Deed{Verb: history.SignOut})
	}
}

// mailbox is a move to another provider.
func (b *biography) mailbox(at time.Time) {
	local, domain, _ := strings.Cut(b.email, "@")
	next := domain
	for next == domain {
		next = pick(b, mailboxes[b.p.Language])
	}
	b.email = fmt.Sprintf("%s%d@%s", local, b.i, next) // the number keeps it apart from everybody else's
	b.proof(at)
	b.do(at.Add(3*time.Minute), Deed{Verb: history.Contact, Path: "email", Value: value(b.email), Confirmed: true})
}

// marry changes the family name, and what follows from it.
func (b *biography) marry(at time.Time) {
	b.woman = false // once is enough
	if b.p.Language == "ja" {
		f := pick(b, families)
		_, given, _ := strings.Cut(b.name, " ")
		_, kana, _ := strings.Cut(b.kana, " ")
		b.name, b.kana = f.text+" "+given, f.kana+" "+kana
	} else {
		given, _, _ := strings.Cut(b.name, " ")
		b.name = given + " " + pick(b, englishFamilies)
	}
	b.do(at, Deed{Verb: history.Set, Path: "name", Value: value(b.name)})
	if b.kana != "" {
		b.do(at.Add(time.Minute), Deed{Verb: history.Set, Path: "profile", Value: b.profile()})
	}
	b.do(at.Add(2*time.Minute), Deed{Verb: history.Set, Path: "address/a1", Value: b.address()})
}

// knownID is the account of a holder whom the guide introduces.
func knownID(i int) string { return accountID([]int{0, inJapanese}[i]) }

func accountID(i int) string { return fmt.Sprintf("acc_demo%04d", i+1) }
