package campaign

import (
	"context"

	"takeback/internal/access"
	"takeback/internal/db"
	"takeback/internal/fault"
)

// View is everything that people see of a campaign.
type View struct {
	Campaign
	States    map[State]int
	Shapes    []Group
	Approvals []Approval
	Aside     []string // cases that people must look at by themselves; some of them
	Leads     []Lead   // those that are proposed; some of them
}

// Group is a shape beside what is asked of whoever approves it.
type Group struct {
	Shape
	Sample  []Sampled
	Portion int          // accounts that this reader may answer for now
	MayNot  *fault.Error // why he may not; nil if he may
}

// Sampled is a case of the sample, and whether this reader has looked at it.
type Sampled struct {
	Case   string
	Looked bool
}

// Seen counts the accounts that were looked at.
func (v View) Seen() (n int) {
	for _, m := range v.States {
		n += m
	}
	return n
}

// List gives the campaigns, newest first.
func (s *Campaigns) List(ctx context.Context, by access.Actor) (all []Campaign, err error) {
	if !by.May(access.Investigate) {
		return nil, ErrForbidden
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		all, err = list(tx)
		return err
	})
	return all, err
}

// leadsShown is how many leads a page proposes.
const leadsShown = 20

// asideShown is how many cases that went aside a page lists.
const asideShown = 20

// See gives a campaign with everything around it.
func (s *Campaigns) See(ctx context.Context, by access.Actor, id string) (v View, err error) {
	defer fault.Wrap(&err, "campaign.See(%s)", id)
	if !by.May(access.Investigate) {
		return v, ErrForbidden
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		v = View{}
		if v.Campaign, err = get(tx, id); err != nil {
			return err
		}
		if v.States, err = counts(tx, id); err != nil {
			return err
		}
		if v.Approvals, err = approvals(tx, id); err != nil {
			return err
		}
		if v.Leads, err = leadsIn(tx, id, Proposed, leadsShown); err != nil {
			return err
		}
		aside, err := rowsIn(tx, id, Aside, "", asideShown)
		for _, r := range aside {
			v.Aside = append(v.Aside, r.caseID)
		}
		if err != nil {
			return err
		}
		return s.group(tx, by, &v)
	})
	return v, err
}

func (s *Campaigns) group(tx *db.Tx, by access.Actor, v *View) error {
	all, err := shapes(tx, v.ID)
	if err != nil {
		return err
	}
	already, err := answered(tx, by.ID, tx.Now.Add(-day))
	if err != nil {
		return err
	}
	for _, o := range all {
		g := Group{Shape: o, Portion: o.portion(already)}
		cases, err := sample(tx, v.ID, o.ID)
		if err != nil {
			return err
		}
		complete := true
		for _, id := range cases {
			looked, err := s.Looks.Looked(tx, by.ID, id)
			if err != nil {
				return err
			}
			complete = complete && looked
			g.Sample = append(g.Sample, Sampled{id, looked})
		}
		switch {
		case o.Open || o.Stopped != "":
			g.MayNot = ErrShape
		case v.MadeBy == by.ID || v.Key.names(by.ID):
			g.MayNot = ErrOwn
		case !by.May(access.Approve):
			g.MayNot = ErrForbidden
		case !complete:
			g.MayNot = ErrSample
		case g.Portion == 0:
			g.MayNot = ErrAnswers
		}
		v.Shapes = append(v.Shapes, g)
	}
	return nil
}

// Changes tells that something in a campaign changed, until ctx ends.
func (s *Campaigns) Changes(ctx context.Context, id string) <-chan string {
	changed := make(chan string, 1)
	stop := s.DB.Listen(Topic, func(key string) {
		if key != id {
			return
		}
		select {
		case changed <- key:
		default: // one is waiting already, and many at once are one
		}
	})
	context.AfterFunc(ctx, stop)
	return changed
}
