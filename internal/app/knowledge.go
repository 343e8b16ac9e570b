package app

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"

	"gopkg.in/yaml.v3"

	"takeback/internal/breach"
	"takeback/internal/knowledge"
)

// KnowledgeFile is the part of the configuration that names files of local
// knowledge. Each key takes one file or a list of them.
type KnowledgeFile struct {
	Places        Paths `yaml:"places"`   // countries and cities: .mmdb or .csv
	Networks      Paths `yaml:"networks"` // autonomous systems: .mmdb or .csv
	Tor           Paths `yaml:"tor"`      // the lists: an address, a network or a number of a network a line
	VPN           Paths `yaml:"vpn"`
	Hosting       Paths `yaml:"hosting"`
	Relay         Paths `yaml:"relay"`
	Residential   Paths `yaml:"residential"`
	BadNetworks   Paths `yaml:"bad_networks"`
	BadReputation Paths `yaml:"bad_reputation"`
	Denied        Paths `yaml:"denied"`
	Mobile        Paths `yaml:"mobile"`
	Disposable    Paths `yaml:"disposable"` // domains of throw-away mailboxes, one a line
}

// Paths are files, with the line of the configuration that names each.
type Paths []struct {
	Path string
	Line int
}

// UnmarshalYAML reads one file or a list of them.
func (p *Paths) UnmarshalYAML(n *yaml.Node) error {
	all := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		all = n.Content
	}
	for _, one := range all {
		var path string
		if err := one.Decode(&path); err != nil || path == "" {
			return fmt.Errorf("line %d: the name of a file is wanted, or a list of them", one.Line)
		}
		*p = append(*p, struct {
			Path string
			Line int
		}{path, one.Line})
	}
	return nil
}

func (p Paths) paths() (all []string) {
	for _, f := range p {
		all = append(all, f.Path)
	}
	return all
}

// keyed gives the files by the key that knowledge calls them by.
func (k KnowledgeFile) keyed() map[string]Paths {
	return map[string]Paths{"places": k.Places, "networks": k.Networks, "disposable": k.Disposable,
		knowledge.Tor.String(): k.Tor, knowledge.VPN.String(): k.VPN, knowledge.Hosting.String(): k.Hosting, knowledge.Relay.String(): k.Relay,
		knowledge.Residential.String(): k.Residential, knowledge.BadNetwork.String(): k.BadNetworks,
		knowledge.BadReputation.String(): k.BadReputation, knowledge.Denied.String(): k.Denied, knowledge.Mobile.String(): k.Mobile}
}

// knowledge opens what the configuration names. An error names the line of the
// configuration, its key, the file, and the line in it.
func (f File) knowledge(log *slog.Logger) (*knowledge.Knowledge, error) {
	keyed := f.Knowledge.keyed()
	src := knowledge.Sources{Places: f.Knowledge.Places.paths(), Networks: f.Knowledge.Networks.paths(), Disposable: f.Knowledge.Disposable.paths()}
	for s := range knowledge.Signs {
		src.Lists[s] = keyed[s.String()].paths()
	}
	k, err := knowledge.Open(src, log)
	var trouble *knowledge.Trouble
	if !errors.As(err, &trouble) {
		return k, err
	}
	for _, named := range keyed[trouble.Key] {
		if named.Path == trouble.Path {
			return nil, fmt.Errorf("%s:%d: knowledge.%w", f.path, named.Line, trouble)
		}
	}
	return nil, trouble
}

// PlaceOf implements holder.Places.
func (a atlas) PlaceOf(ip string) (city, country string) {
	address, err := netip.ParseAddr(ip)
	if err != nil {
		return "", ""
	}
	known := a.Of(address)
	return known.City, known.Country
}

// lists opens the lists of breached passwords that the configuration names.
func (f File) lists() (l breach.Lists, err error) {
	if path := f.Passwords.Breached; path != "" {
		if l.Filter, err = breach.Open(path); err != nil {
			return l, fmt.Errorf("%s: passwords.breached: %w", f.path, err)
		}
	}
	if address := f.Passwords.Range; address != "" {
		if l.Range, err = breach.NewRange(address); err != nil {
			return l, errors.Join(fmt.Errorf("%s: passwords.range: %w", f.path, err), l.Close())
		}
	}
	return l, nil
}
