package risk

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"takeback/internal/draw"
)

// pilot is a small world of sign-ins after published marginals, for tests of the
// scorers. It knows nothing of how they work.
type pilot struct {
	r      *rand.Rand
	asn    draw.Shares // 40 networks of a country
	land   draw.Shares
	os     draw.Shares
	browse draw.Shares
}

type pilotUser struct {
	id                     string
	home                   int
	rateNet, rateBrowser   float64
	places                 []Place
	clients                []pilotClient
	lastPlace, lastClients int
}

type pilotClient struct {
	kind, os, browser, agent int
	token                    string
}

func newPilot(seed uint64) *pilot {
	return &pilot{
		r: rand.New(rand.NewPCG(seed, 7)), asn: draw.Zipf(40, 1.3), land: draw.Zipf(60, 1), os: draw.Zipf(30, 1.2), browse: draw.Zipf(40, 1.1),
	}
}

func (g *pilot) pick(c draw.Shares) int { return c.At(g.r.Float64()) }

func (g *pilot) place(country, asn int) Place {
	host := g.r.IntN(60000)
	if g.r.Float64() < .1 {
		host = g.r.IntN(50)
	}
	n := uint32(1000 + country*100 + asn)
	addr := netip.AddrFrom4([4]byte{byte(20 + n>>8), byte(n), byte(host >> 8), byte(host)})
	return Place{Address: addr, Network: n, Country: string([]byte{byte('A' + country/26), byte('A' + country%26)})}
}

func (g *pilot) newClient(kind int) pilotClient {
	if kind < 0 {
		kind = g.pick(draw.Weights(.653, .327, .02))
	}
	return pilotClient{kind: kind, os: g.pick(g.os), browser: g.pick(g.browse), agent: g.r.IntN(8), token: strconv.FormatUint(g.r.Uint64(), 36)}
}

func (c pilotClient) client() Client {
	kind := [...]string{"mobile", "desktop", "other"}[c.kind]
	os := fmt.Sprintf("%s os %d", kind, c.os)
	browser := fmt.Sprintf("browser %d of %s", c.browser, os)
	return Client{Agent: fmt.Sprintf("agent %d of %s", c.agent, browser), Browser: browser, OS: os, Type: kind}
}

// signIn gives the user's next sign-in.
func (g *pilot) signIn(u *pilotUser) (Place, pilotClient, bool) {
	r, known := g.r, true
	switch {
	case len(u.places) == 0:
		u.places = append(u.places, g.place(u.home, g.pick(g.asn)))
	case r.Float64() < u.rateNet:
		old := u.places[r.IntN(len(u.places))]
		p := g.place(int(old.Network-1000)/100, int(old.Network-1000)%100)
		if r.Float64() < .30 {
			country := int(old.Network-1000) / 100
			if r.Float64() < .085 {
				country = g.pick(g.land)
			}
			p = g.place(country, g.pick(g.asn))
		}
		u.places = append(u.places, p)
		u.lastPlace = len(u.places) - 1
	case r.Float64() < .4:
		u.lastPlace = r.IntN(len(u.places))
	}
	switch {
	case len(u.clients) == 0:
		u.clients, known = append(u.clients, g.newClient(-1)), false
	case r.Float64() < u.rateBrowser:
		c := u.clients[u.lastClients]
		if r.Float64() < .62 {
			known = false
			if r.Float64() < .45 {
				c = g.newClient(-1)
			} else {
				c = g.newClient(c.kind)
			}
		} else {
			c.browser, c.agent = g.pick(g.browse), r.IntN(8)
			known = r.Float64() < .7
		}
		u.clients = append(u.clients, c)
		u.lastClients = len(u.clients) - 1
	default:
		if r.Float64() < .4 {
			u.lastClients = r.IntN(len(u.clients))
		}
		known = r.Float64() < .9
	}
	return u.places[u.lastPlace], u.clients[u.lastClients], known
}

type pilotRow struct {
	user *pilotUser
	at   float64
}

// world makes users and all their sign-ins in the order of time.
func (g *pilot) world(users int) (rows []pilotRow) {
	for i := range users {
		u := &pilotUser{id: fmt.Sprintf("u%d", i), rateNet: draw.Beta(g.r, .8, 1), rateBrowser: draw.Beta(g.r, .9, 1.5)}
		if g.r.Float64() > .9 {
			u.home = g.pick(g.land)
		}
		n := int(math.Round(math.Exp(.69 + 1.16*g.r.NormFloat64())))
		for range min(max(n, 1), 600) {
			rows = append(rows, pilotRow{u, g.r.Float64()})
		}
	}
	slices.SortFunc(rows, func(a, b pilotRow) int {
		if a.at < b.at {
			return -1
		}
		return 1
	})
	return rows
}

var pilotBegin = time.Date(2020, 2, 3, 0, 0, 0, 0, time.UTC).UnixMicro()

func (g *pilot) event(u *pilotUser, at float64, p Place, c pilotClient, known, tokens bool) Event {
	e := Event{ID: "e", Account: u.id, At: pilotBegin + int64(at*365*float64(dayMicros)), Kind: SignedIn, Place: p, Client: c.client()}
	if tokens {
		e.Device = Device{Asked: true, Given: c.token}
		if known {
			e.Device.Token = c.token
		}
	}
	return e
}

// attack gives an intruder's try at an account.
func (g *pilot) attack(kind string, u *pilotUser, e Event) Event {
	e.Device.Token, e.Device.Given = "", ""
	last := u.places[u.lastPlace]
	home := int(last.Network-1000) / 100
	victim := u.clients[u.lastClients]
	popular := g.newClient(-1).client()
	switch kind {
	case "naive":
		e.Place, e.Client = g.place(g.r.IntN(60), g.pick(g.asn)), popular
	case "vpn":
		e.Place, e.Client = g.place(home, 15+g.r.IntN(25)), popular
	case "resproxy":
		e.Place, e.Client = g.place(home, g.pick(g.asn)), popular
	case "targeted":
		asn := int(last.Network-1000) % 100
		if g.r.Float64() < .5 {
			asn = g.pick(g.asn)
		}
		c := victim
		c.browser, c.agent = g.pick(g.browse), g.r.IntN(8)
		e.Place, e.Client = g.place(home, asn), c.client()
	case "cloned":
		e.Place, e.Client = g.place(home, int(last.Network-1000)%100), victim.client()
	}
	return e
}
