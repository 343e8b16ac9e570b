package knowledge

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"strings"
)

// location is what a table of places says of an address.
type location struct {
	country, city string
	at            Spot
}

// column is a thing that a line of a CSV can say.
type column int

const (
	colNetwork column = iota
	colFrom
	colTo
	colCountry
	colCity
	colLat
	colLon
	colRadius
	colNumber
	colName
	columns
)

// headers are the names that files in the field give their columns.
var headers = map[string]column{
	"network": colNetwork, "cidr": colNetwork, "prefix": colNetwork,
	"from": colFrom, "start": colFrom, "start_ip": colFrom, "ip_range_start": colFrom,
	"to": colTo, "end": colTo, "end_ip": colTo, "ip_range_end": colTo,
	"country": colCountry, "country_code": colCountry, "country_iso_code": colCountry,
	"city": colCity, "latitude": colLat, "lat": colLat, "longitude": colLon, "lon": colLon, "lng": colLon,
	"radius": colRadius, "accuracy_radius": colRadius,
	"asn": colNumber, "number": colNumber, "as_number": colNumber, "autonomous_system_number": colNumber,
	"name": colName, "as_name": colName, "as_organization": colName, "autonomous_system_organization": colName,
}

// layout says in which field, counted from 1, a line says something; 0 is nowhere.
type layout [columns]int

func (l *layout) of(fields []string, c column) string {
	if i := l[c]; i > 0 && i <= len(fields) {
		return fields[i-1]
	}
	return ""
}

// headed reads a line with the names of the columns. Of two names for one
// thing the longer one is meant: "country" beside "country_code" is a word.
func headed(fields []string) (l layout, err error) {
	for i, h := range fields {
		if c, known := headers[strings.ToLower(h)]; known && (l[c] == 0 || strings.Contains(h, "_")) {
			l[c] = i + 1
		}
	}
	if l[colNetwork] == 0 && (l[colFrom] == 0 || l[colTo] == 0) {
		return l, errors.New("it neither begins with an address or a network nor names a column network, or from and to")
	}
	return l, nil
}

// unheaded guesses the layout of a file without names from its first line: one
// network or two addresses, and what stands behind them.
func unheaded(fields []string, networks bool) (l layout, ok bool) {
	behind := 1
	if _, _, err := span(fields[0]); err != nil {
		return l, false
	}
	if l[colNetwork] = 1; len(fields) > 1 {
		if _, err := address(fields[1]); err == nil {
			l[colNetwork], l[colFrom], l[colTo], behind = 0, 1, 2, 2
		}
	}
	put := func(all ...column) {
		for i, c := range all {
			if c != columns {
				l[c] = behind + i + 1
			}
		}
	}
	const other = columns
	switch n := len(fields) - behind; {
	case networks && n == 3:
		put(colNumber, colCountry, colName) // as iptoasn has it
	case networks:
		put(colNumber, colName)
	case n == 4 || n == 5:
		put(colCountry, colCity, colLat, colLon, colRadius)
	case n == 8:
		put(colCountry, other, other, colCity, other, colLat, colLon) // as ip-location-db has it
	default:
		put(colCountry)
	}
	return l, true
}

// eachRow reads a CSV whose lines are about ranges of addresses, and gives
// those that say something.
func eachRow(r io.Reader, networks bool, fn func(l *layout, fields []string, from, to netip.Addr, line int) error) error {
	var l layout
	var fields []string
	var separator byte
	return eachLine(r, func(line int, text string) (err error) {
		first := separator == 0
		if first {
			separator = separatorOf(text)
		}
		if fields, err = cut(text, separator, fields[:0]); err != nil {
			return err
		}
		if first {
			var plain bool
			if l, plain = unheaded(fields, networks); !plain {
				l, err = headed(fields)
				return err
			}
		}
		from, to, err := l.span(fields)
		if err != nil {
			return err
		}
		return fn(&l, fields, from, to, line)
	})
}

// separatorOf tells what stands between the fields of a line.
func separatorOf(line string) byte {
	switch {
	case strings.IndexByte(line, '\t') >= 0:
		return '\t'
	case strings.IndexByte(line, ',') < 0 && strings.IndexByte(line, ';') >= 0:
		return ';'
	}
	return ','
}

