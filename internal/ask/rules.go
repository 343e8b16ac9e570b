package ask

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/finding"
	"takeback/internal/history"
	"takeback/internal/mail"
	"takeback/internal/session"
)

// Open is a question of a plan that only the holder can answer.
type Open struct {
	Why      string
	Path     string
	Seq      int64 // the change that raised it
	Proposal json.RawMessage
	Choices  []string
}

// suspected is why a plan asks whether a change was the holder's.
const suspected = "suspect-change"

// leave is the answer to a question about a value by which nothing is decided.
const leave = "leave"

// Item is one question as the holder reads it: was this you, or is this right?
type Item struct {
	ID       string  // changes with whatever the question says, so that nobody answers another one
	Visits   []Visit // of one device; empty if it is about a single change or a value
	Device   bool    // the visits are known to be of one device
	Client   string  // "Firefox, Linux"; "?" if nobody knows
	Network  string  // its address without the end
	At       time.Time
	Deeds    []Deed // what was done
	Evidence []Deed // why it is asked, oldest first
	Path     string // of a value; empty otherwise
	Now      json.RawMessage
	Proposal json.RawMessage
	Answers  []string
	Unsure   bool // the holder has said that he does not know

	about []finding.Node
	open  Open
}

// Visit is a session, from its first change to its last.
type Visit struct{ At, Until time.Time }

// Deed is something done, without what was written.
type Deed struct {
	At   time.Time
	Verb history.Verb
	Path string
	Rule finding.Rule // why it has its label; NoRule: only told
}

var whose = []string{history.Mine, history.NotMine, history.Unsure}

// items makes the questions out of what was found and what a plan would ask.
// Visits of one device are one question: nobody remembers eleven times of day.
func items(h []history.Change, f *finding.Findings, open []Open, facts []account.Fact, caseID string) (all []Item) {
	paths := f.Paths()
	all = visits(h, f, paths)
	for _, q := range open {
		i := slices.IndexFunc(h, func(c history.Change) bool { return c.Seq == q.Seq })
		switch {
		case i < 0:
		case q.Why != suspected:
			all = append(all, valueItem(h[i], evidence(h, f, paths.Because(h[i].Seq)), q, facts))
		case f.Sessions[h[i].Session].Label() != finding.Suspect: // else it is asked with its session
			c := h[i]
			all = append(all, Item{At: c.At, Client: session.Describe(c.Client.UserAgent), Network: network(c.Client.IP), Deeds: []Deed{deed(c)},
				Evidence: evidence(h, f, paths.Because(c.Seq)), Answers: whose, about: []finding.Node{{Change: c.Seq}}})
		}
	}
	said := unsure(h, caseID)
	for i := range all {
		item := &all[i]
		item.ID = item.id()
		item.Unsure = !slices.ContainsFunc(item.names(), func(name string) bool { return !said[name] })
	}
	slices.SortStableFunc(all, func(a, b Item) int {
		if a.Unsure != b.Unsure {
			return map[bool]int{false: -1, true: 1}[a.Unsure]
		}
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID))
	})
	return all
}

// visits makes an item of the suspect sessions of each device. Sessions in which
// questions were answered are not asked about: their word does not count while they are suspect.
func visits(h []history.Change, f *finding.Findings, paths *finding.Paths) (all []Item) {
	type place struct{ item, visit int }
	var devices finding.Devices
	placed, answering := map[string]place{}, map[string]bool{}
	for _, c := range h {
		answering[c.Session] = answering[c.Session] || c.Verb == history.Recover && c.Case != ""
		s := f.Sessions[c.Session]
		if c.Session == "" || c.Role != access.Holder || s.Label() != finding.Suspect || answering[c.Session] {
			continue
		}
		at, known := placed[c.Session]
		if !known {
			n, begins := devices.Group(c.Client.Device)
			if begins {
				all = append(all, Item{At: c.At, Device: c.Client.Device != "", Client: session.Describe(c.Client.UserAgent), Network: network(c.Client.IP),
					Evidence: evidence(h, f, paths.Because(s.Suspect.From), s.Suspect.Rule), Answers: whose})
			}
			at = place{n, len(all[n].Visits)}
			placed[c.Session] = at
			all[n].Visits = append(all[n].Visits, Visit{At: c.At})
			all[n].about = append(all[n].about, finding.Node{Session: c.Session})
		}
		item := &all[at.item]
		item.Visits[at.visit].Until = c.At
		if tells(c.Verb) {
			item.Deeds = append(item.Deeds, deed(c))
		}
	}
	return all
}

