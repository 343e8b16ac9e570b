package app

import (
	"context"
	"errors"
	"net/netip"

	"takeback/internal/access"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/judge"
	"takeback/internal/knowledge"
	"takeback/internal/mail"
	"takeback/internal/risk"
	"takeback/internal/signin"
)

// atlas lets room judge ask what the files of local knowledge say.
type atlas struct{ *knowledge.Knowledge }

// Place implements judge.Knows.
func (a atlas) Place(address netip.Addr) risk.Place {
	known := a.Of(address)
	p := risk.Place{Address: address, Network: known.Network.Number, Country: known.Country}
	if known.At.Known() {
		p.Located, p.Lat, p.Lon, p.ErrorKM = true, float32(known.At.Lat), float32(known.At.Lon), float32(known.At.Error)
	}
	for sign, flag := range flags {
		if known.Is(knowledge.Sign(sign)) {
			p.Flags |= flag
		}
	}
	return p
}

// flags are what risk calls the signs of knowledge.
var flags = [knowledge.Signs]risk.PlaceFlags{
	knowledge.Tor: risk.Tor, knowledge.VPN: risk.VPN, knowledge.Hosting: risk.Hosting, knowledge.Relay: risk.Relay,
	knowledge.Residential: risk.Residential, knowledge.BadNetwork: risk.BadNetwork, knowledge.BadReputation: risk.BadReputation,
	knowledge.Denied: risk.Denied, knowledge.Mobile: risk.Mobile,
}

// ThrowAway implements judge.Knows.
func (a atlas) ThrowAway(address string) bool {
	parsed, err := mail.ParseAddress(address)
	return err == nil && a.Disposable(parsed) == knowledge.Yes
}

// judging lets ordinary life ask what is likely.
type judging struct{ *judge.Judge }

// Weigh implements signin.Judge.
func (j judging) Weigh(tx *db.Tx, d signin.Doing) (signin.Ruling, error) {
	kind, ok := j.KindOf(d.Verb, d.Path, d.Fresh)
	if !ok {
		return signin.Ruling{}, nil
	}
	doing := judge.Doing{Account: d.Account, Kind: kind, Session: d.By.Session, Client: d.By.Client, Target: d.Target, Amount: d.Amount}
	if d.Listed {
		doing.Marks |= risk.PasswordBreached
	}
	if d.Copied {
		doing.Marks |= risk.DeviceCopied
	}
	v, err := j.Judge.Weigh(tx, doing)
	return signin.Ruling{Action: v.Does(), For: v.For}, err
}

// Failed implements signin.Judge.
func (j judging) Failed(account, name string, client access.Client) {
	d := judge.Doing{Account: account, Client: client}
	if account == "" {
		d.Account, d.Marks = name, risk.NameUnknown
	}
	j.Judge.Failed(d)
}

// JudgeOf builds room judge alone, for whoever asks about the past beside a
// server that runs. close ends it.
func JudgeOf(ctx context.Context, c Config) (j *judge.Judge, close func() error, err error) {
	defer fault.Wrap(&err, "app.JudgeOf")
	a := &App{Config: c}
	if a.Kinds, err = c.File.kinds(); err != nil {
		return nil, nil, err
	}
	if a.Known, err = c.File.knowledge(c.Log); err != nil {
		return nil, nil, err
	}
	if a.DB, err = db.Open(ctx, c.DB, db.Options{Now: c.Now, Log: c.Log}); err != nil {
		return nil, nil, err
	}
	if err := a.judge(ctx); err != nil {
		return nil, nil, errors.Join(err, a.DB.Close())
	}
	return a.Judge, a.DB.Close, nil
}

func (a *App) judge(ctx context.Context) error {
	a.Judge = &judge.Judge{DB: a.DB, Kinds: a.Kinds, Knows: atlas{a.Known}, Zone: a.Config.zone(), Log: a.Config.Log}
	return a.Judge.Begin(ctx, a.Config.File.Risk)
}
