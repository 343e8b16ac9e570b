package console

import (
	"fmt"
	"net/http"
	"time"

	"takeback/internal/casefile"
	"takeback/internal/desk"
	"takeback/internal/web"
)

var (
	queuePage = web.NewView[queueView](pages, "queue")
	wallPage  = web.NewView[wallView](pages, "wall")
)

// tick is how often a page with clocks on it asks again although nothing changed.
const tick = 10 * time.Second

type queueView struct {
	web.Page
	Board    desk.Board
	Duties   []desk.Duty
	Outcomes []string
}

func (p *Pages) showQueue(w http.ResponseWriter, r *http.Request) error {
	board, err := p.Desk.Board(r.Context(), web.ActorOf(r))
	if err != nil {
		return err
	}
	v := queueView{Page: web.NewPage(r, "queue.title"), Board: board, Duties: []desk.Duty{desk.On, desk.Break, desk.Off}, Outcomes: desk.Outcomes}
	v.Wide = true
	return queuePage.Render(w, r, v)
}

// Clock shows a length of time as minutes and seconds, for clocks that run.
func Clock(d time.Duration) string {
	d = d.Abs().Round(time.Second)
	if d >= time.Hour {
		return fmt.Sprintf("%d:%02d:%02d", d/time.Hour, d%time.Hour/time.Minute, d%time.Minute/time.Second)
	}
	return fmt.Sprintf("%d:%02d", d/time.Minute, d%time.Minute/time.Second)
}

// Left says what is left of a promise.
func (v queueView) Left(c desk.Call) string { return left(v.Page, c) }

func left(p web.Page, c desk.Call) string {
	switch {
	case !c.DoneAt.IsZero() || c.TakenBy != "":
		return ""
	case c.Left < 0:
		return p.T("call.late", Clock(c.Left))
	case c.Left > time.Hour:
		return p.T("call.at", p.When(c.DueAt))
	}
	return p.T("call.left", Clock(c.Left))
}

// Short is a case's number as people say it: its last characters.
func (v queueView) Short(id string) string { return short(id) }

func short(id string) string {
	const said = 6
	return id[max(0, len(id)-said):]
}

// Hot tells whether a call wants somebody now.
func (v queueView) Hot(c desk.Call) bool { return c.TakenBy == "" && c.Left < time.Minute }

// Begin is the beginning of a story, for a line in the queue.
func (v queueView) Begin(c casefile.Case) string {
	const most = 120
	r := []rune(c.Story)
	if len(r) <= most {
		return c.Story
	}
	return string(r[:most]) + "…"
}

// Choice gives the outcomes of a call to choose from.
func (v queueView) Choice() []web.Option { return v.Offer("outcome", v.Outcomes...) }

// events tells that something of the queue changed, and lets clocks run on.
func (p *Pages) events(w http.ResponseWriter, r *http.Request) error {
	changed := make(chan string, 1)
	heard := p.Desk.Changes(r.Context(), "")
	go func() {
		clock := time.NewTicker(tick)
		defer clock.Stop()
		for {
			select {
			case <-r.Context().Done():
				return
			case <-heard:
			case <-clock.C:
			}
			select {
			case changed <- "":
			default: // one is waiting already
			}
		}
	}()
	return web.Stream(w, r, changed)
}

func (p *Pages) setDuty(w http.ResponseWriter, r *http.Request) error {
	f := web.FormOf(r)
	duty := f.Choice("duty", string(desk.On), string(desk.Break), string(desk.Off))
	if err := f.Err(); err != nil {
		return err
	}
	if err := p.Desk.SetDuty(r.Context(), web.ActorOf(r), desk.Duty(duty)); err != nil {
		return err
	}
	return web.Done(w, r, "/desk", "duty."+duty)
}

func (p *Pages) takeCall(w http.ResponseWriter, r *http.Request) error {
	c, err := p.Desk.TakeCall(r.Context(), web.ActorOf(r), r.PathValue("call"))
	if err != nil {
		return err
	}
	return web.Done(w, r, "/desk/cases/"+c.Case, "call.taken")
}

func (p *Pages) finishCall(w http.ResponseWriter, r *http.Request) error {
	f := web.FormOf(r)
	outcome := f.Choice("outcome", desk.Outcomes...)
	if err := f.Err(); err != nil {
		return err
	}
	if err := p.Desk.FinishCall(r.Context(), web.ActorOf(r), r.PathValue("call"), outcome); err != nil {
		return err
	}
	return web.Done(w, r, web.Return(r, "/desk"), "call.done")
}

type wallView struct {
	web.Page
	Wall    desk.Wall
	Guessed int // names that are being tried with guessed passwords; 0 in calm weather
}

// Longest shows how long the first caller waits.
func (v wallView) Longest() string { return Clock(v.Wall.Longest) }

func (p *Pages) showWall(w http.ResponseWriter, r *http.Request) error {
	wall, err := p.Desk.Wall(r.Context(), web.ActorOf(r))
	if err != nil {
		return err
	}
	v := wallView{Page: web.NewPage(r, "wall.title"), Wall: wall}
	waves, err := p.waves(r.Context())
	if err != nil {
		return err
	}
	for _, w := range waves {
		if w.Ended.IsZero() {
			v.Guessed = max(v.Guessed, w.Names)
		}
	}
	v.Wide = true
	return wallPage.Render(w, r, v)
}
