package trial

import (
	"slices"

	"takeback/internal/risk"
)

// A newcomer is a loud success in a file of rows of whom the account knew neither
// the place nor the client. The file does not say whether there was a challenge at
// all. So what he taught counts for everybody but those who come as he did, from his
// network with his agent: they are looked at as if he had not come, until nobody of
// his kind has come for some days (heldBack). And he makes nothing popular.
//
// That is what a guest is to a profile (risk/guest.go), but that he has taught the
// profile in full, and is taken out of the copy that his like are judged by. Kept as
// guests such newcomers cost twice as much, because a profile has room for fifteen.
type newcomer struct {
	lesson risk.Lesson
	days   int64 // that he is held back for
	until  int64 // the day, since 1970, from which he is not
}

// newcomers are those of all accounts that are still held back. There are as many as
// come in some days, however long the file is.
type newcomers struct {
	of    map[uint32][]newcomer
	due   map[int64][]uint32 // accounts to look at, by the day
	today int64
}

func newNewcomers() newcomers {
	return newcomers{of: map[uint32][]newcomer{}, due: map[int64][]uint32{}}
}

// mostNewcomers of an account are held back at once. Who comes when they are so many
// leaves nothing: room made by forgetting would be room for a flood.
const mostNewcomers = 16

// pass lets the days go by until a row, and lets go of those whose time is over.
func (n *newcomers) pass(at int64) {
	today := dayOf(at)
	if len(n.due) == 0 {
		n.today = max(n.today, today)
		return
	}
	for n.today < today {
		n.today++
		for _, account := range n.due[n.today] {
			if held := slices.DeleteFunc(n.of[account], func(x newcomer) bool { return x.until <= n.today }); len(held) > 0 {
				n.of[account] = held
			} else {
				delete(n.of, account)
			}
		}
		delete(n.due, n.today)
	}
}

// view is the profile that an event is judged by: without those held back who came
// as it does. It is the profile itself if there are none.
func (n *newcomers) view(e *risk.Event, account uint32, p *risk.Profile, c *risk.Counters) *risk.Profile {
	if p == nil {
		return nil
	}
	seen := p
	for _, x := range slices.Backward(n.of[account]) { // the last first, as he is un-learnt without a trace
		if !x.lesson.Like(e, c) {
			continue
		}
		if seen == p {
			q := p.Clone()
			seen = &q
		}
		seen.Unlearn(x.lesson)
	}
	return seen
}

// learn lets a success teach that was judged by a view of the profile. If days are
// not zero, or if one of his like is held back, he is held back too, and they for as
// long as he is: who comes again and again is not known for that.
func (n *newcomers) learn(e *risk.Event, account uint32, p *risk.Profile, c *risk.Counters, days int) {
	wait := int64(days)
	for _, x := range n.of[account] {
		if x.lesson.Like(e, c) {
			wait = max(wait, x.days)
		}
	}
	lesson, ok := p.Learn(e, c)
	if !ok {
		return
	}
	if wait == 0 {
		c.Learn(lesson)
		return
	}
	c.Hear(lesson)
	if len(n.of[account]) < mostNewcomers {
		n.of[account] = append(n.of[account], newcomer{lesson: lesson, days: wait})
	} else {
		p.Unlearn(lesson)
	}
	for i := range n.of[account] {
		x := &n.of[account][i]
		if until := max(dayOf(e.At)+x.days, n.today+1); x.until < until && x.lesson.Like(e, c) {
			x.until = until
			n.due[until] = append(n.due[until], account)
		}
	}
}

func dayOf(micros int64) int64 { return micros / (24 * 3600 * 1e6) }
