package investigate

import (
	"cmp"
	"slices"
	"strings"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/finding"
	"takeback/internal/history"
)

// LeadKind says what a lead is.
type LeadKind string

// The kinds of leads. Networks, browsers and names are none: many people share them.
const (
	LeadDevice  LeadKind = "device"  // id of a device that only the intruder used here
	LeadContact LeadKind = "contact" // address at which only the intruder receives
	LeadCard    LeadKind = "card"    // token of a card that the intruder entered
	LeadAgent   LeadKind = "agent"   // id of staff whose every act is the intruder's
)

// Lead is something hard that the intruder used here. Wherever else it turns
// up, that account should be looked at (S5); it proves nothing there by itself.
type Lead struct {
	Kind  LeadKind `json:"kind"`
	Value string   `json:"value"`
	Seq   int64    `json:"seq"` // the first change that shows it
}

// Leads gives what may lead from one account to others, by kind and value. What
// the holder used too leads nowhere: it would only find the holder's own other accounts.
//
// What the intruder minted, such as a token, is known in the history by a hash
// that is good for one account only, and cannot lead to another.
func Leads(f Findings, h []history.Change) []Lead {
	intruders, holders := map[Lead]int64{}, map[Lead]bool{}
	for i := range h {
		c, found := &h[i], f.Of(h[i].Seq)
		for _, l := range leadsIn(c) {
			switch {
			case l.Kind == LeadAgent && !slices.Contains(f.Insiders, l.Value):
			case l.Kind == LeadContact && found.Label == finding.Tainted && !f.Known(c.Seq).Owned():
				holders[l] = true
			case found.Label == finding.Tainted:
				if _, known := intruders[l]; !known {
					intruders[l] = c.Seq
				}
			case found.Label == finding.Clean:
				holders[l] = true
			}
		}
	}
	leads := []Lead{}
	for l, seq := range intruders {
		if !holders[l] {
			l.Seq = seq
			leads = append(leads, l)
		}
	}
	slices.SortFunc(leads, func(a, b Lead) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Value, b.Value)) })
	return leads
}

// leadsIn gives what a change shows, whoever made it.
func leadsIn(c *history.Change) (leads []Lead) {
	if c.Role == access.Holder {
		if device := cmp.Or(c.Device, c.Client.Device); device != "" {
			leads = append(leads, Lead{Kind: LeadDevice, Value: device})
		}
	}
	if c.Role.Staff() && c.Actor != "" {
		leads = append(leads, Lead{Kind: LeadAgent, Value: c.Actor})
	}
	switch {
	case c.Verb == history.Contact:
		leads = append(leads, Lead{Kind: LeadContact, Value: text(c.After)})
	case strings.HasPrefix(c.Path, "card/") && (c.Verb == history.Add || c.Verb == history.Set || c.Verb == history.Patch):
		if token := (account.Fact{Value: c.After}).Parts()["token"]; token != "" {
			leads = append(leads, Lead{Kind: LeadCard, Value: token})
		}
	}
	return leads
}
