package risk

import (
	"errors"
	"fmt"
	"math"
)

// Weights are what each feature adds to the log-odds, and the average of each
// feature over the pairs they were fitted on.
type Weights struct {
	W, Mean Vector
	About   []string // how they came about, a line each
}

// Score is the log-odds that a vector is of an impostor.
func (w *Weights) Score(x *Vector) (s float64) {
	for i, f := range x {
		s += w.W[i] * f
	}
	return s
}

// A Pair is one sign-in held against one profile: the holder's own next one, or
// another user's sign-in tried on this account. No label of an attack is needed.
type Pair struct {
	X        Vector
	Impostor bool
}

// FitOptions govern a fit; the zero value works.
type FitOptions struct {
	L2    float64 // penalty on the square of each weight, over all pairs; 1 if zero
	Steps int     // of Newton at most; 50 if zero
}

// ErrPairs says that there is nothing to fit on.
var ErrPairs = errors.New("risk: a fit needs pairs of both kinds")

// Fit finds the weights under which the pairs are likeliest, by Newton's method
// with a ridge. Both kinds weigh the same in total, whatever their numbers, so
// that a score of zero means even odds. The same pairs give the same weights.
// What is unknown in a pair (NaN) is filled in, in place, with the average.
func Fit(pairs []Pair, o FitOptions) (*Weights, error) {
	if o.L2 == 0 {
		o.L2 = 1
	}
	if o.Steps == 0 {
		o.Steps = 50
	}
	var impostors int
	for i := range pairs {
		if pairs[i].Impostor {
			impostors++
		}
	}
	own := len(pairs) - impostors
	if impostors == 0 || own == 0 {
		return nil, ErrPairs
	}
	n := float64(len(pairs))
	f := fitting{pairs: pairs, l2: o.L2, weight: [2]float64{n / 2 / float64(own), n / 2 / float64(impostors)}}
	w := &Weights{Mean: f.means()}
	for i := range pairs {
		for j, v := range pairs[i].X {
			if math.IsInf(v, 0) {
				return nil, fmt.Errorf("risk: pair %d has no number for %s", i, features[j].name)
			}
			if math.IsNaN(v) {
				pairs[i].X[j] = w.Mean[j]
			}
		}
	}
	loss := f.loss(&w.W)
	for range o.Steps {
		step, err := f.newton(&w.W)
		if err != nil {
			return nil, err
		}
		next, better := w.W, false
		for scale := 1.0; scale > 1e-4; scale /= 2 { // a whole step may overshoot
			for j := range next {
				next[j] = w.W[j] + scale*step[j]
			}
			if l := f.loss(&next); l <= loss {
				better = loss-l > 1e-9*math.Abs(loss)
				w.W, loss = next, l
				break
			}
		}
		if !better {
			break
		}
	}
	return w, nil
}

type fitting struct {
	pairs  []Pair
	weight [2]float64 // of an own pair and an impostor's
	l2     float64
}

// means are the averages of what is known, both kinds weighing the same.
func (f *fitting) means() (mean Vector) {
	var total Vector
	for i := range f.pairs {
		k := f.weight[kindOf(&f.pairs[i])]
		for j, v := range f.pairs[i].X {
			if !math.IsNaN(v) {
				mean[j] += k * v
				total[j] += k
			}
		}
	}
	for j := range mean {
		if total[j] > 0 {
			mean[j] /= total[j]
		}
	}
	return mean
}

func kindOf(p *Pair) int {
	if p.Impostor {
		return 1
	}
	return 0
}

func (f *fitting) loss(w *Vector) float64 {
	var sum float64
	for i := range f.pairs {
		p := &f.pairs[i]
		s := dot(w, &p.X)
		if p.Impostor {
			s = -s
		}
		sum += f.weight[kindOf(p)] * softplus(s)
	}
	for j, v := range w {
		if j != one {
			sum += f.l2 / 2 * v * v
		}
	}
	return sum
}

// softplus is log(1+exp(s)) where exp(s) would not fit.
func softplus(s float64) float64 {
	if s > 30 {
		return s
	}
	return math.Log1p(math.Exp(s))
}

func dot(a, b *Vector) (s float64) {
	for i := range a {
		s += a[i] * b[i]
	}
	return s
}

// newton gives the step that would be right if the loss were a parabola.
func (f *fitting) newton(w *Vector) (Vector, error) {
	var gradient Vector
	hessian := new([Features]Vector)
	for i := range f.pairs {
		p := &f.pairs[i]
		q := 1 / (1 + math.Exp(-dot(w, &p.X)))
		k := f.weight[kindOf(p)]
		y := float64(kindOf(p))
		for a, v := range p.X {
			if v == 0 {
				continue
			}
			gradient[a] += k * (y - q) * v
			row, h := &hessian[a], k*q*(1-q)*v
			for b := a; b < Features; b++ {
				row[b] += h * p.X[b]
			}
		}
	}
	for a := range Features {
		for b := range a {
			hessian[a][b] = hessian[b][a]
		}
		if a != one {
			gradient[a] -= f.l2 * w[a]
			hessian[a][a] += f.l2
		}
		hessian[a][a] += 1e-9
	}
	return solve(hessian, gradient)
}

// solve solves a symmetric positive definite system by Cholesky's decomposition.
func solve(a *[Features]Vector, b Vector) (Vector, error) {
	for i := range Features {
		for j := range i + 1 {
			s := a[i][j]
			for k := range j {
				s -= a[i][k] * a[j][k]
			}
			if i != j {
				a[i][j] = s / a[j][j]
				continue
			}
			if s <= 0 {
				return Vector{}, fmt.Errorf("risk: the pairs do not tell %s from other features", features[i].name)
			}
			a[i][i] = math.Sqrt(s)
		}
	}
	for i := range Features {
		for k := range i {
			b[i] -= a[i][k] * b[k]
		}
		b[i] /= a[i][i]
	}
	for i := Features - 1; i >= 0; i-- {
		for k := i + 1; k < Features; k++ {
			b[i] -= a[k][i] * b[k]
		}
		b[i] /= a[i][i]
	}
	return b, nil
}
