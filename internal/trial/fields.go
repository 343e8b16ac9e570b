package trial

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// fill makes a row of the fields of a line. The first that cannot be read breaks the row.
func (r *Reader) fill(row *Row) error {
	row.Index, row.RoundTrip, row.Region, row.City = r.field(colIndex), r.field(colRoundTrip), r.field(colRegion), r.field(colCity)
	row.User, row.Address, row.Country = r.field(colUser), r.field(colAddress), r.field(colCountry)
	row.Agent, row.Browser, row.System, row.Device = r.field(colAgent), r.field(colBrowser), r.field(colSystem), r.field(colDevice)
	if r.place[colIndex] < 0 {
		r.index = strconv.AppendInt(r.index[:0], r.number(), 10)
		row.Index = r.index
	}
	if len(row.User) == 0 {
		return r.broken(colUser, "is empty")
	}
	var ok bool
	if row.At, ok = parseTime(r.field(colAt)); !ok {
		return r.broken(colAt, "is no time like 2020-02-03 12:43:30.772")
	}
	if year := row.At.Year(); year < firstYear || year > lastYear {
		return r.broken(colAt, fmt.Sprintf("lies before %d or after %d", firstYear, lastYear))
	}
	if row.Network, ok = parseNetwork(r.field(colNetwork)); !ok {
		return r.broken(colNetwork, "is no number of a network")
	}
	if row.Success, ok = parseBool(r.field(colSuccess)); !ok || nothing(r.field(colSuccess)) {
		return r.broken(colSuccess, "is neither True nor False")
	}
	if row.Listed, ok = parseBool(r.field(colListed)); !ok {
		return r.broken(colListed, "is neither True nor False")
	}
	if row.Takeover, ok = parseBool(r.field(colTakeover)); !ok {
		return r.broken(colTakeover, "is neither True nor False")
	}
	return nil
}

func (r *Reader) field(column int) []byte {
	if p := r.place[column]; p >= 0 {
		return r.cut[p]
	}
	return nil
}

func (r *Reader) broken(column int, why string) error {
	text := r.field(column)
	return &Broken{r.Line(), columnNames[column], fmt.Sprintf("%.40q %s", text, why)}
}

// The years of a row. One that lies elsewhere would spoil when thresholds are set.
const (
	firstYear = 1971
	lastYear  = 2138
)

// parseTime reads 2020-02-03 12:43:30.772, with or without a fraction; other
// forms that files of others may have go the slower way. Bare numbers are seconds,
// milliseconds or microseconds since 1970, by their length.
func parseTime(b []byte) (time.Time, bool) {
	b = bytes.TrimSpace(b)
	if len(b) >= 19 && b[4] == '-' && b[7] == '-' && (b[10] == ' ' || b[10] == 'T') && b[13] == ':' && b[16] == ':' {
		year, month, day := digits(b[0:4]), digits(b[5:7]), digits(b[8:10])
		hour, minute, second := digits(b[11:13]), digits(b[14:16]), digits(b[17:19])
		nano, rest := fraction(b[19:])
		if min(year, month, day, hour, minute, second, nano) >= 0 && len(rest) == 0 &&
			month >= 1 && month <= 12 && day >= 1 && day <= 31 && hour <= 23 && minute <= 59 && second <= 59 {
			at := time.Date(year, time.Month(month), day, hour, minute, second, nano, time.UTC)
			return at, at.Day() == day // there is no 30th of February
		}
	}
	if n := digits(b); n >= 0 {
		switch len(b) {
		case 9, 10:
			return time.Unix(int64(n), 0).UTC(), true
		case 12, 13:
			return time.UnixMilli(int64(n)).UTC(), true
		case 15, 16:
			return time.UnixMicro(int64(n)).UTC(), true
		}
	}
	for _, form := range []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999 MST", "2006-01-02 15:04", "2006-01-02T15:04", "2006-01-02", "2006/01/02 15:04:05.999999999"} {
		if at, err := time.Parse(form, string(b)); err == nil {
			return at.UTC(), true
		}
	}
	return time.Time{}, false
}

// digits reads a number without a sign, -1 if it is none.
func digits(b []byte) int {
	n := 0
	for _, c := range b {
		if c < '0' || c > '9' {
			return -1
		}
		n = 10*n + int(c-'0')
	}
	return n
}

// fraction reads what follows the seconds as nanoseconds.
func fraction(b []byte) (nano int, rest []byte) {
	if len(b) < 2 || b[0] != '.' || len(b) > 10 {
		return 0, b
	}
	nano = digits(b[1:])
	for range 10 - len(b) {
		nano *= 10
	}
	return nano, nil
}

// parseNetwork reads 29695, AS29695, with a name behind it too, and what tables make
// of it, 29695.0. A dash, nothing, and what tables write for nothing are no network.
func parseNetwork(b []byte) (uint32, bool) {
	b = bytes.TrimSpace(b)
	if nothing(b) || string(b) == "-1" {
		return 0, true
	}
	b, _, _ = bytes.Cut(b, []byte(" "))
	b = bytes.TrimSuffix(bytes.TrimPrefix(bytes.TrimPrefix(b, []byte("AS")), []byte("as")), []byte(".0"))
	n := digits(b)
	return uint32(n), len(b) > 0 && n >= 0 && len(b) <= 10 && n <= 1<<32-1
}

// nothing tells whether a field says that nothing is known.
func nothing(b []byte) bool {
	switch strings.ToLower(string(b[:min(len(b), 8)])) {
	case "", "-", "nan", "none", "null", "n/a", "na", "<na>", "unknown":
		return true
	}
	return false
}

// parseBool reads True and False, in any case, and what tables make of them. Nothing is false.
func parseBool(b []byte) (value, ok bool) {
	switch string(b) { // as the data set has them
	case "True":
		return true, true
	case "False":
		return false, true
	}
	b = bytes.TrimSpace(b)
	if nothing(b) {
		return false, true
	}
	switch strings.ToLower(string(b[:min(len(b), 6)])) {
	case "true", "1", "1.0", "t", "yes", "y":
		return true, true
	case "false", "0", "0.0", "f", "no", "n":
		return false, true
	}
	return false, false
}
