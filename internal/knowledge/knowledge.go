package knowledge

import (
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"takeback/internal/mail"
)

// Sources are the files to know from; each may be absent. Of several tables the
// first that has an address answers, so a pair for IPv4 and IPv6 is two of them.
// A list is as long as its files together.
type Sources struct {
	Places   []string // countries and cities: .mmdb or .csv
	Networks []string // autonomous systems: .mmdb or .csv

	Lists [Signs][]string // addresses, networks, or numbers of networks

	Disposable []string // domains of throw-away mailboxes
}

// Knowledge looks things up. A nil Knowledge knows nothing, and says so.
type Knowledge struct {
	log    *slog.Logger
	tables atomic.Pointer[tables]

	mu    sync.Mutex // of what follows: one look at the files at a time
	files []*file
}

// table is what places and networks are looked up in.
type table[V any] interface {
	find(netip.Addr) (V, bool)
}

// tables are what was read, and are never changed: new ones take their place.
type tables struct {
	places   []table[location]
	networks []table[Network]
	signs    [Signs][]*list
	domains  []domains
}

// Open reads all files. The error is a *Trouble that says which file is wrong and where.
func Open(s Sources, log *slog.Logger) (*Knowledge, error) {
	k := &Knowledge{log: log}
	for _, group := range s.keyed() {
		for _, path := range group.paths {
			f := &file{key: group.key, path: path}
			if err := f.read(); err != nil {
				return nil, &Trouble{f.key, f.path, err}
			}
			k.files = append(k.files, f)
		}
	}
	k.tables.Store(gather(k.files))
	return k, nil
}

// Of tells what is known of an address. It allocates nothing for what was asked
// before, and takes no lock.
func (k *Knowledge) Of(a netip.Addr) (p Place) {
	if k == nil || !a.IsValid() {
		return p
	}
	a = a.Unmap().WithZone("")
	t := k.tables.Load()
	at, _ := first(t.places, a)
	p.Country, p.City, p.At = at.country, at.city, at.at
	p.Network, _ = first(t.networks, a)
	for s, lists := range t.signs {
		for _, l := range lists {
			p.Signs[s] = p.Signs[s].or(l.says(a, p.Network.Number))
		}
	}
	return p
}

func first[V any](all []table[V], a netip.Addr) (v V, ok bool) {
	for _, t := range all {
		if v, ok = t.find(a); ok {
			return v, true
		}
	}
	return v, false
}

// Disposable tells whether anybody can have a mailbox at the address's domain
// for ten minutes.
func (k *Knowledge) Disposable(a mail.Address) Answer {
	if k == nil || a.IsZero() {
		return Unknown
	}
	answer := Unknown
	for _, d := range k.tables.Load().domains {
		answer = max(answer, No)
		if d.has(domainOf(a)) {
			return Yes
		}
	}
	return answer
}

// A Source is a file as it stands.
type Source struct {
	Key     string // its key in the configuration
	Path    string
	Changed time.Time // of the version in use
	Trouble string    // why a newer version is not in use; empty if all is well
}

// Sources tells of every file, for operators.
func (k *Knowledge) Sources() (all []Source) {
	if k == nil {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, f := range k.files {
		s := Source{Key: f.key, Path: f.path, Changed: f.inUse.changed}
		if f.trouble != nil {
			s.Trouble = f.trouble.Error()
		}
		all = append(all, s)
	}
	return all
}
