package access

import (
	"net/netip"
	"strings"
)

// Role is what an actor acts as.
type Role string

// The roles.
const (
	Nobody       Role = ""             // not signed in
	Holder       Role = "holder"       // signed in to an account; whether truly the holder is what the story is about
	Agent        Role = "agent"        // answers the holders
	Investigator Role = "investigator" // marks sessions and makes plans
	Supervisor   Role = "supervisor"   // approves, appoints staff, reads the audit
	Service      Role = "service"      // the protected service, by API key
	System       Role = "system"       // a job of ours
	Connector    Role = "connector"    // another system that holds facts
)

// Staff tells whether the role is one of the desk's people.
func (r Role) Staff() bool { return r == Agent || r == Investigator || r == Supervisor }

// Actor is who acts, and from where. The zero Actor is a stranger.
type Actor struct {
	Role    Role
	ID      string // account of a holder, id of staff, name of a key, kind of a job
	Name    string // what people call the actor; staff only
	Account string // the account acted on by a holder's session; empty for staff
	Session string // id of the session (never its token)
	Segment int    // stretch of the session, from 1
	Epoch   int64  // the epoch the authority was given in; 0 for staff and system
	Limited bool   // a holder whose account is held still: may answer questions and confirm contacts, nothing else
	Case    string // the case inside which staff act
	Grant   string // path of the grant in the account by which somebody else acts for its holder; empty if nobody does
	Client  Client
}

// Client is where a request came from. Nothing in it is evidence of the holder:
// an intruder can choose all of it, so it clears nobody.
type Client struct {
	Request   string // id of the HTTP request
	IP        string // address of the peer, or what a trusted proxy says
	UserAgent string
	Device    string // id of the device cookie; empty if the client had none
	Language  string // "ja" or "en", as the client prefers

	Proof DeviceProof `json:"-"` // of the key that the device keeps; of this request alone
}

// mostAgent is how much of a user agent is kept, in bytes.
const mostAgent = 400

// UserAgent is what a client says it is, as it can be kept. Anybody writes what he likes into that
// header: bytes that are no text, which a database refuses, are left out.
func UserAgent(header string) string {
	header = header[:min(len(header), mostAgent)]
	return strings.ReplaceAll(strings.ToValidUTF8(header, ""), "\x00", "")
}

// DeviceProof is the key that a browser answered a challenge with. The zero one proves nothing.
type DeviceProof struct {
	Key       string // the public key
	Challenge string // that was answered
	Spent     bool   // that it counts once was seen to before, in an earlier step of the same sign-in
}

// Net is the client's address as counters of tries take it. An IPv6 address is
// cut to its network: whoever has one has 2^64 of them, and would be a new client with each.
func (c Client) Net() string {
	a, err := netip.ParseAddr(c.IP)
	if err != nil || a.Unmap().Is4() {
		return c.IP
	}
	network, err := a.WithZone("").Prefix(64)
	if err != nil {
		return c.IP
	}
	return network.String()
}

// Provider is as much of the net as one customer of a provider is given: 256
// addresses, or all the networks of a customer with version 6. Who owns it goes
// through every Net in it.
func (c Client) Provider() string {
	a, err := netip.ParseAddr(c.IP)
	if err != nil {
		return strings.ToValidUTF8(c.IP, "")
	}
	bits := 48
	if a = a.Unmap(); a.Is4() {
		bits = 24
	}
	network, err := a.WithZone("").Prefix(bits)
	if err != nil {
		return c.IP
	}
	return network.String()
}

// Do makes an actor for work that the program does by itself.
func Do(job string) Actor { return Actor{Role: System, ID: job} }
