package risk

import (
	"math"
	"slices"
	"strings"
)

// infrastructure weighs what kind of place and client it is. None counts alone:
// one legitimate sign-in in twelve comes from a listed address, and a holder who
// always uses Tor is at home there. Only the operator's own list is an order.
func (j *judge) infrastructure() {
	if j.e.Kind == HolderDenied || j.e.Kind == HolderConfirmed || j.e.Kind == NoticeBounced {
		return
	}
	f := j.e.Place.Flags
	if f&Denied != 0 {
		j.suspect(3, Reason{Signal: OnDenyList})
		j.raise(End, Reason{})
	}
	strange := j.r.fresh[atNetwork] || j.r.fresh[atAddress] && j.r.fresh[atBrowser] || j.p.n == 0
	for _, x := range placeSignals {
		if f&x.flag == 0 || !strange {
			continue
		}
		j.suspect(x.weight, Reason{Signal: x.signal, Number: int64(j.e.Place.Network)})
		if x.weight >= 1 && (j.r.fresh[atBrowser] || j.r.tokens && j.r.sight.token == 0) {
			j.raise(StepUp, Reason{})
		}
	}
	j.client()
}

var placeSignals = [...]struct {
	flag   PlaceFlags
	signal Signal
	weight float64
}{
	{Tor, OnTor, 1.5}, {Hosting, OnHosting, 1}, {VPN, OnVPN, .5}, {Relay, OnRelay, 0.1}, {Residential, OnResidential, 1.5},
	{BadNetwork, OnBadNetwork, 1}, {BadReputation, OnBadReputation, .7},
}

// client looks at the program: I09 and I10. A program for programs is what the
// account has always used, or it is new and strange.
func (j *judge) client() {
	c := &j.e.Client
	if j.e.Kind != SignedIn && j.e.Kind != SignInFailed || !j.r.fresh[atAgent] && c.Agent != "" {
		return
	}
	switch {
	case isScript(c.Agent):
		j.suspect(1, Reason{Signal: ScriptedClient, Name: c.Agent})
		j.raise(StepUp, Reason{})
	case c.Agent == "" && (c.Browser != "" || j.r.values.address != 0 && j.usualAgent()):
		j.suspect(.7, Reason{Signal: OddClient})
	case mismatched(c):
		j.suspect(.7, Reason{Signal: OddClient, Name: c.OS})
	}
}

// usualAgent tells whether the account's sign-ins carry user agents.
func (j *judge) usualAgent() bool {
	for i := range j.p.clients {
		if j.p.clients[i].agent != 0 {
			return true
		}
	}
	return false
}

// scripts are how clients name themselves that nobody looks through.
var scripts = [...]string{
	"curl/", "wget/", "python-requests", "python-urllib", "aiohttp", "httpx", "go-http-client", "okhttp", "java/", "libwww-perl",
	"node-fetch", "axios/", "postmanruntime", "headlesschrome", "phantomjs", "scrapy", "bot/", "bot ", "crawler", "spider",
}

// scriptPairs are the pairs of letters that scripts begin with, by the last five bits
// of each, which are the same in capitals.
var scriptPairs = func() (begins [1 << 10]bool) {
	for _, s := range scripts {
		begins[int(s[0]&31)<<5|int(s[1]&31)] = true
	}
	return begins
}()

// agentHead is how much of a user agent is looked through.
const agentHead = 256

// isScript looks through the head of a user agent, in every decision about a new
// client: so once for all names together, and closer only where one may begin.
func isScript(agent string) bool {
	agent, pair := agent[:min(len(agent), agentHead)], 0
	for i := range len(agent) {
		pair = (pair<<5 | int(agent[i]&31)) & (1<<10 - 1)
		if i > 0 && scriptPairs[pair] && namesScript(agent[i-1:]) {
			return true
		}
	}
	return false
}

func namesScript(rest string) bool {
	return slices.ContainsFunc(scripts[:], func(name string) bool {
		return len(rest) >= len(name) && strings.EqualFold(rest[:len(name)], name)
	})
}

// mismatched tells a user agent that names another system than the client claims.
func mismatched(c *Client) bool {
	claims := [...][2]string{{"Windows", "Windows"}, {"iOS", "iP"}, {"Android", "Android"}, {"macOS", "Mac"}}
	for _, x := range claims {
		if strings.HasPrefix(c.OS, x[0]) {
			return c.Agent != "" && !strings.Contains(c.Agent, x[1])
		}
	}
	return false
}

// The speeds and distances of journeys.
const (
	fastKMH = 900  // faster than an aeroplane, after both errors are taken off
	farKM   = 1000 // or another country
	hopMins = 30
)

// travel looks for journeys nobody makes: L12 and L13, and for a return after long
// absence, L14. Free tables place half of America a thousand kilometres off, so a
// journey counts only after both errors, never for carriers and relays, and never alone.
func (j *judge) travel() {
	if j.e.Kind != SignedIn || j.p.n == 0 {
		return
	}
	strange := j.r.fresh[atBrowser] || j.r.tokens && j.r.sight.token == 0
	minutes := float64(j.e.At-j.p.lastAt) / 60e6
	if now := fixOf(j.e, &j.r.values); minutes >= 0 && !now.vague && !j.p.fix.vague {
		abroad := now.country != 0 && j.p.fix.country != 0 && now.country != j.p.fix.country
		if abroad && minutes <= hopMins && j.r.fresh[atCountry] {
			j.note(strange, .7, Reason{Signal: CountryHop, Name: j.e.Place.Country, Number: int64(minutes)})
		}
		if now.known && j.p.fix.known {
			km := distance(now, j.p.fix) - float64(now.errorKM) - float64(j.p.fix.errorKM)
			speed := km / math.Max(minutes/60, 1.0/60)
			if speed >= fastKMH && (km >= farKM || abroad && km > 100) {
				j.note(strange, 1, Reason{Signal: TooFast, Name: j.e.Place.Country, Number: int64(km)})
			}
		}
	}
	if days := minutes / 60 / 24; days > 90 && j.r.fresh[atNetwork] && j.r.fresh[atBrowser] {
		j.note(strange, .5, Reason{Signal: DormantReturn, Number: int64(days)})
	}
}

// note tells of something that asks for a proof only if the client is strange too.
func (j *judge) note(strange bool, weight float64, r Reason) {
	j.suspect(weight, r)
	if strange {
		j.raise(StepUp, Reason{})
	} else {
		j.raise(Tell, Reason{})
	}
}

// distance is along the Earth, in kilometres.
func distance(a, b fix) float64 {
	const rad, radius = math.Pi / 180, 6371
	la, lb := float64(a.lat)*rad, float64(b.lat)*rad
	dla, dlo := lb-la, float64(b.lon-a.lon)*rad
	h := math.Pow(math.Sin(dla/2), 2) + math.Cos(la)*math.Cos(lb)*math.Pow(math.Sin(dlo/2), 2)
	return 2 * radius * math.Asin(math.Sqrt(min(max(h, 0), 1)))
}
