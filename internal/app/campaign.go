package app

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/campaign"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/history"
	"takeback/internal/investigate"
	"takeback/internal/restore"
	"takeback/internal/session"
)

// together lets a campaign use the rooms that work on one account.
type together struct{ *App }

// Examine implements campaign.Finder.
func (t together) Examine(h []history.Change, known []session.Device, s campaign.Seeds, now time.Time) campaign.Found {
	begun := s.First.Add(-familiar)
	established := map[string]bool{}
	for _, d := range known {
		established[d.ID] = d.FirstAt.Before(begun)
	}
	marks := investigate.Marks{Sessions: s.Sessions, From: s.From, Agents: s.Agents}
	for _, v := range s.Versions {
		marks.Versions = append(marks.Versions, investigate.VersionRef{Path: v[0], Version: v[1]})
	}
	f := t.Investigator.Analyse(h, marks, established)
	p := restore.MakePlan(h, f, t.Kinds, now)
	found := campaign.Found{Steps: len(p.Steps), Questions: len(p.Questions), Deadline: p.Deadline()}
	if found.Steps+found.Questions > 0 {
		found.Leads = t.leads(investigate.Leads(f, h))
	}
	return found
}

// leads gives those leads that other accounts are found by. Nothing lists the accounts that a card is in, so that one leads nowhere yet.
func (t together) leads(all []investigate.Lead) (keys []campaign.Key) {
	for _, l := range all {
		switch l.Kind {
		case investigate.LeadDevice:
			keys = append(keys, campaign.Key{Kind: campaign.Device, Value: l.Value})
		case investigate.LeadAgent:
			keys = append(keys, campaign.Key{Kind: campaign.Agent, Value: l.Value})
		case investigate.LeadContact:
			keys = append(keys, campaign.ContactKey(l.Value, t.Book.AddressKey))
		}
	}
	return keys
}

// familiar is how long an account must have known a device before the first seed.
const familiar = 30 * 24 * time.Hour

// planned are the steps in which people have a plan: nobody marks or plans anew behind them.
var planned = []casefile.Step{casefile.Planned, casefile.Approved, casefile.Restoring, casefile.Restored}

// Take implements campaign.Finder.
func (t together) Take(tx *db.Tx, id string, s campaign.Seeds, by access.Actor, reason string) (string, error) {
	a, err := account.Get(tx, id)
	if err != nil {
		return "", err
	}
	switch open, err := casefile.OfAccount(tx, id); {
	case err == nil && slices.Contains(planned, open.Step):
		return open.ID, campaign.ErrBusy
	case err != nil && !errors.Is(err, casefile.ErrNone):
		return "", err
	}
	c, err := t.Freezer.Stop(tx, casefile.Case{Account: id, Source: "campaign", Language: a.Language, Story: reason}, by)
	if err != nil {
		return "", err
	}
	var marks []investigate.Mark
	for _, one := range s.Sessions {
		marks = append(marks, investigate.Mark{Session: one})
	}
	for _, one := range slices.Sorted(maps.Keys(s.From)) {
		marks = append(marks, investigate.Mark{Session: one, From: s.From[one]})
	}
	for _, one := range s.Versions {
		marks = append(marks, investigate.Mark{Version: investigate.VersionRef{Path: one[0], Version: one[1]}})
	}
	for _, one := range s.Agents {
		marks = append(marks, investigate.Mark{Agent: one})
	}
	for i := range marks {
		marks[i].Verdict, marks[i].Reason = investigate.Intruder, reason
	}
	return c.ID, t.Investigator.Seed(tx, by, c.ID, marks...)
}

// Plan implements campaign.Carrier.
func (t together) Plan(ctx context.Context, by access.Actor, caseID string) (campaign.Plan, error) {
	seen, err := t.Restorer.Status(ctx, by, caseID)
	if err != nil {
		return campaign.Plan{}, err
	}
	p, err := t.Restorer.MakePlan(ctx, by, caseID, seen.Hash)
	return campaign.Plan{Hash: p.Hash, Lines: p.Shape(t.Kinds), Open: len(p.Questions) > 0}, err
}

// Carry implements campaign.Carrier.
func (t together) Carry(ctx context.Context, maker, approver access.Actor, caseID, hash string) error {
	s, err := t.Restorer.Status(ctx, approver, caseID)
	if err != nil {
		return err
	}
	if s.Hash == hash && !s.StartedAt.IsZero() {
		return nil // begun before the program was ended
	}
	if len(s.Approvals) == 0 {
		if err := t.Restorer.Approve(ctx, approver, caseID, hash); err != nil {
			return err
		}
	}
	return t.Restorer.Start(ctx, maker, caseID)
}

// Ended implements campaign.Carrier.
func (t together) Ended(tx *db.Tx, caseID string) (ended, restored bool, err error) {
	return restore.Ended(tx, caseID)
}
