package app

import (
	"context"

	"takeback/internal/access"
	"takeback/internal/ask"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/restore"
)

// planner lets the room that asks the holder put what a plan asks.
type planner struct{ *App }

// Open implements ask.Planner.
func (p planner) Open(tx *db.Tx, c casefile.Case) (open []ask.Open, err error) {
	all, err := p.Restorer.OpenFor(tx, c, restore.ToHolder)
	for _, q := range all {
		o := ask.Open{Why: string(q.Why), Path: q.Path, Seq: q.Seq, Proposal: q.Proposal}
		for _, answer := range q.Choices() {
			o.Choices = append(o.Choices, string(answer))
		}
		open = append(open, o)
	}
	return open, err
}

// Answer implements ask.Planner.
func (p planner) Answer(tx *db.Tx, by access.Actor, c casefile.Case, q ask.Open, answer string) error {
	return p.Restorer.AnswerAsHolder(tx, by, c, restore.Question{Why: restore.Why(q.Why), Path: q.Path, Seq: q.Seq}, restore.Answer(answer))
}

// Afresh implements ask.Planner.
func (p planner) Afresh(ctx context.Context, caseID string, do func(tx *db.Tx) error) error {
	return p.Restorer.Afresh(ctx, caseID, do)
}
