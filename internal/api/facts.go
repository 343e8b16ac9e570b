package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"takeback/internal/account"
	"takeback/internal/fault"
	"takeback/internal/signin"
)

// Fact is a current value as the API shows it.
type Fact struct {
	Path    string     `json:"path" example:"address/home"`
	Value   Value      `json:"value,omitempty" doc:"Absent of secrets, which are never shown, and of what is not there yet."`
	Seq     int64      `json:"seq,omitempty" doc:"Number of the change that set it."`
	Since   *time.Time `json:"since,omitempty"`
	Secret  bool       `json:"secret,omitempty" doc:"There is a secret here; changing it is the holder's alone."`
	Usable  *bool      `json:"usable,omitempty" doc:"Cards only: false until its holder has entered it again after the account was given back."`
	Held    *bool      `json:"held,omitempty" doc:"Orders only: true while a case holds it; do not ship."`
	Waiting bool       `json:"waiting,omitempty" doc:"The change was taken and waits, because the account is guarded; this is the fact as it still is."`
}

type factsOut struct {
	Body struct {
		Facts []Fact `json:"facts"`
	}
}

// AtPath is where a fact is. The path of a fact may have a slash in it. ServeMux wants that said with
// "...", which is no part of a parameter's name in OpenAPI, so there are two
// operations: for paths of one word and of two. Longer ones are written %2F.
type AtPath struct {
	InAccount
	Path string `path:"path" maxLength:"100" example:"address"`
}

func (in AtPath) path() string { return in.Path }

// AtElement is where a fact is whose path has two words.
type AtElement struct {
	AtPath
	Name string `path:"name" maxLength:"100" example:"home"`
}

func (in AtElement) path() string { return in.Path + "/" + in.Name }

// OnBehalf is for what a holder can do himself.
type OnBehalf struct {
	Session string `header:"Takeback-Session" maxLength:"100" doc:"Token of the holder's session on whose behalf the service acts; without one it acts for itself."`
	Grant   string `header:"Takeback-Grant" maxLength:"100" example:"delegate/d1" doc:"Path of the fact of this account by which somebody else acts for its holder, such as a delegate or a member of the household. Not together with a session."`
}

type valueIn struct {
	Value Value `json:"value" doc:"What is there from now on, as a whole."`
}

type putIn struct {
	AtPath
	OnBehalf
	Body valueIn
}

type put2In struct {
	AtElement
	OnBehalf
	Body valueIn
}

// Erasing tells a removal that is for good.
type Erasing struct {
	Erase bool `query:"erase" doc:"The holder wants it gone for good: no case brings it back, also if an intruder changes or has removed it. Without it a removal that turns out to be an intruder's, or came before one, is weighed like any other change."`
}

type deleteIn struct {
	AtPath
	OnBehalf
	Erasing
}

type delete2In struct {
	AtElement
	OnBehalf
	Erasing
}

// onceHeader names a movement.
const onceHeader = "Idempotency-Key"

type moveIn struct {
	AtPath
	OnBehalf
	Once string `header:"Idempotency-Key" maxLength:"100" pattern:"^[!-~]{1,100}$" example:"refund-A70003" doc:"Your own name of this movement. The same name is booked once, for 30 days."`
	Body struct {
		Amount int64 `json:"amount" minimum:"-1000000000000" maximum:"1000000000000" example:"-500" doc:"What comes; negative for what goes. Not 0."`
	}
}

type factOut struct {
	Status int
	Body   Fact
}

type gone struct{ Status int }

