package trial

import (
	"strconv"

	"takeback/internal/draw"
	"takeback/internal/risk"
)

// accounts are the profiles of a file, millions of them. They lie in pages, so
// that growing never copies them.
type accounts struct {
	number map[uint64]uint32 // of a user id
	pages  [][]risk.Profile
}

const pageSize = 1 << 12

func newAccounts() *accounts { return &accounts{number: map[uint64]uint32{}} }

// key makes a number of a user id. Those of the data set are numbers of 64 bits;
// any other text is hashed to one.
func key(user []byte) uint64 {
	if n, err := strconv.ParseInt(string(user), 10, 64); err == nil {
		return draw.Mix(uint64(n))
	}
	h := uint64(len(user))
	for _, c := range user {
		h = draw.Mix(h ^ uint64(c))
	}
	return draw.Mix(h ^ 1)
}

// find gives an account that is known.
func (a *accounts) find(user []byte) (number uint32, p *risk.Profile) {
	n, ok := a.number[key(user)]
	if !ok {
		return 0, nil
	}
	return n, &a.pages[n/pageSize][n%pageSize]
}

// open gives an account, a new one if need be.
func (a *accounts) open(user []byte) (number uint32, p *risk.Profile) {
	if n, p := a.find(user); p != nil {
		return n, p
	}
	n := uint32(len(a.number))
	a.number[key(user)] = n
	if int(n/pageSize) == len(a.pages) {
		a.pages = append(a.pages, make([]risk.Profile, pageSize))
	}
	return n, &a.pages[n/pageSize][n%pageSize]
}
