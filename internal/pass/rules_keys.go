package pass

import "time"

const (
	daily      = 24 * time.Hour
	signsFor   = 30 * 24 * time.Hour // how long a key signs
	before     = 2 * 24 * time.Hour  // how long it is published before, so that every client has it by then
	publicFor  = 24 * time.Hour      // how long it is published after: an ID token is good for IDTokenFor
	kept       = 31 * 24 * time.Hour // how long it is kept after, to know an ID token at the sign-out: as long as a session lives
	IDTokenFor = 5 * time.Minute
)

// signing picks the key that signs at a time, of keys in the order in which they begin; -1 if none does.
func signing(all []Key, now time.Time) int {
	i := -1
	for j, k := range all {
		if !k.From.After(now) {
			i = j
		}
	}
	return i
}

// ended is when the next key took over from one; zero if none has.
func ended(all []Key, i int, now time.Time) time.Time {
	if i+1 < len(all) && !all[i+1].From.After(now) {
		return all[i+1].From
	}
	return time.Time{}
}

// published picks the keys that clients may meet: the one that signs, those that will, and
// the former one for a day.
func published(all []Key, now time.Time) (out []Key) {
	for i, k := range all {
		if end := ended(all, i, now); end.IsZero() || now.Sub(end) < publicFor {
			out = append(out, k)
		}
	}
	return out
}

// over picks the keys that nothing is known by any more.
func over(all []Key, now time.Time) (out []Key) {
	for i, k := range all {
		if end := ended(all, i, now); !end.IsZero() && now.Sub(end) >= kept {
			out = append(out, k)
		}
	}
	return out
}

// nextKey tells whether another key is due, and when it begins to sign. The first
// one begins at once; so does one that comes late, because the old one is overdue
// only while nobody could make another, and clients ask again for a key they do not know.
func nextKey(all []Key, now time.Time) (from time.Time, due bool) {
	if signing(all, now) < 0 {
		return now, true
	}
	newest := all[len(all)-1]
	if newest.From.After(now) || now.Before(newest.From.Add(signsFor-before)) {
		return time.Time{}, false
	}
	return now.Add(before), true
}
