package bench

import (
	"math/bits"
	"time"
)

// fine is how many bits of a duration are kept: a bucket is 3 % wide at most.
const fine = 5

// histogram counts durations. It has a fixed size, so that measuring makes no garbage.
type histogram struct {
	count   [64 << fine]uint32
	entries int
}

func (h *histogram) add(d time.Duration) {
	h.count[bucket(uint64(max(d, 1)))]++
	h.entries++
}

func (h *histogram) merge(o *histogram) {
	for i, n := range o.count {
		h.count[i] += n
	}
	h.entries += o.entries
}

// bucket is the highest bit of a number and the ones after it.
func bucket(n uint64) int {
	e := bits.Len64(n) - 1
	if e <= fine {
		return int(n)
	}
	return (e-fine)<<fine + int(n>>(e-fine))
}

// middle is the middle of the numbers in a bucket.
func middle(b int) float64 {
	if b < 2<<fine {
		return float64(b)
	}
	shift := b>>fine - 1
	low := uint64(b-shift<<fine) << shift
	return float64(low) + float64(uint64(1)<<shift)/2
}

// micros gives a quantile in microseconds; 0 if nothing was counted.
func (h *histogram) micros(q float64) float64 {
	rank := int(q * float64(h.entries))
	for b, n := range h.count {
		if rank -= int(n); rank < 0 {
			return middle(b) / 1000
		}
	}
	return 0
}
