package trial

import (
	"bufio"
	"cmp"
	"container/heap"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"takeback/internal/draw"
)

// outside is an event as a service of others would report it. Its names are
// those of package risk's events.
type outside struct {
	ID      string        `json:"id"`
	Account string        `json:"account"`
	At      time.Time     `json:"at"`
	Kind    string        `json:"kind"`
	Session string        `json:"session,omitempty"`
	Unknown bool          `json:"unknown,omitempty"` // the name is no account
	Device  outsideDevice `json:"device"`
	Place   outsidePlace  `json:"place"`
	Client  outsideClient `json:"client"`
	Amount  int64         `json:"amount,omitempty"`
	Target  string        `json:"target,omitempty"`
}

type outsideDevice struct {
	Token string `json:"token,omitempty"`
	Given string `json:"given,omitempty"`
}

type outsidePlace struct {
	Address string `json:"address"`
	Network uint32 `json:"network"`
	Country string `json:"country"`
}

type outsideClient struct {
	Agent   string `json:"agent"`
	Browser string `json:"browser"`
	OS      string `json:"os"`
	Type    string `json:"type"`
}

// later is an event that waits for its time.
type later struct {
	at    int64
	order int
	event outside
}

// queue is a heap of what waits.
type queue []later

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(q[i].at, q[j].at), cmp.Compare(q[i].order, q[j].order)) < 0
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(later)) }
func (q *queue) Pop() any {
	old := *q
	x := old[len(old)-1]
	*q = old[:len(old)-1]
	return x
}

// afterwards writes sign-ins as events, and what follows them. No public set has
// these sequences: what is published is that hijackers look around for three
// minutes, that one in five takes more than twenty, that they lock the holder
// out and that half of the holders are back within 13 hours. The rest is assumed.
type afterwards struct {
	making  Making
	w       *bufio.Writer
	json    *json.Encoder
	waiting queue
	order   int
	session []string // of each account, its holder's last
}

func newAfterwards(m Making) *afterwards {
	if m.Events == nil {
		return &afterwards{}
	}
	w := bufio.NewWriterSize(m.Events, 1<<20)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return &afterwards{making: m, w: w, json: e, session: make([]string, m.Users)}
}

// follow writes what waits until then, the attempt, and lets follow what follows.
func (s *afterwards) follow(a attempt, id string, r *Row) error {
	if s.w == nil {
		return nil
	}
	for len(s.waiting) > 0 && s.waiting[0].at <= a.at {
		if err := s.json.Encode(heap.Pop(&s.waiting).(later).event); err != nil {
			return err
		}
	}
	e := outside{
		ID: "r" + id, Account: string(r.User), At: r.At, Kind: "sign-in", Unknown: a.nobody,
		Place:  outsidePlace{string(r.Address), r.Network, string(r.Country)},
		Client: outsideClient{string(r.Agent), string(r.Browser), string(r.System), string(r.Device)},
	}
	token := "d" + strconv.FormatUint(draw.Mix(uint64(a.user)<<16|uint64(a.client.device)<<8|uint64(a.client.system)), 36)
	switch {
	case a.failed:
		e.Kind = "sign-in-failed"
	case a.kind == stolen:
		e.ID, e.Kind, e.Session = id, "seen", s.session[a.user]
		s.takeOver(throw(s.making.Seed, 3, uint64(s.order)), a, e)
	case a.kind.intruder():
		e.Session, e.Device.Given = "s"+id, token+"i"+id
		s.takeOver(throw(s.making.Seed, 3, uint64(s.order)), a, e)
	default:
		e.Session = "s" + id
		s.session[a.user] = e.Session
		if a.cookie {
			e.Device.Token = token
		} else {
			e.Device.Given = token
		}
		s.goOn(throw(s.making.Seed, 3, uint64(s.order)), a, e)
	}
	return s.json.Encode(e)
}

