package jobs

import "time"

const (
	leaseFor = 20 * time.Second // how long a process that died may keep a job from others
	runFor   = 15 * time.Second // how long a handler may take
	giveUp   = 72 * time.Hour   // after that a job is a dead letter
	longest  = 15 * time.Minute // between two tries
)

// wait says how long to wait after a failed attempt: one second, doubled each
// time, with up to half as much again by a jitter in [0, 1) so that those who
// failed together do not come back together.
func wait(attempt int, jitter float64) time.Duration {
	d := longest
	if attempt <= 10 {
		d = min(longest, time.Second<<max(0, attempt-1))
	}
	return d + time.Duration(jitter*float64(d)/2)
}
