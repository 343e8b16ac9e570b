package bench

import (
	"math"
	"math/rand/v2"
	"net/netip"
	"strconv"
	"time"

	"takeback/internal/draw"
	"takeback/internal/risk"
)

// The town that the past happens in. The spread of accounts and the popularity of
// networks are those of the generator of package trial; the rest is made up. What
// somebody usually does is worked out from the number of the account, so that a
// hundred million events are made one at a time and none is kept.
const (
	networks     = 60_000
	hosts        = 60_000 // addresses of a network
	sharedHosts  = 50     // of them, behind which many sit
	agents       = 20_000
	agentsPerOS  = 40
	lastsDays    = 400
	spread       = 1.16 // σ of the logarithm of sign-ins per account
	networkSlope = 1.1
	agentSlope   = 1.1
	intruders    = 40 // networks that passwords are tried from
)

// past makes the events of many accounts in the order of time.
type past struct {
	dice   *rand.Rand
	names  []string
	busy   alias       // which account something happens in
	known  draw.Shares // how popular networks are
	spoken draw.Shares // agents, likewise
	agent  []risk.Client
	at     float64 // microseconds
	step   float64
}

var beginning = time.Date(2026, time.January, 1, 9, 0, 0, 0, time.UTC)

func newPast(accounts, events int) *past {
	p := &past{dice: rand.New(rand.NewPCG(1, 1)), names: make([]string, accounts), known: draw.Zipf(networks, networkSlope), spoken: draw.Zipf(agents, agentSlope),
		agent: make([]risk.Client, agents), at: float64(beginning.UnixMicro()), step: lastsDays * 24 * float64(time.Hour/time.Microsecond) / float64(events)}
	share := make([]float64, accounts)
	for i := range p.names {
		n := strconv.Itoa(i)
		p.names[i] = "acc_0000000000000000000000"[:26-len(n)] + n
		share[i] = math.Exp(spread * p.dice.NormFloat64())
	}
	p.busy = newAlias(share)
	for i := range p.agent {
		n, os := strconv.Itoa(i), "Android "+strconv.Itoa(i/agentsPerOS)
		p.agent[i] = risk.Client{Agent: "Mozilla/5.0 (Linux; " + os + ") AppleWebKit/537.36 (KHTML, like Gecko) Chrome/90.0." + n + " Mobile Safari/537.36",
			Browser: "Chrome Mobile 90.0." + n, OS: os, Type: [...]string{"mobile", "desktop", "tablet"}[i%97%3]}
	}
	return p
}

// fill makes the next n events.
func (p *past) fill(b *batch, n int) *batch {
	b.events, b.account = b.events[:0], b.account[:0]
	for range n {
		account, e := p.next()
		b.events, b.account = append(b.events, e), append(b.account, account)
	}
	return b
}

// next makes the next event: half are sign-ins, a third fails, most of it on names
// that are none, and the rest is what holders do in an open session.
// It tells whose it is, -1 for a name that is none.
func (p *past) next() (account int, e risk.Event) {
	p.at += p.step
	i, what := p.busy.draw(p.dice), p.dice.Float64()
	e = risk.Event{ID: "e", Account: p.names[i], At: int64(p.at), Kind: risk.SignedIn}
	h := draw.Mix(uint64(i))
	day := int((p.at - float64(beginning.UnixMicro())) / (24 * float64(time.Hour/time.Microsecond)))
	if what < .25 { // a list of passwords is tried
		e.Kind = risk.SignInFailed
		if what > .06 {
			i, e.Account, e.Marks = -1, "name"+strconv.FormatUint(p.dice.Uint64(), 36), risk.NameUnknown
		}
		n := p.dice.IntN(intruders)
		e.Place, e.Client, e.Device = p.place(networks-1-n*7, uint64(p.dice.IntN(hosts))), p.agent[n*3], risk.Device{Asked: true}
		return i, e
	}
	e.Session = strconv.FormatUint(draw.Mix(h+uint64(day)), 36)
	e.Place = p.placeOf(h, day)
	p.clientOf(h, day, &e)
	switch {
	case what < .35:
		e.Kind, e.Session, e.Device.Given = risk.SignInFailed, "", ""
	case what < .85:
	case what < .94:
		e.Kind, e.Device.Given = risk.Seen, ""
	case what < .99:
		e.Kind, e.Device.Given, e.Target, e.Amount = risk.OrderPlaced, "", "address/"+strconv.FormatUint(h%4, 36), 4200
	default:
		e.Kind, e.Device.Given, e.Target = risk.EmailChanged, "", strconv.FormatUint(p.dice.Uint64(), 36)+"@example.com"
	}
	return i, e
}