// end writes what still waits.
func (s *afterwards) end() error {
	if s.w == nil {
		return nil
	}
	for len(s.waiting) > 0 {
		if err := s.json.Encode(heap.Pop(&s.waiting).(later).event); err != nil {
			return err
		}
	}
	return s.w.Flush()
}

// script is a sequence of events in one session, drawn with pauses.
type script struct {
	*afterwards
	dice
	at    int64
	steps int
	of    outside
}

// then lets something follow after a pause: a median in minutes, and how it spreads.
func (c *script) then(kind string, minutes, sigma float64, change func(*outside)) {
	c.at += max(1_000, int64(60_000*minutes*c.logNormal(0, sigma)))
	c.steps++
	e := c.of
	e.ID, e.Kind, e.At = fmt.Sprintf("%s.%d", c.of.ID, c.steps), kind, begin.Add(millis(c.at))
	if e.Device.Given != "" {
		e.Device = outsideDevice{Token: e.Device.Given} // given at the sign-in, shown since
	}
	if change != nil {
		change(&e)
	}
	c.order++
	heap.Push(&c.waiting, later{c.at, c.order, e})
}

func (s *afterwards) begin(d dice, a attempt, e outside) *script {
	s.order++
	return &script{afterwards: s, dice: d, at: a.at, of: e}
}

func (c *script) to(what string, who any) func(*outside) {
	return func(e *outside) { e.Target = fmt.Sprintf("%s-%v", what, who) }
}

func (c *script) purchase(target string) func(*outside) {
	amount := int64(100 * c.logNormal(3.7, 0.9))
	return func(e *outside) { e.Amount, e.Target = amount, target }
}

// takeOver is what an intruder does: look around, lock the holder out, point
// value somewhere else, take it. 2.254 is the spread that puts a fifth beyond
// twenty minutes when the median is three.
func (s *afterwards) takeOver(d dice, a attempt, e outside) {
	c := s.begin(d, a, e)
	first, spread := 3.0, 2.254
	step := func(kind string, change func(*outside)) {
		c.then(kind, first, spread, change)
		first, spread = 1.5, 0.8
	}
	switch x := c.Float64(); {
	case x < 0.5:
		step("email-changed", c.to("mail", e.ID))
		step("password-changed", nil)
	case x < 0.7:
		step("password-changed", nil)
		step("email-changed", c.to("mail", e.ID))
	case x < 0.85:
		step("email-changed", c.to("mail", e.ID))
	case x < 0.95:
		step("notice-changed", nil)
	}
	target := "address-" + e.ID
	if c.with(0.9) {
		step("address-added", c.to("address", e.ID))
	} else {
		target = "payee-" + e.ID
		step("payout-changed", c.to("payee", e.ID))
	}
	step("order-placed", c.purchase(target))
	c.of.Session, c.of.Device = "", outsideDevice{}
	c.then("holder-denied", 13*60, 1.2, func(e *outside) { e.Target = c.of.ID })
}

// goOn is what a holder does after a sign-in.
func (s *afterwards) goOn(d dice, a attempt, e outside) {
	c := s.begin(d, a, e)
	home := fmt.Sprintf("address-%d-0", a.user)
	switch {
	case a.kind == ownEmail:
		c.then("email-changed", 4, 1, c.to("mail", e.ID))
		if c.with(0.3) {
			c.then("password-changed", 2, 1, nil)
		}
	case a.kind == gift:
		c.then("address-added", 5, 0.8, c.to("gift", e.ID))
		c.then("order-placed", 2, 0.8, c.purchase("gift-"+e.ID))
		return
	case a.kind == movedHouse:
		c.then("address-added", 6, 1, c.to("address", e.ID))
	case a.kind == forgotten:
		c.then("password-changed", 2, 0.8, nil)
	case c.with(0.003):
		c.then("password-changed", 5, 1, nil)
	case c.with(0.006):
		c.then("address-added", 5, 1, c.to("address", e.ID))
	}
	if c.with(0.3) {
		c.then("seen", 2, 1, nil)
	}
	if c.with(0.08) {
		c.then("order-placed", 6, 1, c.purchase(home))
	}
}
