package knowledge

import (
	"fmt"
	"net/netip"
	"strconv"
	"sync/atomic"

	"github.com/oschwald/maxminddb-golang/v2"
	"github.com/oschwald/maxminddb-golang/v2/mmdbdata"
)

// remembered is how many records of an .mmdb are kept decoded. Most holders
// come from few networks.
const remembered = 1 << 13

// mmdb is a table in an .mmdb. The file is read whole and not mapped: an
// operator who copies a new one over it would pull the pages from under us.
type mmdb[V any] struct {
	db     *maxminddb.Reader
	decode func(maxminddb.Result) (V, error)
	kept   [remembered]atomic.Pointer[record[V]]
}

type record[V any] struct {
	at uintptr // where in the file it stands
	v  V
}

// readMMDB opens a file. It is walked through once, so that a broken one is
// refused now and not when somebody signs in. (The library's own check also
// refuses files that lack a description.)
func readMMDB[V any](text []byte, decode func(maxminddb.Result) (V, error)) (*mmdb[V], error) {
	db, err := maxminddb.OpenBytes(text)
	if err != nil {
		return nil, err
	}
	read := map[uintptr]struct{}{}
	for r := range db.Networks() {
		if err := r.Err(); err != nil {
			return nil, err
		}
		if _, done := read[r.Offset()]; done {
			continue
		}
		if _, err := decode(r); err != nil {
			return nil, fmt.Errorf("the record of %s: %w", r.Prefix(), err)
		}
		read[r.Offset()] = struct{}{}
	}
	if len(read) == 0 {
		return nil, errEmpty
	}
	return &mmdb[V]{db: db, decode: decode}, nil
}

// find gives what is known of an address. A file of IPv4 knows nothing of IPv6;
// one of IPv6 may know of IPv4.
func (m *mmdb[V]) find(a netip.Addr) (v V, ok bool) {
	if a.Is6() && m.db.Metadata.IPVersion == 4 {
		return v, false
	}
	r := m.db.Lookup(a)
	if !r.Found() {
		return v, false
	}
	slot := &m.kept[(r.Offset()>>3^r.Offset()>>16)%remembered]
	if kept := slot.Load(); kept != nil && kept.at == r.Offset() {
		return kept.v, true
	}
	v, err := m.decode(r)
	if err != nil {
		return v, false // it could be read when the file was opened
	}
	slot.Store(&record[V]{r.Offset(), v})
	return v, true
}

// decodePlace reads MaxMind's nested records and the flat ones of others.
func decodePlace(r maxminddb.Result) (location, error) {
	var v struct {
		Country  words `maxminddb:"country"`
		City     words `maxminddb:"city"`
		Location struct {
			Lat    degree `maxminddb:"latitude"`
			Lon    degree `maxminddb:"longitude"`
			Radius degree `maxminddb:"accuracy_radius"`
		} `maxminddb:"location"`
		FlatCountry words  `maxminddb:"country_code"`
		FlatLat     degree `maxminddb:"latitude"`
		FlatLon     degree `maxminddb:"longitude"`
		ShortLat    degree `maxminddb:"lat"`
		ShortLon    degree `maxminddb:"lng"`
		Radius      degree `maxminddb:"accuracy_radius"`
	}
	if err := r.Decode(&v); err != nil {
		return location{}, err
	}
	at := location{city: name(string(v.City))}
	for _, text := range []words{v.FlatCountry, v.Country} { // beside a code, "country" is a word
		if code, ok := countryCode(string(text)); ok && code != "" {
			at.country = code
			break
		}
	}
	lat, lon := v.Location.Lat.or(v.FlatLat).or(v.ShortLat), v.Location.Lon.or(v.FlatLon).or(v.ShortLon)
	if lat.known && lon.known {
		at.at, _ = spot(lat.value, lon.value, v.Location.Radius.or(v.Radius).value, at.country)
	}
	return at, nil
}

