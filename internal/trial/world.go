package trial

import (
	"fmt"
	"strconv"

	"takeback/internal/draw"
)

// The world of a generated file. The figures are those of the pilot (see
// targets in marginals.go for what they reproduce); names are made up in the
// manner of the data set.
const (
	networksEach  = 40     // per country
	sharedEach    = 50     // addresses of a network behind which many sit
	addressesEach = 60_000 // the others of a network
	leastPopular  = 15     // networks from this rank on are where VPNs are hosted
	systemsEach   = 30     // per device type
	browsersEach  = 40     // per system
	textsEach     = 8      // user agents per browser
)

var (
	countryNames = [...]string{
		"NO", "US", "RU", "BR", "DE", "SE", "GB", "DK", "PL", "NL", "FR", "ES", "IT", "FI", "IN", "CN", "TH", "UA", "LT", "PH",
		"RO", "CA", "ID", "AU", "VN", "IR", "TR", "PK", "ZA", "MX", "AR", "CZ", "GR", "PT", "BE", "CH", "AT", "IE", "IS", "EE",
		"LV", "HU", "BG", "RS", "HR", "SK", "SI", "IL", "AE", "SG", "MY", "JP", "KR", "TW", "HK", "CL", "CO", "EG", "MA", "NG",
	}
	regionNames = [...][2]string{{"-", "-"}, {"Oslo County", "Oslo"}, {"Vestland", "Bergen"}, {"Rogaland", "Stavanger"}, {"Viken", "Drammen"}, {"Innlandet", "Hamar"}, {"-", "-"}, {"Nordland", "-"}}
	deviceNames = [...]string{"mobile", "desktop", "tablet"}

	byCountry = draw.Zipf(len(countryNames), 1.0)
	byNetwork = draw.Zipf(networksEach, 1.3)
	bySystem  = draw.Zipf(systemsEach, 1.2)
	byBrowser = draw.Zipf(browsersEach, 1.1)
	byDevice  = draw.Weights(0.653, 0.327, 0.020)
)

// place is where an attempt comes from.
type place struct {
	country, network uint8
	address          uint16 // below sharedEach it is shared by many
}

// client is what an attempt is made with.
type client struct{ device, system, browser, text uint8 }

func (p place) inNetwork(of place) bool { return p.country == of.country && p.network == of.network }

// placeIn draws a network of a country by its popularity, and an address in it.
func (d dice) placeIn(country int) place { return d.addressIn(country, d.pick(byNetwork)) }

func (d dice) addressIn(country, network int) place {
	p := place{country: uint8(country), network: uint8(network)}
	if d.with(0.10) {
		p.address = uint16(d.IntN(sharedEach))
	} else {
		p.address = uint16(sharedEach + d.IntN(addressesEach))
	}
	return p
}

func (d dice) client() client { return d.clientOn(d.pick(byDevice)) }

func (d dice) clientOn(device int) client { return d.clientWith(device, d.pick(bySystem)) }

func (d dice) clientWith(device, system int) client {
	return client{uint8(device), uint8(system), uint8(d.pick(byBrowser)), uint8(d.IntN(textsEach))}
}

// The artificial part of the data set: networks from 500000 on and addresses of
// 10.0.0.0/8. Here they are the first network of the first country and each
// eighth of all: about as much as there.
func (p place) artificial() bool { return p.country == 0 && p.network == 0 || p.order()%8 == 7 }

func (p place) order() int { return int(p.country)*networksEach + int(p.network) }

// asn is a number for each network, some of them artificial.
func (p place) asn() uint32 {
	if p.artificial() {
		return uint32(500_000 + p.order())
	}
	return uint32(1_000 + draw.Mix(uint64(p.order()))%400*1_000 + uint64(p.order())%1_000)
}

// appendAddress writes the IP address: every network has 65,536 of its own.
func (p place) appendAddress(b []byte) []byte {
	first, second := 0, 0
	if p.artificial() {
		first, second = 10, p.order()/8%256
		if p.country == 0 && p.network == 0 {
			second = 255
		}
	} else {
		first, second = 20+p.order()/256*7, p.order()%256
	}
	b = strconv.AppendInt(b, int64(first), 10)
	for _, n := range [...]int{second, int(p.address) / 256, int(p.address) % 256} {
		b = strconv.AppendInt(append(b, '.'), int64(n), 10)
	}
	return b
}

// listed tells whether the address is on the block list that the data set
// marks: it goes by address alone, so none carries both labels.
func (p place) listed() bool {
	return draw.Mix(uint64(p.order())<<16|uint64(p.address))%10_000 < listedHome*10_000
}

// region names a place within a country. The data set knows it for few.
func (p place) region() [2]string {
	if p.country != 0 {
		return regionNames[0]
	}
	return regionNames[draw.Mix(uint64(p.address))%uint64(len(regionNames))]
}

// names are the texts of a client as the data set would have them.
type names struct{ agent, browser, system string }

// catalogue has the names of all clients: family by rank, so that the families'
// shares come out as published.
type catalogue struct {
	systems  [3][systemsEach]string
	browsers [3][systemsEach][browsersEach]string
}

type family struct {
	name  string
	share float64
}

var (
	systemFamilies = [3][]family{
		{{"Android", 0.649}, {"iOS", 0.351}},
		{{"Windows", 0.792}, {"Mac OS X", 0.194}, {"Linux", 0.014}},
		{{"iOS", 0.5}, {"Android", 0.5}},
	}
	browserFamilies = map[string][]family{
		"Android":  {{"Chrome Mobile", 0.93}, {"Samsung Internet", 0.055}, {"Firefox Mobile", 0.015}},
		"iOS":      {{"Mobile Safari", 0.97}, {"Chrome Mobile iOS", 0.03}},
		"Windows":  {{"Chrome", 0.68}, {"Edge", 0.22}, {"Firefox", 0.07}, {"Opera", 0.03}},
		"Mac OS X": {{"Safari", 0.72}, {"Chrome", 0.20}, {"Firefox", 0.08}},
		"Linux":    {{"Chrome", 0.5}, {"Firefox", 0.5}},
	}
)

func newCatalogue() *catalogue {
	var c catalogue
	for device := range c.systems {
		of := deal(bySystem, systemFamilies[device])
		for system, f := range of {
			c.systems[device][system] = fmt.Sprintf("%s %d.%d.%d", f, 4+system%10, system/10, device)
			for browser, b := range deal(byBrowser, browserFamilies[f]) {
				c.browsers[device][system][browser] = fmt.Sprintf("%s %d.%d.%d", b, 60+browser, device, 1000+browser*97+system)
			}
		}
	}
	return &c
}

// deal gives each rank to the family that lacks most of its share so far.
func deal(rank draw.Shares, families []family) []string {
	has := make([]float64, len(families))
	out, sum := make([]string, len(rank)), 0.0
	for i := range rank {
		sum += rank.Of(i)
		least := 0
		for f := range families {
			if families[f].share*sum-has[f] > families[least].share*sum-has[least] {
				least = f
			}
		}
		has[least] += rank.Of(i)
		out[i] = families[least].name
	}
	return out
}

// of gives the texts of a client.
func (c *catalogue) of(k client) names {
	n := names{system: c.systems[k.device][k.system], browser: c.browsers[k.device][k.system][k.browser]}
	n.agent = fmt.Sprintf("Mozilla/5.0  (%s; %s) AppleWebKit/537.36 (KHTML, like Gecko %s Safari/537.36 variation/%d", deviceNames[k.device], n.system, n.browser, 1000*int(k.text)+int(k.browser))
	return n
}
