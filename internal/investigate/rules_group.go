package investigate

import (
	"net/netip"
	"strings"
	"time"

	"takeback/internal/access"
	"takeback/internal/history"
)

// Group points at several sessions at once: all that a device was used in, or
// all that were used in a stretch of time, from a network, or both. It stands for
// the marks that it comes to when it is said; what happens later is not meant.
type Group struct {
	Device  string
	From    time.Time // zero: from the beginning
	Till    time.Time // included; zero: until now
	Network string    // an address or a prefix; empty: any
}

// marks gives what a mark like this one about a group comes to. A session that belongs to it
// only from some change on is the intruder's from there on, since a session can
// change hands; and it is the holder's only if nobody else was in it.
func (g Group) marks(h []history.Change, like Mark) (all []Mark, err error) {
	verdict := like.Verdict
	within, err := g.test()
	if err != nil {
		return nil, err
	}
	type part struct {
		first  int64 // the first change of it that belongs to the group
		begins bool  // the session belongs to it from its own first change on
		all    bool
	}
	parts, order := map[string]*part{}, []string{}
	for i := range h {
		c := &h[i]
		if c.Role != access.Holder {
			continue
		}
		in := within(c)
		if c.Session == "" {
			if in && actOf(c.Verb).changesFacts() {
				all = append(all, Mark{Verdict: verdict, Change: c.Seq, Percent: like.Percent, Reason: like.Reason})
			}
			continue
		}
		p := parts[c.Session]
		if p == nil {
			p = &part{begins: in, all: true}
			parts[c.Session] = p
			order = append(order, c.Session)
		}
		p.all = p.all && in
		if in && p.first == 0 {
			p.first = c.Seq
		}
	}
	for _, s := range order {
		p, m := parts[s], Mark{Verdict: verdict, Session: s, Percent: like.Percent, Reason: like.Reason}
		if p.first == 0 || verdict == Holder && !p.all {
			continue
		}
		if verdict == Intruder && !p.begins {
			m.From = p.first
		}
		all = append(all, m)
	}
	return all, nil
}

// test gives the test that a change belongs to the group. A group that names
// nothing would be everybody, and is refused.
func (g Group) test() (func(*history.Change) bool, error) {
	if g == (Group{}) || !g.Till.IsZero() && g.Till.Before(g.From) {
		return nil, ErrGroup
	}
	network, err := prefix(g.Network)
	if err != nil {
		return nil, ErrGroup
	}
	return func(c *history.Change) bool {
		if g.Device != "" && c.Client.Device != g.Device || c.At.Before(g.From) || !g.Till.IsZero() && c.At.After(g.Till) {
			return false
		}
		if !network.IsValid() {
			return true
		}
		ip, err := netip.ParseAddr(c.Client.IP)
		return err == nil && network.Contains(ip.Unmap())
	}, nil
}

// prefix reads a network; an address is a network of one.
func prefix(s string) (netip.Prefix, error) {
	if s == "" {
		return netip.Prefix{}, nil
	}
	if strings.Contains(s, "/") {
		p, err := netip.ParsePrefix(s)
		return p.Masked(), err
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Prefix{}, err
	}
	a = a.Unmap()
	return a.Prefix(a.BitLen())
}
