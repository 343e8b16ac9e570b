package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"takeback/internal/access"
	"takeback/internal/judge"
	"takeback/internal/risk"
)

// Judge decides about events.
type Judge interface {
	Take(ctx context.Context, by access.Actor, events []judge.Reported) ([]judge.Answer, error)
}

// Event is something that happened at a service that keeps its own sign-in.
type Event struct {
	ID        string    `json:"id" minLength:"1" maxLength:"128" example:"login-881203" doc:"The service's own id. The same one again is answered as before, and counts once."`
	Account   string    `json:"account" minLength:"1" maxLength:"128" example:"acc_06h222byx7xj0xx6e3y9v5dce4" doc:"Id of the account; the name that was tried, with the mark name-unknown."`
	At        time.Time `json:"at" doc:"When it happened. At most five minutes ahead of our clock, and two years behind it."`
	Kind      string    `json:"kind" enum:"sign-in,sign-in-failed,email-changed,password-changed,phone-changed,factor-changed,recovery-changed,notice-changed,address-added,payout-changed,card-changed,order-placed,exported,key-made,seen,prompt-refused,holder-denied,holder-confirmed,notice-bounced,custom" example:"sign-in"`
	Name      string    `json:"name,omitempty" maxLength:"128" doc:"Of a custom event."`
	Session   string    `json:"session,omitempty" maxLength:"128" doc:"The service's own id of the session in which it happened, or which it opened. Never a token."`
	IP        string    `json:"ip,omitempty" maxLength:"64" example:"192.0.2.7" doc:"Address of the holder's client, as the service's own trusted proxy says it."`
	UserAgent string    `json:"user_agent,omitempty" doc:"As sent; what is longer than 1 KiB is cut."`
	Device    *struct {
		Token string `json:"token,omitempty" maxLength:"256" doc:"What the client showed; empty if it showed none."`
		Given string `json:"given,omitempty" maxLength:"256" doc:"What the sign-in gave it to show next time."`
	} `json:"device,omitempty" doc:"Absent if the service gives its clients nothing to be known by."`
	Country   string   `json:"country,omitempty" pattern:"^[A-Z]{2}$" patternDescription:"two capital letters" doc:"If the service knows it. Tables of ours go before."`
	Network   uint32   `json:"network,omitempty" maximum:"4294967295" doc:"Number of the autonomous system, likewise."`
	Lat       *float32 `json:"lat,omitempty" minimum:"-90" maximum:"90" doc:"Likewise, with lon and error_km."`
	Lon       *float32 `json:"lon,omitempty" minimum:"-180" maximum:"180"`
	ErrorKM   float32  `json:"error_km,omitempty" minimum:"0" maximum:"20000" doc:"How far the true place may be from there."`
	Language  string   `json:"language,omitempty" maxLength:"35" example:"ja" doc:"First language that the client asks for. It is compared with the account's."`
	UTCOffset *int16   `json:"utc_offset,omitempty" minimum:"-840" maximum:"840" example:"540" doc:"Minutes that the client's clock is ahead of UTC, as its script says it. It is compared with where the address is."`
	Amount    int64    `json:"amount,omitempty" minimum:"0" maximum:"99999999999" doc:"What an order or payout moves, in the smallest unit of the currency."`
	Target    string   `json:"target,omitempty" maxLength:"256" doc:"Where value or letters go from now on: an address, a payee, a contact. A hash will do."`
	Marks     []string `json:"marks,omitempty" maxItems:"5" enum:"name-unknown,password-breached,contact-disposable,contact-lookalike,proved" doc:"What the service knows of it. proved: at this sign-in the holder showed more than a password; without it a new place or client vouches for nothing. Whether a new contact is at a throw-away domain or at one that looks like another is looked up besides."`
}

// Answer is what we think of an event.
type Answer struct {
	ID       string        `json:"id" doc:"The service's id of the event."`
	Decision string        `json:"decision,omitempty" example:"jud_06h222byx7xj0xx6e3y9v5dce4" doc:"Our id of the decision."`
	Action   string        `json:"action,omitempty" enum:"let,tell,step-up,hold,end-session,freeze" doc:"What should be done. Each is stronger than the one before it and includes it."`
	Shadow   bool          `json:"shadow,omitempty" doc:"True while the installation only watches: action is what it would be."`
	Score    *float64      `json:"score,omitempty" doc:"Natural log-odds that a sign-in is not the holder's. Absent of what is no sign-in, and of an account without an earlier one."`
	Reasons  []EventReason `json:"reasons,omitempty" doc:"The weightiest first."`
	Rules    []string      `json:"rules,omitempty" doc:"Names of the operator's own rules that it met."`
	Error    *ProblemField `json:"error,omitempty" doc:"Instead of all else: the event was refused, and nothing of it was kept."`
}

