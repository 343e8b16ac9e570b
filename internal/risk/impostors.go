package risk

// Impostors draws sign-ins that somebody else might try on an account: what other
// users look like. Nothing is labelled and no attack is needed.
//
// Three quarters of a fit's impostors come from where other users are. Such networks come
// by popularity, and so do the new networks of holders, so from them alone a model
// learns that a rare network is a good sign, and a thin history behind a hosting
// network passes. A fifth therefore comes from networks drawn evenly, where rarity
// counts against. Most have somebody's place and another one's client: few intruders
// know the holder's system, and those who look like one other person are easy to tell.
type Impostors struct {
	dice      dice
	all       reservoir
	systems   map[string]*reservoir // clients by system and type
	countries map[string]*realm
	names     []string // of countries, in the order they came
}

// realm is what is known of a country's networks.
type realm struct {
	all      reservoir
	networks map[uint32]*reservoir
	numbers  []uint32
}

// guise is the part of a sign-in that an impostor wears.
type guise struct {
	account string
	place   Place
	client  Client
}

// The bounds of what is remembered to draw from.
const (
	recentAll     = 8192
	recentCountry = 1024
	recentNetwork = 32
	mostNetworks  = 4096 // of a country
	mostCountries = 300
	mostSystems   = 4096
)

// NewImpostors makes an empty crowd. The same seed and sign-ins give the same draws.
func NewImpostors(seed uint64) *Impostors {
	return &Impostors{dice: dice(seed), all: reservoir{most: recentAll}, systems: map[string]*reservoir{}, countries: map[string]*realm{}}
}

// Add remembers a holder's sign-in.
func (m *Impostors) Add(e *Event) {
	g := guise{e.Account, e.Place, e.Client}
	m.all.add(g, &m.dice)
	system := e.Client.OS + "\x00" + e.Client.Type
	if s, known := m.systems[system]; known {
		s.add(g, &m.dice)
	} else if len(m.systems) < mostSystems {
		s := &reservoir{most: recentNetwork}
		s.add(g, &m.dice)
		m.systems[system] = s
	}
	r, known := m.countries[e.Place.Country]
	if !known {
		if len(m.countries) >= mostCountries {
			return
		}
		r = &realm{all: reservoir{most: recentCountry}, networks: map[uint32]*reservoir{}}
		m.countries[e.Place.Country] = r
		m.names = append(m.names, e.Place.Country)
	}
	r.add(g, &m.dice)
}

func (r *realm) add(g guise, d *dice) {
	r.all.add(g, d)
	n, known := r.networks[g.place.Network]
	if !known {
		if len(r.networks) >= mostNetworks {
			return
		}
		n = &reservoir{most: recentNetwork}
		r.networks[g.place.Network] = n
		r.numbers = append(r.numbers, g.place.Network)
	}
	n.add(g, d)
}

// Draw gives an impostor's try at the sign-in of a holder: same account, same
// time, another place and client, no token. It gives none while nobody else is known.
func (m *Impostors) Draw(e *Event) (Event, bool) {
	for range 8 { // until it is somebody else
		place, client, ok := m.draw(e)
		if !ok || place.account == e.Account || client.account == e.Account {
			continue
		}
		fake := *e
		fake.Place, fake.Client = place.place, client.client
		fake.Device.Token, fake.Device.Given = "", ""
		return fake, true
	}
	return Event{}, false
}

func (m *Impostors) draw(e *Event) (place, client guise, ok bool) {
	home := m.countries[e.Place.Country]
	if home == nil || len(m.all.kept) == 0 {
		return guise{}, guise{}, false
	}
	client = m.all.draw(&m.dice)
	switch roll := m.dice.upTo(100); {
	case roll < 8: // anybody, as they are
		return client, client, true
	case roll < 16: // a compatriot, as they are
		g := home.all.draw(&m.dice)
		return g, g, true
	case roll < 26: // any network of any country, as likely as any other
		return m.countries[m.names[m.dice.upTo(len(m.names))]].even(&m.dice), client, true
	case roll < 31: // somebody of any country, as likely as any other
		return m.countries[m.names[m.dice.upTo(len(m.names))]].all.draw(&m.dice), client, true
	case roll < 43: // any network of this country
		return home.even(&m.dice), client, true
	case roll < 87: // a compatriot's place with anybody's client, as who hires a way in has
		return home.all.draw(&m.dice), client, true
	default: // a compatriot's place with a client of the same system
		if s := m.systems[e.Client.OS+"\x00"+e.Client.Type]; s != nil {
			client = s.draw(&m.dice)
		}
		return home.all.draw(&m.dice), client, true
	}
}

func (r *realm) even(d *dice) guise { return r.networks[r.numbers[d.upTo(len(r.numbers))]].draw(d) }

// reservoir keeps an even sample of all that was added.
type reservoir struct {
	most, seen int
	kept       []guise
}

func (r *reservoir) add(g guise, d *dice) {
	r.seen++
	if len(r.kept) < r.most {
		r.kept = append(r.kept, g)
	} else if i := d.upTo(r.seen); i < r.most {
		r.kept[i] = g
	}
}

func (r *reservoir) draw(d *dice) guise { return r.kept[d.upTo(len(r.kept))] }

// dice are numbers that look random and are the same for the same seed.
type dice uint64

func (d *dice) next() uint64 {
	*d += mixA
	return mix(uint64(*d), 3)
}

func (d *dice) upTo(n int) int { return int(d.next() >> 1 % uint64(n)) }
