package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"takeback/internal/db"
	"takeback/internal/judge"
	"takeback/internal/seal"
)

// services is how many clients send events at the same time.
const services = 8

// taken are the rows of an event from outside: the profile that it changed, and what was decided about it.
var taken = []rowKind{
	{table: "risk_profile", columns: "account at body", keys: "account", where: "account = $1"},
	{table: "risk_event", columns: "id source event account at taken_at kind session body scored score carried action acted reasons rules outcome outcome_at",
		fresh: "id event", where: "account = $1 AND event IN (SELECT MAX(event) FROM risk_event WHERE account = $1)"},
}

// ingesting sends sign-ins to POST /v1/events, as many at once as may be sent,
// and counts events. They are durable before they are answered. Its limit writes
// the same rows and asks nothing. The latencies are of a whole batch.
func ingesting(ctx context.Context, h *house, o Options) (r Result, err error) {
	o.Round *= 2 // a batch is long
	s, err := newServices(ctx, h, max(o.Visitors, judge.MostAtOnce))
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	like, err := archetypes(ctx, h, taken, s.all[0].id)
	if err != nil {
		return r, err
	}
	plain, err := newPlain(ctx, h, taken)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, plain.close()) }()
	var copies [][]filled
	limit := side{
		ready: func(_ context.Context, n int) error {
			copies = make([][]filled, n)
			for i := range copies {
				for k := range judge.MostAtOnce {
					copies[i] = append(copies[i], like.of(s.of(i, k).id))
				}
			}
			return nil
		},
		do: func(_ context.Context, _, i int) error { return plain.write(copies[i]...) },
	}
	r, err = versus(ctx, o, services, side{ready: s.write, do: s.send}, limit)
	r.PerSecond, r.LimitPerSecond = r.PerSecond*judge.MostAtOnce, r.LimitPerSecond*judge.MostAtOnce
	r.Ratio = r.PerSecond / r.LimitPerSecond // of the figures that are told: a product rounds
	r.LimitIs = fmt.Sprintf("the same rows by plain SQL, %d at once, committed in groups", judge.MostAtOnce)
	return r, err
}

// protected is a service that keeps its own sign-in, at several connections.
type protected struct {
	server  *server
	wires   []*wire
	key     string
	all     []holder
	batches [][]byte
}

// newServices lets everybody sign in twice, so that nobody is new.
func newServices(ctx context.Context, h *house, accounts int) (s *protected, err error) {
	s = &protected{}
	if s.key, err = h.key(ctx); err != nil {
		return nil, err
	}
	if s.all, err = h.moveIn(ctx, accounts, 0, ""); err != nil {
		return nil, err
	}
	if s.server, err = serve(h.Handler()); err != nil {
		return nil, err
	}
	if s.wires, err = dialAll(s.server.addr, services); err != nil {
		return nil, errors.Join(err, s.server.close())
	}
	n := (2*accounts + judge.MostAtOnce - 1) / judge.MostAtOnce
	if err = s.write(ctx, n); err == nil {
		for i := range n {
			err = errors.Join(err, s.send(ctx, i%services, i))
		}
	}
	if err == nil {
		err = s.check(ctx, h, n*judge.MostAtOnce)
	}
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

// check makes sure that so many events were kept: a refusal costs nothing and would be no measure.
func (s *protected) check(ctx context.Context, h *house, want int) error {
	return h.DB.Read(ctx, func(tx *db.Tx) error {
		var got int
		if err := tx.Row(`SELECT COUNT(*) FROM risk_event WHERE source <> ''`).Scan(&got); err != nil {
			return err
		}
		if got != want {
			return fmt.Errorf("%d events were kept of %d", got, want)
		}
		return nil
	})
}

// of is whose event k of batch i is: neighbouring batches have no account in common.
func (s *protected) of(i, k int) holder { return s.all[(i*judge.MostAtOnce+k)%len(s.all)] }

// write writes n batches.
func (s *protected) write(_ context.Context, n int) error {
	s.batches = make([][]byte, n)
	now := time.Now().UTC()
	for i := range s.batches {
		events := make([]map[string]any, judge.MostAtOnce)
		for k := range events {
			a := s.of(i, k)
			c := client(a.id)
			events[k] = map[string]any{"id": seal.ID("evt"), "account": a.id, "at": now, "kind": "sign-in", "session": seal.ID("s"), "ip": c.IP,
				"user_agent": c.UserAgent, "device": map[string]string{"token": c.Device}, "country": "JP", "network": 64500 + len(c.IP)}
		}
		body, err := json.Marshal(map[string]any{"events": events})
		if err != nil {
			return err
		}
		s.batches[i] = post("/v1/events", string(body), "Content-Type: application/json", "Authorization: Bearer "+s.key)
	}
	return nil
}

// send has a batch judged.
func (s *protected) send(_ context.Context, client, i int) error {
	status, _, err := s.wires[client].ask(s.batches[i])
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("events were answered with %d", status)
	}
	return err
}

func (s *protected) close() error { return errors.Join(closeAll(s.wires), s.server.close()) }
