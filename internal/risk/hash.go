package risk

import (
	"encoding/binary"
	"math/bits"
	"net/netip"
)

// Values are kept as hashes and not as texts: it is what a kilobyte per account
// and a flat table of counters have room for. The same value has the same hash
// after a restart, and a seed that nobody outside knows keeps strangers from
// making values that push those of others out.

const (
	mixA = 0x9e3779b97f4a7c15
	mixB = 0xd6e8feb86659fd93
)

// mix joins two numbers into one that depends on every bit of both.
func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a^mixA, b^mixB)
	return hi ^ lo
}

// hash gives a number for a text, and 0 for the empty one alone: what is not
// known equals nothing.
func hash(seed uint64, s string) uint64 {
	if s == "" {
		return 0
	}
	h := mix(seed, uint64(len(s)))
	for len(s) >= 8 {
		h = mix(h, uint64(s[0])|uint64(s[1])<<8|uint64(s[2])<<16|uint64(s[3])<<24|uint64(s[4])<<32|uint64(s[5])<<40|uint64(s[6])<<48|uint64(s[7])<<56)
		s = s[8:]
	}
	var rest uint64
	for i := range len(s) {
		rest = rest<<8 | uint64(s[i])
	}
	return max(mix(h, rest), 1)
}

// hashNumber is hash for a number; 0 is not known.
func hashNumber(seed uint64, n uint32) uint64 {
	if n == 0 {
		return 0
	}
	return max(mix(mix(seed, 0x5e), uint64(n)), 1)
}

// hashAddress gives a number for an address and for the block around it: /24 of
// version 4, /48 of version 6, which is what one customer gets.
func hashAddress(seed uint64, a netip.Addr) (whole, block uint64) {
	if !a.IsValid() {
		return 0, 0
	}
	b := a.As16()
	keep := 6
	if a.Is4() || a.Is4In6() {
		keep = 15
	}
	high, low := binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])
	whole = max(mix(mix(seed, high), low), 1)
	for i := keep; i < 16; i++ {
		b[i] = 0
	}
	high, low = binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])
	return whole, max(mix(mix(seed^1, high), low), 1)
}

// values are the hashes of all that counts in an event, made once per decision
// with the seed of the counters. Profiles keep shorter ones that are salted with
// the account, see short.
type values struct {
	account                    uint64
	address, block             uint64
	network, country           uint64
	agent, browser, os, device uint64 // device is the type of device
	shown, given               uint64 // tokens
	session, target            uint64
}

// valuesOf hashes an event.
func valuesOf(seed uint64, e *Event) (v values) {
	v.account = hash(seed, e.Account)
	v.address, v.block = hashAddress(seed, e.Place.Address)
	v.network = hashNumber(seed, e.Place.Network)
	v.country = hash(seed, e.Place.Country)
	v.agent = hash(seed, e.Client.Agent)
	v.browser = hash(seed, e.Client.Browser)
	v.os = hash(seed, e.Client.OS)
	v.device = hash(seed, e.Client.Type)
	v.shown = hash(seed, e.Device.Token)
	v.given = hash(seed, e.Device.Given)
	v.session = hash(seed, e.Session)
	v.target = hash(seed, e.Target)
	return v
}

// short gives 16 bits of a value, salted with the account: two values that
// collide in one account do not in the next, so nobody can look for a pair.
func (v *values) short(value uint64) uint16 {
	if value == 0 {
		return 0
	}
	return max(uint16(mix(v.account, value)), 1)
}

// long gives 32 bits.
func (v *values) long(value uint64) uint32 {
	if value == 0 {
		return 0
	}
	return max(uint32(mix(v.account, value)), 1)
}
