package judge

import (
	"context"
	"strconv"
	"strings"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/history"
	"takeback/internal/risk"

	"github.com/mileusna/useragent"
)

// MostAtOnce is how many events may come in one call.
const MostAtOnce = 100

// Reported is an event as a service tells of it.
type Reported struct {
	risk.Event
	IP        string // address of the holder's client, not of the service
	UserAgent string
}

// Answer is what a service is told about an event.
type Answer struct {
	Judged
	Acting bool  // false: in shadow; the service should let it be
	Err    error // instead of all else: this event was refused
}

// Take judges events of a service that keeps its own sign-in. Each is answered
// for itself: one that is refused keeps none of the others. The same event of
// the same service is decided once, and gets the same answer again.
func (j *Judge) Take(ctx context.Context, by access.Actor, events []Reported) (answers []Answer, err error) {
	defer fault.Wrap(&err, "judge.Take")
	if len(events) == 0 || len(events) > MostAtOnce {
		return nil, ErrBatch
	}
	arrived := make([]arrival, len(events))
	for i := range events { // before the transaction: other writers wait for that
		a := &arrived[i]
		if a.event, a.err = j.sound(events[i]); a.err != nil {
			continue
		}
		if a.body, err = bodyOf(&a.event); err != nil {
			return nil, err
		}
	}
	err = j.DB.Write(ctx, func(tx *db.Tx) (err error) {
		answers, err = j.takeAll(tx, by.ID, arrived)
		return err
	})
	return answers, err
}

// sound checks an event before anything is asked about it, and fills in what is known of its place and client.
func (j *Judge) sound(r Reported) (risk.Event, error) {
	e := r.Event
	if r.IP != "" {
		place := j.place(r.IP)
		if !place.Address.IsValid() {
			return e, errIP
		}
		e.Place = together(e.Place, place)
	}
	if e.Client == (risk.Client{}) {
		e.Client = clientOf(r.UserAgent)
	}
	e, err := e.Bounded(j.DB.Now().UnixMicro())
	if e.Marks&risk.NameUnknown != 0 {
		e.Account = "" // whatever the service calls it, it is nobody's
	}
	return e, err
}

// together is a place as tables know it, with what the service says where they say nothing.
func together(said, known risk.Place) risk.Place {
	if known.Network == 0 {
		known.Network = said.Network
	}
	if known.Country == "" {
		known.Country = said.Country
	}
	if !known.Located && said.Located {
		known.Located, known.Lat, known.Lon, known.ErrorKM = true, said.Lat, said.Lon, said.ErrorKM
	}
	known.Flags |= said.Flags
	return known
}

var errIP = fault.New(fault.Invalid, "event.ip", "This is not an IP address.").On("ip")

// clientOf is what a user agent says of itself.
func clientOf(agent string) risk.Client {
	if agent = bearable(agent); agent == "" {
		return risk.Client{}
	}
	ua := useragent.Parse(agent)
	c := risk.Client{Agent: agent, Browser: named(ua.Name, ua.Version), OS: named(ua.OS, ua.OSVersion), Type: "desktop"}
	switch {
	case ua.Bot:
		c.Type = "bot"
	case ua.Tablet:
		c.Type = "tablet"
	case ua.Mobile:
		c.Type = "mobile"
	case !ua.Desktop:
		c.Type = ""
	}
	return c
}

// bearable is a user agent as it can be kept: anybody makes them, so one that is
// too long or no text is cut and not refused.
func bearable(agent string) string {
	if len(agent) > risk.MaxAgent {
		agent = agent[:risk.MaxAgent]
	}
	return strings.ReplaceAll(strings.ToValidUTF8(agent, ""), "\x00", "")
}

func named(name, version string) string {
	if version != "" && name != "" {
		name += " " + version
	}
	if len(name) > risk.MaxText {
		name = strings.ToValidUTF8(name[:risk.MaxText], "")
	}
	return name
}

func eventID(seq int64) string { return strconv.FormatInt(seq, 10) }

// targetOf is where an order goes or letters go from now on.
func targetOf(c history.Change) string {
	if c.Verb == history.Order {
		return account.Fact{Value: c.After}.Parts()["ship_to"]
	}
	if c.Verb == history.Contact {
		return account.Fact{Value: c.After}.Text()
	}
	return c.Path
}