func (a *API) facts(h huma.API) {
	const facts = "/v1/accounts/{id}/facts"
	const one, two = facts + "/{path}", facts + "/{path}/{name}"
	const put, remove = "Set a fact", "Remove a fact"
	huma.Register(h, operation(http.MethodGet, facts, "list-facts", "facts", "List what is true now"), a.list)
	huma.Register(h, operation(http.MethodGet, one, "get-fact", "facts", "Show a fact"), func(ctx context.Context, in *AtPath) (*factOut, error) {
		return a.get(ctx, in.ID, in.path())
	})
	huma.Register(h, operation(http.MethodGet, two, "get-element", "facts", "Show a fact"), func(ctx context.Context, in *AtElement) (*factOut, error) {
		return a.get(ctx, in.ID, in.path())
	})
	huma.Register(h, holds(h, operation(http.MethodPut, one, "put-fact", "facts", put)), func(ctx context.Context, in *putIn) (*factOut, error) {
		return a.put(ctx, in.ID, in.path(), in.OnBehalf, in.Body.Value)
	})
	huma.Register(h, holds(h, operation(http.MethodPut, two, "put-element", "facts", put)), func(ctx context.Context, in *put2In) (*factOut, error) {
		return a.put(ctx, in.ID, in.path(), in.OnBehalf, in.Body.Value)
	})
	huma.Register(h, holds(h, removal(operation(http.MethodDelete, one, "delete-fact", "facts", remove))), func(ctx context.Context, in *deleteIn) (*gone, error) {
		return a.remove(ctx, in.ID, in.path(), in.OnBehalf, in.Erase)
	})
	huma.Register(h, holds(h, removal(operation(http.MethodDelete, two, "delete-element", "facts", remove))), func(ctx context.Context, in *delete2In) (*gone, error) {
		return a.remove(ctx, in.ID, in.path(), in.OnBehalf, in.Erase)
	})
	o := operation(http.MethodPost, one+"/moves", "move-ledger", "facts", "Book a movement on a ledger")
	o.Description = "With an Idempotency-Key the same movement sent twice is booked once, and is answered with 200 the second time. " +
		"Without one every call is a movement of its own: before you repeat one whose answer was lost, read the balance or the history."
	o.DefaultStatus = http.StatusCreated
	o.Responses = map[string]*huma.Response{"200": {Description: "It was booked before.", Content: answers[Fact](h)}}
	huma.Register(h, o, a.move)
}

// removal describes the two ways in which a fact goes.
func removal(o huma.Operation) huma.Operation {
	o.Description = "With erase=true because the holder wants it gone for good: the removal is entered as erased at the holder's wish, and no case brings the value back. " +
		"That is entered also where the fact is gone already, for an intruder may have removed it; where there never was one, the answer is 404. " +
		"If it turns out that an intruder asked for it, it is an ordinary removal, and people decide whether the value comes back. " +
		"The history keeps what was there as evidence."
	return o
}

// holds describes the answer of a change that a guarded account holds back.
func holds(h huma.API, o huma.Operation) huma.Operation {
	waits := &huma.Response{Description: "Taken, and held back for 72 hours: the account was given back to its holder lately."}
	if o.Method == http.MethodDelete {
		o.DefaultStatus = http.StatusNoContent
	} else {
		waits.Content = answers[Fact](h)
	}
	o.Responses = map[string]*huma.Response{"202": waits}
	return o
}

// all reads the facts with what the case says of cards and orders.
func (a *API) all(ctx context.Context, id string) ([]Fact, error) {
	found, err := a.Accounts.Facts(ctx, id)
	if err != nil {
		return nil, err
	}
	unusable, err := a.Cards.Unusable(ctx, id)
	if err != nil {
		return nil, err
	}
	held, err := a.Orders.HeldPaths(ctx, id)
	if err != nil {
		return nil, err
	}
	out := make([]Fact, len(found))
	for i, f := range found {
		out[i] = Fact{Path: f.Path, Value: Value(f.Value), Seq: f.Seq, Since: &f.Since}
		switch kind := a.kind(f.Path); {
		case kind == account.SecretOf:
			out[i].Value, out[i].Secret = nil, true
		case kind == account.Effect:
			is := held[f.Path]
			out[i].Held = &is
		case strings.HasPrefix(f.Path, "card/"):
			usable := !unusable[f.Path]
			out[i].Usable = &usable
		}
	}
	return out, nil
}

