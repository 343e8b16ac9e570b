package access

import (
	"fmt"
	"net/netip"
	"strings"
)

// Proxies are the networks of the machines that stand in front of us. What
// they say of a client is believed, and what anybody else says of himself is not.
type Proxies []netip.Prefix

// ParseProxies reads networks ("10.0.0.0/8") and single addresses.
func ParseProxies(texts []string) (Proxies, error) {
	var all Proxies
	for _, text := range texts {
		p, err := netip.ParsePrefix(text)
		if a, errAddr := netip.ParseAddr(text); errAddr == nil {
			p, err = netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()), nil
		}
		if err != nil {
			return nil, fmt.Errorf("proxies: %q is neither a network nor an address: write 10.0.0.0/8 or 10.0.0.1", text)
		}
		all = append(all, p.Masked())
	}
	return all, nil
}

// Client gives the address of whoever asks: the peer of the connection
// (host:port), or the last hop of X-Forwarded-For that no proxy of ours is. Hops
// are read from the right, where our own proxy wrote; what stands left of an
// untrusted hop was written by the client, who writes there what he likes.
func (p Proxies) Client(peer string, forwarded []string) string {
	a, err := parseHop(peer)
	if err != nil {
		return peer
	}
	left := strings.Join(forwarded, ",")
	for left != "" && p.trust(a) {
		i := strings.LastIndexByte(left, ',')
		hop, err := parseHop(strings.TrimSpace(left[i+1:]))
		if err != nil {
			break // the proxy nearest to it is all that is sure
		}
		a, left = hop, left[:max(i, 0)]
	}
	return a.String()
}

func (p Proxies) trust(a netip.Addr) bool {
	for _, network := range p {
		if network.Contains(a) {
			return true
		}
	}
	return false
}

// parseHop reads an address; some proxies write the client's port behind it.
func parseHop(s string) (netip.Addr, error) {
	if both, err := netip.ParseAddrPort(s); err == nil {
		return both.Addr().Unmap(), nil
	}
	a, err := netip.ParseAddr(s)
	return a.Unmap(), err
}
