// Package knowledge is what an address, a network and a mail domain are known
// for, from files that the operator keeps on this machine: country, place and
// network of an address, lists of Tor, VPNs, hosting, relays, mobile
// carriers, domains of throw-away mailboxes.
//
// It owns reading those files (MaxMind's .mmdb, CSV and plain lists), looking
// things up in them within a microsecond, and taking up a new version of a file
// while the program runs. It ships none and asks nobody outside. What no file
// says is Unknown, never a reason for suspicion. It judges nothing: a listed
// address is a fact about the address, and what it weighs is decided above.
package knowledge
