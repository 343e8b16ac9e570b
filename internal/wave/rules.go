package wave

import (
	"slices"
	"strings"
	"time"

	"takeback/internal/access"
)

// Level is how the door stands for somebody who comes to it.
type Level int

// The levels. A holder notices nothing of the first two.
const (
	Calm   Level = iota
	Rising       // a proof of work is asked for
	High         // the picture puzzle is asked for
)

const (
	// window is what "now" means: the minutes that are compared with what is usual.
	window = 3
	// above is how many times the usual a wave is.
	above = 4
	// highest is how many times a wave's threshold calls for the puzzle: by then the proof has not slowed it.
	highest = 10
	// over is for how long it must have been calm before a wave is over.
	over = 10 * time.Minute
	// usualOver is how far back the usual is measured.
	usualOver = 24 * time.Hour
)

// Sources of a wave: everybody, a network, a kind of client.
const (
	everybody = ""
	byNetwork = "net "
	byAgent   = "agent "
)

// floor is how many different names in a window are no wave yet, however calm it
// is usually: people mistype, and in a network of a mobile carrier many do.
func floor(source string) int {
	switch {
	case strings.HasPrefix(source, byNetwork):
		return 20
	case strings.HasPrefix(source, byAgent):
		return 40
	}
	return 60
}

// lowest is the least of all floors.
const lowest = 20

// standing tells how the door stands towards a source, by the different names
// that failed from it in the window, the tries these were, and the usual number
// of names a minute. Many tries at few names are no stuffing: the limits of those
// names are for that.
func standing(source string, names, tries, usual int) Level {
	threshold := max(floor(source), above*window*usual)
	switch {
	case names < threshold || tries > 5*names:
		return Calm
	case names >= highest*threshold:
		return High
	}
	return Rising
}

// usually is the middle of what minutes counted; minutes without a row counted
// nothing. The middle forgets a wave that was shorter than half of the time.
func usually(counted []int, minutes int) int {
	if len(counted) <= minutes/2 {
		return 0
	}
	slices.Sort(counted)
	return counted[len(counted)-1-minutes/2]
}

// agentMost is how much of what a client calls itself tells it from another.
const agentMost = 160

// sourcesOf lists what a client belongs to.
func sourcesOf(c access.Client) [3]string {
	return [3]string{everybody, byNetwork + c.Provider(), byAgent + strings.ToValidUTF8(c.UserAgent[:min(len(c.UserAgent), agentMost)], "")}
}
