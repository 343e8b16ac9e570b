package access

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestTheAddressOfAClientIsNotWhatItSaysItself(t *testing.T) {
	t.Parallel()
	proxies, err := ParseProxies([]string{"10.0.0.0/8", "2001:db8:f::/48", "192.0.2.1"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, peer string
		forwarded  []string
		want       string
	}{
		{"nobody forwards", "198.51.100.7:1", nil, "198.51.100.7"},
		{"no proxy trusted there", "198.51.100.7:1", []string{"203.0.113.9"}, "198.51.100.7"},
		{"a stranger claims to be a proxy's client's proxy", "198.51.100.7:1", []string{"203.0.113.9, 10.0.0.1"}, "198.51.100.7"},
		{"a trusted proxy is believed", "10.0.0.1:1", []string{"203.0.113.9"}, "203.0.113.9"},
		{"a single address is trusted", "192.0.2.1:1", []string{"203.0.113.9"}, "203.0.113.9"},
		{"its neighbour is not", "192.0.2.2:1", []string{"203.0.113.9"}, "192.0.2.2"},
		{"two proxies of ours", "10.0.0.1:1", []string{"203.0.113.9, 10.0.0.2"}, "203.0.113.9"},
		{"what the client wrote is left of what the proxy saw", "10.0.0.1:1", []string{"1.2.3.4, 203.0.113.9"}, "203.0.113.9"},
		{"also when he wrote our own network", "10.0.0.1:1", []string{"1.2.3.4, 10.9.9.9, 203.0.113.9, 10.0.0.2"}, "203.0.113.9"},
		{"also in a header of his own", "10.0.0.1:1", []string{"1.2.3.4", "203.0.113.9"}, "203.0.113.9"},
		{"nonsense is not an address", "10.0.0.1:1", []string{"1.2.3.4, nonsense"}, "10.0.0.1"},
		{"a proxy that says no address", "10.0.0.1:1", []string{""}, "10.0.0.1"},
		{"a comma and nothing", "10.0.0.1:1", []string{"203.0.113.9, "}, "10.0.0.1"},
		{"with a port", "10.0.0.1:1", []string{"203.0.113.9:4711"}, "203.0.113.9"},
		{"IPv6", "[2001:db8:f::1]:443", []string{"2001:db8:1::9"}, "2001:db8:1::9"},
		{"IPv6 with a port", "[2001:db8:f::1]:443", []string{"[2001:db8:1::9]:4711"}, "2001:db8:1::9"},
		{"IPv4 written as IPv6 by the peer", "[::ffff:10.0.0.1]:1", []string{"203.0.113.9"}, "203.0.113.9"},
		{"IPv4 written as IPv6 by the proxy", "10.0.0.1:1", []string{"::ffff:203.0.113.9"}, "203.0.113.9"},
		{"everybody is a proxy of ours", "10.0.0.1:1", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		{"a peer that is no address", "@", []string{"203.0.113.9"}, "@"},
	} {
		if got := proxies.Client(c.peer, c.forwarded); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestNoHeaderMovesAClientBehindAProxy(t *testing.T) {
	t.Parallel()
	proxies, err := ParseProxies([]string{"10.0.0.0/8"})
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		hops := rapid.SliceOf(rapid.OneOf(rapid.SampledFrom([]string{"10.0.0.9", "127.0.0.1", "1.2.3.4", "::1", ""}), rapid.String())).Draw(t, "hops")
		header := strings.Join(hops, ",")
		if got := proxies.Client("198.51.100.7:1", []string{header}); got != "198.51.100.7" {
			t.Fatalf("without a proxy: %q", got)
		}
		if got := proxies.Client("10.0.0.1:1", []string{header + ", 198.51.100.7"}); got != "198.51.100.7" {
			t.Fatalf("behind a proxy: %q", got)
		}
	})
}

func TestProxiesAreNetworksOrAddresses(t *testing.T) {
	t.Parallel()
	for _, wrong := range []string{"", "proxy.example", "10.0.0.0/33", "10.0.0", "10.0.0.1:80"} {
		if _, err := ParseProxies([]string{"10.0.0.1", wrong}); err == nil || !strings.Contains(err.Error(), "\""+wrong+"\"") {
			t.Errorf("%q: %v", wrong, err)
		}
	}
	got, err := ParseProxies([]string{"10.1.2.3/8", "::1"})
	if want := []string{"10.0.0.0/8", "::1/128"}; err != nil || !slices.Equal(strs(got), want) {
		t.Errorf("%v %v, want %v", got, err, want)
	}
}

func strs(p Proxies) (all []string) {
	for _, network := range p {
		all = append(all, network.String())
	}
	return all
}