// placeOf is where a holder is: at one of up to six places, whose addresses change
// every few weeks, or, each by a habit of their own, somewhere new.
func (p *past) placeOf(h uint64, day int) risk.Place {
	home := p.network(draw.Mix(h ^ 1))
	if restless := part(draw.Mix(h ^ 2)); p.dice.Float64() < restless*restless*.5 {
		network := home
		if p.dice.Float64() < .3 {
			network = p.network(p.dice.Uint64())
		}
		return p.place(network, p.dice.Uint64())
	}
	k := p.usually(1 + int(h%6))
	network := home
	if k > 1 {
		network = p.network(draw.Mix(h ^ uint64(16+k)))
	}
	lasts := 14 + int(draw.Mix(h^uint64(32+k))%200)
	return p.place(network, draw.Mix(h+uint64(k<<16+day/lasts)))
}

// clientOf is what they come with: one of up to three devices, updated every few weeks.
func (p *past) clientOf(h uint64, day int, e *risk.Event) {
	k := p.usually(1 + int(h>>8%3))
	device := draw.Mix(h ^ uint64(64+k))
	first := p.spoken.At(part(device))
	update := day / (30 + int(device%60))
	e.Client = p.agent[first/agentsPerOS*agentsPerOS+(first+update)%agentsPerOS]
	token := strconv.FormatUint(draw.Mix(device+uint64(day/250)), 36)
	e.Device = risk.Device{Asked: true, Given: token}
	if p.dice.Float64() < .9 {
		e.Device.Token = token
	}
}

// usually draws one of n habits, the first most often.
func (p *past) usually(n int) int {
	k := 0
	for k < n-1 && p.dice.Float64() < .4 {
		k++
	}
	return k
}

func (p *past) network(h uint64) int { return p.known.At(part(h)) }

// place is an address of a network: every tenth is one behind which many sit.
func (p *past) place(network int, h uint64) risk.Place {
	host := h / 16 % hosts
	if h%10 == 0 {
		host = h / 16 % sharedHosts
	}
	country := part(draw.Mix(uint64(network)))
	letter := byte('A' + int(26*country*country*country*country))
	return risk.Place{Address: netip.AddrFrom4([4]byte{byte(network >> 8), byte(network), byte(host >> 8), byte(host)}), Network: uint32(network + 1),
		Country: string([]byte{'N', letter}), Located: true, Lat: float32(letter - 'A'), Lon: float32(network % 30), ErrorKM: 50}
}

// part is a number as a part of one.
func part(x uint64) float64 { return float64(x>>11) / (1 << 53) }

// alias draws one of many by their shares, in one step (Walker, Vose).
type alias struct {
	keep  []float32
	other []uint32
}

func newAlias(share []float64) alias {
	a, sum := alias{make([]float32, len(share)), make([]uint32, len(share))}, 0.0
	for _, s := range share {
		sum += s
	}
	var small, large []int
	left := make([]float64, len(share))
	for i, s := range share {
		left[i] = s / sum * float64(len(share))
		if left[i] < 1 {
			small = append(small, i)
		} else {
			large = append(large, i)
		}
	}
	for len(small) > 0 && len(large) > 0 {
		s, l := small[len(small)-1], large[len(large)-1]
		small = small[:len(small)-1]
		a.keep[s], a.other[s] = float32(left[s]), uint32(l)
		if left[l] -= 1 - left[s]; left[l] < 1 {
			large = large[:len(large)-1]
			small = append(small, l)
		}
	}
	for _, i := range append(small, large...) { // what rounding left over
		a.keep[i], a.other[i] = 1, uint32(i)
	}
	return a
}

func (a *alias) draw(dice *rand.Rand) int {
	i := dice.IntN(len(a.keep))
	if dice.Float32() < a.keep[i] {
		return i
	}
	return int(a.other[i])
}
