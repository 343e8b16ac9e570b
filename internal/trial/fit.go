package trial

import (
	"errors"
	"fmt"
	"io"

	"takeback/internal/risk"
)

// Fitting says how weights are fitted on a file: on its holders alone, each next
// sign-in against somebody else's tried on the same account.
type Fitting struct {
	Size   int64   // of the file in bytes, to tell where its parts are
	WarmUp float64 // part of the file before pairs are taken; 0.2 if zero
	Until  float64 // part of the file after which none are taken, so that it can be judged; all of it if zero
	Seed   uint64
	Sizes  risk.Sizes
	Most   int // sign-ins that are kept as pairs; the tutor's own number if zero
	Tell   func(*Broken)
	Tick   func(bytes int64)
}

// Fit reads a file and fits weights. It knows no attack: rows marked as takeovers
// teach nothing and are no pairs.
func Fit(from io.Reader, f Fitting) (*risk.Weights, error) {
	if f.WarmUp == 0 {
		f.WarmUp = 0.2
	}
	if f.Until == 0 {
		f.Until = 1
	}
	r, err := NewReader(from)
	if err != nil {
		return nil, err
	}
	tables, err := risk.ShippedTables() // they say who would have been asked
	if err != nil {
		return nil, err
	}
	g := &gathering{accounts: newAccounts(), counters: risk.NewCounters(1, f.Sizes), tutor: risk.NewTutor(f.Seed, f.Most), tables: tables, asking: asking{share: askedOfRows}, newcomers: newNewcomers()}
	var row Row
	for broken := 0; ; {
		err := r.Read(&row)
		var b *Broken
		switch {
		case err == io.EOF:
			return g.fit()
		case errors.As(err, &b):
			if broken++; f.Tell != nil && broken <= maxTold {
				f.Tell(b)
			}
			continue
		case err != nil:
			return nil, fmt.Errorf("after line %d: %w", r.Line(), err)
		}
		part := float64(r.Bytes()) / float64(max(f.Size, 1))
		if part >= f.Until {
			return g.fit()
		}
		if row.Success && !row.Takeover {
			g.take(&row, part >= f.WarmUp)
		}
		if f.Tick != nil && r.Rows()%4096 == 0 {
			f.Tick(r.Bytes())
		}
	}
}

// gathering goes through a file for its pairs.
type gathering struct {
	accounts *accounts
	counters *risk.Counters
	tutor    *risk.Tutor
	tables   *risk.Tables
	asking   asking
	newcomers
}

// take shows a holder's sign-in to the tutor, if its time has come, and lets it teach.
func (g *gathering) take(row *Row, pairs bool) {
	event := row.Event()
	g.pass(event.At)
	number, profile := g.accounts.open(row.User)
	seen, days := g.view(&event, number, profile, g.counters), 0
	if pairs {
		g.tutor.See(&event, seen, g.counters)
	}
	if d := risk.Decide(&event, seen, g.counters, g.tables); g.asking.asked(&d, g.tables.Limits.StepUp) {
		event.Marks |= risk.Proved
		days = heldBack(risk.NewsOf(&event, seen, g.counters), g.counters.PartOfCountry(&event))
	}
	g.learn(&event, number, profile, g.counters, days)
}

func (g *gathering) fit() (*risk.Weights, error) {
	w, err := g.tutor.Fit(risk.FitOptions{})
	if err != nil {
		return nil, err
	}
	w.About = append(w.About, fmt.Sprintf("Fitted on sign-ins of %d accounts of a file of rows.", len(g.accounts.number)))
	return w, nil
}
