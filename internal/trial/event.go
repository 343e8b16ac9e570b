package trial

import (
	"net/netip"
	"strings"

	"takeback/internal/risk"
)

// addressOf reads an address, in brackets or with a port if need be. What is none is unknown.
func addressOf(s string) netip.Addr {
	a, err := netip.ParseAddr(s)
	if err != nil {
		s = strings.TrimSpace(s)
		with, e := netip.ParseAddrPort(s)
		if a = with.Addr(); e != nil {
			a, _ = netip.ParseAddr(strings.Trim(s, "[]"))
		}
	}
	return a.Unmap().WithZone("")
}

// Event is the row as the scorers know it. The data set knows no device token,
// and its mark of listed addresses stays out: it is a label and no observation.
func (r *Row) Event() risk.Event {
	// One text for all fields: they are kept together or not at all.
	n := 0
	fields := [...][]byte{r.User, r.Country, r.Agent, r.Browser, r.System, r.Device}
	for _, f := range fields {
		n += len(f)
	}
	b := make([]byte, 0, n)
	for _, f := range fields {
		b = append(b, f...)
	}
	text, at := string(b), 0
	next := func(f []byte) string {
		at += len(f)
		return text[at-len(f) : at]
	}
	address := addressOf(string(r.Address))
	e := risk.Event{Kind: risk.SignedIn, At: r.At.UnixMicro()}
	if !r.Success {
		e.Kind = risk.SignInFailed
	}
	if r.Nobody() {
		e.Marks = risk.NameUnknown
	}
	e.Account = next(r.User)
	e.Place = risk.Place{Address: address, Network: r.Network, Country: next(r.Country)}
	e.Client = risk.Client{Agent: next(r.Agent), Browser: next(r.Browser), OS: next(r.System), Type: next(r.Device)}
	return e
}