// span reads the range of a line.
func (l *layout) span(fields []string) (from, to netip.Addr, err error) {
	if text := l.of(fields, colNetwork); text != "" {
		return span(text)
	}
	if from, err = address(l.of(fields, colFrom)); err != nil {
		return from, to, err
	}
	if to, err = address(l.of(fields, colTo)); err != nil {
		return from, to, err
	}
	if from.Is4() != to.Is4() {
		return from, to, errors.New("the range begins with IPv4 and ends with IPv6, or the other way round")
	}
	if to.Less(from) {
		return from, to, errors.New("the first address of the range comes after the last")
	}
	return from, to, nil
}

func address(text string) (netip.Addr, error) {
	a, err := netip.ParseAddr(text)
	if err != nil || a.Zone() != "" {
		return a, fmt.Errorf("%q is no address", short(text))
	}
	return a.Unmap(), nil
}

// span reads an address or a network.
func span(text string) (from, to netip.Addr, err error) {
	p, err := netip.ParsePrefix(text)
	if err != nil {
		if from, err = address(text); err != nil {
			return from, to, fmt.Errorf("%q is neither an address nor a network", short(text))
		}
		return from, from, nil
	}
	if a := p.Addr(); a.Is4In6() {
		if p.Bits() < 96 {
			return from, to, fmt.Errorf("%q is neither a network of IPv4 nor one of IPv6", short(text))
		}
		p = netip.PrefixFrom(a.Unmap(), p.Bits()-96)
	}
	p = p.Masked()
	return p.Addr(), last(p), nil
}

// last gives the last address of a network.
func last(p netip.Prefix) netip.Addr {
	if p.Addr().Is4() {
		b := p.Addr().As4()
		setBits(b[:], p.Bits())
		return netip.AddrFrom4(b)
	}
	b := p.Addr().As16()
	setBits(b[:], p.Bits())
	return netip.AddrFrom16(b)
}

func setBits(b []byte, from int) {
	for i := from; i < 8*len(b); i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
}

// readPlaces reads a table of countries, or of countries and cities.
func readPlaces(r io.Reader) (*ranges[location], error) {
	var all gathering[location]
	names := map[string]string{} // one copy of each city
	err := eachRow(r, false, func(l *layout, fields []string, from, to netip.Addr, line int) error {
		at, err := l.place(fields, names)
		if err == nil && at != (location{}) {
			all.add(from, to, line, at)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return all.ranges()
}

func (l *layout) place(fields []string, names map[string]string) (at location, err error) {
	var ok bool
	if at.country, ok = countryCode(l.of(fields, colCountry)); !ok {
		return at, fmt.Errorf("%q is no country: two letters are wanted, such as JP", short(l.of(fields, colCountry)))
	}
	at.country, at.city = one(names, at.country), one(names, name(l.of(fields, colCity)))
	var deg [3]float64
	for i, c := range []column{colLat, colLon, colRadius} {
		text := l.of(fields, c)
		if text == "" {
			continue
		}
		if deg[i], err = strconv.ParseFloat(text, 64); err != nil {
			return at, fmt.Errorf("%q is no number", short(text))
		}
	}
	if at.at, ok = spot(deg[0], deg[1], deg[2], at.country); !ok {
		return at, fmt.Errorf("there is no place at latitude %s, longitude %s, give or take %q km",
			l.of(fields, colLat), l.of(fields, colLon), l.of(fields, colRadius))
	}
	if l.of(fields, colLat) == "" || l.of(fields, colLon) == "" {
		at.at = Spot{}
	}
	return at, nil
}

// one gives the same string for equal ones, without the line it was cut from.
func one(names map[string]string, s string) string {
	if kept, known := names[s]; known {
		return kept
	}
	s = strings.Clone(s)
	names[s] = s
	return s
}

// readNetworks reads a table of autonomous systems.
func readNetworks(r io.Reader) (*ranges[Network], error) {
	var all gathering[Network]
	names := map[string]string{}
	err := eachRow(r, true, func(l *layout, fields []string, from, to netip.Addr, line int) error {
		text := l.of(fields, colNumber)
		number, ok := asNumber(text)
		if !ok {
			return fmt.Errorf("%q is no number of a network", short(text))
		}
		if number != 0 { // 0 is how files write that nobody routes it
			all.add(from, to, line, Network{number, one(names, name(l.of(fields, colName)))})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return all.ranges()
}

// asNumber reads 64500 or AS64500.
func asNumber(s string) (uint32, bool) {
	if len(s) > 2 && strings.EqualFold(s[:2], "AS") {
		s = s[2:]
	}
	n, err := strconv.ParseUint(s, 10, 32)
	return uint32(n), err == nil
}

// short cuts what a message repeats of a file.
func short(s string) string {
	const most = 40
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}
