package risk

import "slices"

// Clone gives a copy that learns by itself.
func (p *Profile) Clone() Profile {
	q := *p
	q.places, q.clients, q.guests = slices.Clone(p.places), slices.Clone(p.clients), slices.Clone(p.guests)
	return q
}

// News tells what is new about an event: values that the account has not shown.
type News struct {
	Address, Network, Country, Agent, Browser, OS, Device bool
	DistanceKM                                            float64 // from the last success, less the errors of both places; 0 if nobody knows
	SinceDays                                             float64 // since the last success; 0 if there was none
}

// NewsOf compares an event with what its account has shown. In an account that
// nobody has signed in to nothing is new.
func NewsOf(e *Event, p *Profile, c *Counters) (n News) {
	if p.n == 0 {
		return n
	}
	r := read(e, p, c)
	n = News{Address: r.fresh[atAddress], Network: r.fresh[atNetwork], Country: r.fresh[atCountry], Agent: r.fresh[atAgent], Browser: r.fresh[atBrowser], OS: r.fresh[atOS],
		Device: e.Device.Asked && r.sight.token == 0}
	n.SinceDays = max(float64(e.At-p.lastAt)/float64(dayMicros), 0)
	if now := fixOf(e, &r.values); now.known && p.fix.known {
		n.DistanceKM = max(distance(p.fix, now)-float64(p.fix.errorKM)-float64(now.errorKM), 0)
	}
	return n
}
