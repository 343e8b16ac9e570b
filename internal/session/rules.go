package session

import (
	"net/netip"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"

	"github.com/mileusna/useragent"
)

// refusal says why a session may not act now; nil if it may. A limited session
// lives only while its account is held still or being restored, a full one only
// while it is not.
func (s Session) refusal(now time.Time) error {
	alive := s.EndedAt.IsZero() && now.Before(s.ExpiresAt) && now.Sub(s.SeenAt) < restsAtMost
	fits := s.State == account.Open || s.State == account.Guarded
	if s.Limited {
		fits = s.State == account.Frozen || s.State == account.Restoring
	}
	if !alive || !fits {
		return ErrOver
	}
	return nil
}

// dueForToken tells whether it should get a new token: somebody proved who he is
// since the present one was given, or does not know yet that there is a new one.
func (s Session) dueForToken() bool { return !s.Limited && (s.former || s.ProvedAt.After(s.TokenAt)) }

// changedHands tells whether a request comes from another client than the
// session's present segment. An address alone does not count: phones change
// theirs all day. Another device cookie does, and so does another browser.
func (s Session) changedHands(c access.Client) bool {
	return s.Device != c.Device || browser(s.UserAgent) != browser(c.UserAgent)
}

// Elsewhere tells whether a session is presented by another device than the one
// that it is bound to. A browser that keeps a key keeps its cookie with the session's, and both
// go at once: where one is without the other it was copied.
func (s Session) Elsewhere(device string) bool { return s.Bound && s.Device != device }

// browser is the name and system of a client, without the version, which changes by itself.
func browser(userAgent string) string {
	if userAgent == "" {
		return ""
	}
	ua := useragent.Parse(userAgent)
	return ua.Name + " on " + ua.OS
}

// NetworkOf is the network that an address belongs to: as many as one household
// or one machine at a provider has. What is no address is its own.
func NetworkOf(ip string) string {
	a, err := netip.ParseAddr(ip)
	if err != nil {
		return ip
	}
	bits := 64
	if a = a.Unmap(); a.Is4() {
		bits = 24
	}
	p, err := a.WithZone("").Prefix(bits)
	if err != nil {
		return ip
	}
	return p.String()
}

// Describe names a client for people: "Firefox, Linux".
func Describe(userAgent string) string {
	ua := useragent.Parse(userAgent)
	switch {
	case ua.Name == "" && ua.OS == "":
		return "?"
	case ua.OS == "":
		return ua.Name
	}
	return ua.Name + ", " + ua.OS
}