func (a *API) list(ctx context.Context, in *InAccount) (*factsOut, error) {
	all, err := a.all(ctx, in.ID)
	out := &factsOut{}
	out.Body.Facts = all
	return out, a.fail(err, inAddress)
}

// at gives the fact at a path, or account.ErrNoFact.
func (a *API) at(ctx context.Context, id, path string) (Fact, error) {
	all, err := a.all(ctx, id)
	if err != nil {
		return Fact{}, err
	}
	for _, f := range all {
		if f.Path == path {
			return f, nil
		}
	}
	return Fact{}, account.ErrNoFact.On("path")
}

func (a *API) get(ctx context.Context, id, path string) (*factOut, error) {
	f, err := a.at(ctx, id, path)
	return &factOut{http.StatusOK, f}, a.fail(err, inAddress)
}

// inValue is where the fields of a value are: "path" is its path, "password" is
// what its session lacks, and every other field is a part of it.
func inValue(field string) string {
	switch field {
	case "path":
		return "path.path"
	case "value":
		return "body.value"
	case "password":
		return "header." + SessionHeader
	case "grant":
		return "header." + GrantHeader
	}
	return under("body.value", field)
}

// put answers 200 with the fact as it is now, or 202 with the fact as it still
// is if a guarded account holds the change back.
func (a *API) put(ctx context.Context, id, path string, of OnBehalf, value Value) (*factOut, error) {
	by, err := a.behalf(ctx, id, of)
	if err != nil {
		return nil, a.fail(err, inValue)
	}
	if cardlike(path[strings.LastIndexByte(path, '/')+1:]) {
		return nil, a.fail(signin.ErrCardNumber.On("path"), inValue)
	}
	whole, err := value.written()
	if err != nil {
		return nil, a.fail(err, inValue)
	}
	waits, err := a.Life.Put(ctx, by, id, path, whole)
	if err != nil {
		return nil, a.fail(err, inValue)
	}
	f, err := a.at(ctx, id, path)
	if waits {
		f.Path, f.Waiting = path, true
		if fault.KindOf(err) == fault.NotFound {
			err = nil // nothing is there yet
		}
		return &factOut{http.StatusAccepted, f}, a.fail(err, inValue)
	}
	return &factOut{http.StatusOK, f}, a.fail(err, inValue)
}

func (a *API) remove(ctx context.Context, id, path string, of OnBehalf, erase bool) (*gone, error) {
	by, err := a.behalf(ctx, id, of)
	if err != nil {
		return nil, a.fail(err, inValue)
	}
	waits, err := a.Life.Delete(ctx, by, id, signin.Removal{Path: path, Erase: erase})
	if waits {
		return &gone{http.StatusAccepted}, nil
	}
	return &gone{http.StatusNoContent}, a.fail(err, inValue)
}

var errNoMove = fault.New(fault.Invalid, "move.nothing", "A movement moves something: not 0.").On("amount")

func (a *API) move(ctx context.Context, in *moveIn) (*factOut, error) {
	at := func(field string) string {
		switch field {
		case "path":
			return "path.path"
		case "once":
			return "header." + onceHeader
		case "grant":
			return "header." + GrantHeader
		}
		return inBody(field)
	}
	by, err := a.behalf(ctx, in.ID, in.OnBehalf)
	again := false
	if err == nil && in.Body.Amount == 0 {
		err = errNoMove
	}
	if err == nil {
		again, err = a.Life.Move(ctx, by, in.ID, signin.Movement{Path: in.Path, Amount: in.Body.Amount, Once: in.Once})
	}
	if err != nil {
		return nil, a.fail(err, at)
	}
	status := http.StatusCreated
	if again {
		status = http.StatusOK
	}
	f, err := a.at(ctx, in.ID, in.Path)
	return &factOut{status, f}, a.fail(err, at)
}
