package bench

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// committers is how many groups are committed at once: more wait for one another's locks and the disk.
const committers = 4

// toPostgres sends the statements of a whole group in one round trip.
func (p *plain) toPostgres(ctx context.Context, url string) error {
	pool, err := pgxpool.New(ctx, url)
	if err != nil {
		return err
	}
	p.groups, p.finish = committers, func() error { pool.Close(); return nil }
	var texts []string
	for _, k := range p.kinds {
		texts = append(texts, k.statement())
	}
	p.commit = func(ctx context.Context, group []filled) error {
		var b pgx.Batch
		b.Queue("begin")
		for i, text := range texts {
			for _, rows := range group {
				b.Queue(text, rows[i]...)
			}
		}
		b.Queue("commit")
		return pool.SendBatch(ctx, &b).Close()
	}
	return nil
}
