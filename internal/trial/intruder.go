package trial

import "math"

// attack draws takeovers between two sign-ins of the holder, some of each kind.
// The account's history is the same for all of them, and none of them enters it.
func (l *life) attack(after, before int64, depth int, share float64) {
	for k := naive; k <= stolen; k++ {
		if !l.with(share) || before-after < 2 {
			continue
		}
		a := attempt{at: after + 1 + l.Int64N(before-after-1), user: l.user, depth: uint16(min(depth, math.MaxUint16)), kind: k}
		// More than half of the takeovers of the data set come from listed addresses.
		listed := l.with(listedTakeover)
		a.place, a.client = l.intrude(k)
		for a.place.listed() != listed {
			a.place, _ = l.intrude(k)
		}
		if k != stolen {
			l.guess(a)
		}
		l.emit(a)
	}
}

// intrude draws where an intruder comes from and with what.
func (l *life) intrude(k kind) (place, client) {
	switch k {
	case naive:
		return l.placeIn(l.IntN(len(countryNames))), l.client()
	case vpn:
		return l.addressIn(l.country, leastPopular+l.IntN(networksEach-leastPopular)), l.client()
	case resproxy, stolen:
		return l.placeIn(l.country), l.client()
	case targeted:
		c := l.clientWith(int(l.recent.device), int(l.recent.system))
		if l.with(0.5) {
			isp := l.usual()
			return l.addressIn(int(isp.country), int(isp.network)), c
		}
		return l.placeIn(l.country), c
	}
	isp := l.usual()
	return l.addressIn(int(isp.country), int(isp.network)), l.recent
}

// guess emits what an intruder tried before: less than holders mistype.
func (l *life) guess(a attempt) {
	for n := 1; n < 20 && l.with(0.155); n++ {
		f := a
		f.failed, f.at = true, a.at-int64(n)*(3_000+l.Int64N(60_000))
		l.emit(f)
	}
}
