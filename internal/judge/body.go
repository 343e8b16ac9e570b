package judge

import (
	"encoding/json"
	"net/netip"

	"takeback/internal/db"
	"takeback/internal/risk"
)

// body is what the columns beside it do not say of an event, under the names
// that the event has for it; what is nothing is left out.
type body struct {
	Name    string       `json:",omitzero"`
	Device  bodyOfDevice `json:",omitzero"`
	Place   bodyOfPlace  `json:",omitzero"`
	Client  bodyOfClient `json:",omitzero"`
	Setting risk.Setting `json:",omitzero"`
	Amount  int64        `json:",omitzero"`
	Target  string       `json:",omitzero"`
	Like    string       `json:",omitzero"`
	Marks   risk.Marks   `json:",omitzero"`
}

type bodyOfDevice struct {
	Asked bool   `json:",omitzero"`
	Token string `json:",omitzero"`
	Given string `json:",omitzero"`
}

type bodyOfPlace struct {
	Address netip.Addr      `json:",omitzero"`
	Network uint32          `json:",omitzero"`
	Country string          `json:",omitzero"`
	Located bool            `json:",omitzero"`
	Lat     float32         `json:",omitzero"`
	Lon     float32         `json:",omitzero"`
	ErrorKM float32         `json:",omitzero"`
	Flags   risk.PlaceFlags `json:",omitzero"`
}

type bodyOfClient struct {
	Agent   string `json:",omitzero"`
	Browser string `json:",omitzero"`
	OS      string `json:",omitzero"`
	Type    string `json:",omitzero"`
}

// bodyOf is what is written of an event.
func bodyOf(e *risk.Event) (string, error) {
	b, err := json.Marshal(body{Name: e.Name, Device: bodyOfDevice(e.Device), Place: bodyOfPlace(e.Place), Client: bodyOfClient(e.Client),
		Setting: e.Setting, Amount: e.Amount, Target: e.Target, Like: e.Like, Marks: e.Marks})
	return string(b), err
}

// toldOf lists the events that services told of an account, oldest first.
func toldOf(tx *db.Tx, account string) ([]risk.Event, error) {
	return db.All(tx, func(s db.Scanner) (e risk.Event, err error) {
		var text json.RawMessage
		var kind string
		if err = s.Scan(&e.ID, &e.Account, &e.At, &kind, &e.Session, db.JSON(&text)); err != nil {
			return e, err
		}
		e.Kind, _ = risk.ParseKind(kind)
		return e, json.Unmarshal(text, &e)
	}, `SELECT event, account, at, kind, session, body FROM risk_event WHERE account = $1 AND source <> '' ORDER BY at, id`, account)
}