// decodeNetwork reads the records of tables of autonomous systems.
func decodeNetwork(r maxminddb.Result) (Network, error) {
	var v struct {
		Number degree `maxminddb:"autonomous_system_number"`
		Name   words  `maxminddb:"autonomous_system_organization"`
		Traits struct {
			Number degree `maxminddb:"autonomous_system_number"`
			Name   words  `maxminddb:"autonomous_system_organization"`
		} `maxminddb:"traits"`
		Text words `maxminddb:"asn"` // "AS64500"
		As   words `maxminddb:"as_name"`
	}
	if err := r.Decode(&v); err != nil {
		return Network{}, err
	}
	number, _ := asNumber(string(v.Text))
	if n := v.Number.or(v.Traits.Number); n.known && n.value >= 0 && n.value < 1<<32 {
		number = uint32(n.value)
	}
	if number == 0 {
		return Network{}, nil
	}
	for _, text := range []words{v.Name, v.Traits.Name, v.As} {
		if text != "" {
			return Network{number, name(string(text))}, nil
		}
	}
	return Network{Number: number}, nil
}

// words is a text that some schemas have as it is, some as a map: a country by
// its iso_code, a city by its English name. A number is written in digits.
type words string

// UnmarshalMaxMindDBCursor reads any of the forms; another one is no text.
func (w *words) UnmarshalMaxMindDBCursor(c mmdbdata.Cursor) (next mmdbdata.Cursor, err error) {
	kind, err := c.Kind()
	if err != nil {
		return c, err
	}
	switch kind {
	case mmdbdata.KindString:
		var s string
		s, next, err = c.ReadString()
		*w = words(s)
		return next, err
	case mmdbdata.KindUint16, mmdbdata.KindUint32, mmdbdata.KindUint64:
		var n uint64
		n, next, err = c.ReadUint()
		*w = words(strconv.FormatUint(n, 10))
		return next, err
	case mmdbdata.KindMap:
		return w.inside(c, true)
	}
	return c.Skip()
}

// inside looks into a map for the text that stands for it. A code goes before a name.
func (w *words) inside(c mmdbdata.Cursor, outermost bool) (next mmdbdata.Cursor, err error) {
	m, err := c.Map()
	if err != nil {
		return c, err
	}
	for key, value, more := m.Next(next); more; key, value, more = m.Next(next) {
		kind, err := value.Kind()
		if err != nil {
			return next, err
		}
		code := string(key) == "iso_code"
		var found words
		switch {
		case kind == mmdbdata.KindString && (code || string(key) == "en"):
			var s string
			s, next, err = value.ReadString()
			found = words(s)
		case kind == mmdbdata.KindMap && outermost && string(key) == "names":
			next, err = found.inside(value, false)
		default:
			next, err = value.Skip()
		}
		if err != nil {
			return next, err
		}
		if code || *w == "" {
			*w = found
		}
	}
	return m.End()
}

// degree is a number that some schemas have as a float, some as a double, an
// integer or a text.
type degree struct {
	value float64
	known bool
}

func (d degree) or(other degree) degree {
	if d.known {
		return d
	}
	return other
}

// UnmarshalMaxMindDBCursor reads any of the forms; another one is no number.
func (d *degree) UnmarshalMaxMindDBCursor(c mmdbdata.Cursor) (next mmdbdata.Cursor, err error) {
	kind, err := c.Kind()
	if err != nil {
		return c, err
	}
	switch kind {
	case mmdbdata.KindFloat32, mmdbdata.KindFloat64:
		d.value, next, err = c.ReadFloat()
	case mmdbdata.KindUint16, mmdbdata.KindUint32, mmdbdata.KindUint64:
		var n uint64
		n, next, err = c.ReadUint()
		d.value = float64(n)
	case mmdbdata.KindString:
		var s string
		if s, next, err = c.ReadString(); err != nil {
			return next, err
		}
		value, bad := strconv.ParseFloat(s, 64)
		*d = degree{value, bad == nil}
		return next, nil
	default:
		return c.Skip()
	}
	d.known = err == nil
	return next, err
}