// EventReason is one thing that speaks for or against the holder.
type EventReason struct {
	Signal string  `json:"signal" example:"L03"`
	Odds   float64 `json:"odds,omitempty" example:"31" doc:"By how much the odds change; absent of a rule."`
	En     string  `json:"en" example:"network AS64500 was never used by this account"`
	Ja     string  `json:"ja"`
}

type eventsIn struct {
	Body struct {
		Events []Event `json:"events" minItems:"1" maxItems:"100"`
	}
}

type eventsOut struct {
	Body struct {
		Answers []Answer `json:"answers" doc:"One for each event, in their order."`
	}
}

func (a *API) events(h huma.API) {
	o := operation(http.MethodPost, "/v1/events", "judge-events", "events", "Judge events of a service that keeps its own sign-in")
	o.Description = "Each event is answered for itself: one that is refused has an error, and the others are kept all the same. They are judged in their order."
	huma.Register(h, o, a.judge)
}

func (a *API) judge(ctx context.Context, in *eventsIn) (*eventsOut, error) {
	by, _ := ctx.Value(actorKey{}).(access.Actor)
	reported := make([]judge.Reported, len(in.Body.Events))
	for i := range in.Body.Events {
		reported[i] = in.Body.Events[i].reported()
	}
	answers, err := a.Judge.Take(ctx, by, reported)
	if err != nil {
		return nil, a.fail(err, inBody)
	}
	out := &eventsOut{}
	out.Body.Answers = make([]Answer, len(answers))
	for i := range answers {
		out.Body.Answers[i] = shownAnswer(reported[i].ID, &answers[i])
	}
	return out, nil
}

// reported is an event as room judge takes it.
func (e *Event) reported() judge.Reported {
	kind, _ := risk.ParseKind(e.Kind) // huma has refused any other
	r := judge.Reported{IP: e.IP, UserAgent: e.UserAgent, Event: risk.Event{ID: e.ID, Account: e.Account, At: e.At.UnixMicro(), Kind: kind, Name: e.Name,
		Session: e.Session, Place: risk.Place{Network: e.Network, Country: e.Country}, Amount: e.Amount, Target: e.Target}}
	if e.Device != nil {
		r.Device = risk.Device{Asked: true, Token: e.Device.Token, Given: e.Device.Given}
	}
	if e.Lat != nil && e.Lon != nil {
		r.Place.Located, r.Place.Lat, r.Place.Lon, r.Place.ErrorKM = true, *e.Lat, *e.Lon, e.ErrorKM
	}
	r.Setting.Language = e.Language
	if e.UTCOffset != nil {
		r.Setting.Clocked, r.Setting.Clock = true, *e.UTCOffset
	}
	for _, m := range e.Marks {
		r.Marks |= marks[m]
	}
	return r
}

var marks = map[string]risk.Marks{"name-unknown": risk.NameUnknown, "password-breached": risk.PasswordBreached,
	"contact-disposable": risk.ContactDisposable, "contact-lookalike": risk.ContactLookalike,
	"proved": risk.Proved}

func shownAnswer(id string, a *judge.Answer) Answer {
	if a.Err != nil {
		field := problem(a.Err, inEvent).Errors
		if field == nil {
			p := problem(a.Err, inEvent)
			field = []ProblemField{{"event", p.Detail, p.Code}}
		}
		return Answer{ID: id, Error: &field[0]}
	}
	out := Answer{ID: id, Decision: a.ID, Action: a.Decision.Action.String(), Shadow: !a.Acting, Rules: a.Rules}
	if a.Decision.Scored {
		out.Score = &a.Decision.Score
	}
	out.Reasons = make([]EventReason, 0, len(a.Decision.Reasons))
	for _, r := range a.Decision.Reasons {
		shown := EventReason{Signal: string(r.Signal), En: r.Words("en"), Ja: r.Words("ja")}
		if r.Odds != 1 {
			shown.Odds = r.Odds
		}
		out.Reasons = append(out.Reasons, shown)
	}
	return out
}

func inEvent(field string) string { return under("event", field) }