func valueItem(c history.Change, why []Deed, q Open, facts []account.Fact) Item {
	item := Item{At: c.At, Path: q.Path, Proposal: q.Proposal, Evidence: why, Answers: q.Choices, open: q,
		Client: session.Describe(c.Client.UserAgent), Network: network(c.Client.IP)}
	for _, fact := range facts {
		if fact.Path == q.Path {
			item.Now = fact.Value
		}
	}
	return item
}

// evidence tells the path from a seed in deeds, each without what it wrote. last
// is the rule that follows from the end of the path, where the path itself does not say it.
func evidence(h []history.Change, f *finding.Findings, path []int64, last ...finding.Rule) (all []Deed) {
	for _, seq := range path {
		i, there := slices.BinarySearchFunc(h, seq, func(c history.Change, seq int64) int { return cmp.Compare(c.Seq, seq) })
		if !there {
			continue
		}
		d := deed(h[i])
		d.Rule = f.Of(seq).Reason.Rule
		all = append(all, d)
	}
	for _, rule := range last {
		all = append(all, Deed{Rule: rule})
	}
	return all
}

func deed(c history.Change) Deed { return Deed{At: c.At, Verb: c.Verb, Path: c.Path} }

// tells tells whether a verb is something that a person remembers having done.
func tells(v history.Verb) bool {
	switch v {
	case history.Set, history.Patch, history.Add, history.Remove, history.Credential, history.Contact, history.Drop, history.Move, history.Order, history.View:
		return true
	}
	return false
}

// names names what an item is about, as statements do.
func (i Item) names() (names []string) {
	for _, n := range i.about {
		names = append(names, n.String())
	}
	if len(names) == 0 {
		names = []string{i.Path}
	}
	return names
}

// id is equal for questions that say the same.
func (i Item) id() string {
	b, _ := json.Marshal([]any{i.names(), i.open, string(i.Now), len(i.Deeds)}) // texts and numbers always have a JSON form
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:12])
}

// unsure gives what the holder has said, and not taken back, that he does not know.
func unsure(h []history.Change, caseID string) map[string]bool {
	all := map[string]bool{}
	for _, c := range h {
		if said, ok := c.Said(); ok && c.Case == caseID {
			for _, name := range said.About {
				all[name] = said.Word == history.Unsure
			}
		}
	}
	return all
}

// network shows an address so that its owner may know it again: the half of it that names the provider.
func network(ip string) string {
	a, err := netip.ParseAddr(ip)
	if err != nil {
		return ""
	}
	between, groups := ":", 2
	if a = a.Unmap(); a.Is4() {
		between = "."
	}
	return strings.Join(append(strings.Split(a.WithZone("").StringExpanded(), between)[:groups], "…"), between)
}

// Contact is a contact of the holder's own that can be confirmed.
type Contact struct {
	Slot, Version, Masked string
	Confirmed             time.Time // zero if it was not since it was set
}

// confirmable picks the contacts of now at which a letter arrives, and which the
// intruder neither set nor is known to read.
func confirmable(contacts []account.Contact, f *finding.Findings) (all []account.Contact) {
	for _, c := range contacts {
		if c.Until.IsZero() && c.BadAt.IsZero() && !f.Known(c.SetSeq).Bad() && f.Of(c.SetSeq).Label == finding.Clean {
			if _, err := mail.ParseAddress(c.Address); err == nil {
				all = append(all, c)
			}
		}
	}
	return all
}
