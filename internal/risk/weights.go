package risk

import (
	"bufio"
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

//go:embed weights.txt
var shippedWeights []byte

// ShippedWeights are the weights that the program brings along. Their head says
// how they came about; an operator's own fit is better.
func ShippedWeights() (*Weights, error) { return ReadWeights(bytes.NewReader(shippedWeights)) }

// WriteTo writes weights as text: what they are about as remarks, then a line
// for each feature with its weight and average.
func (w *Weights) WriteTo(out io.Writer) (int64, error) {
	var b bytes.Buffer
	for _, line := range w.About {
		fmt.Fprintf(&b, "# %s\n", line)
	}
	for i := range features {
		fmt.Fprintf(&b, "%s %s %s\n", features[i].name, strconv.FormatFloat(w.W[i], 'g', 6, 64), strconv.FormatFloat(w.Mean[i], 'g', 6, 64))
	}
	return b.WriteTo(out)
}

// ReadWeights reads what WriteTo wrote. A feature that is missing or unknown is an
// error, because half a model is none.
func ReadWeights(in io.Reader) (*Weights, error) {
	at := map[string]int{}
	for i := range features {
		at[features[i].name] = i
	}
	w, lines := &Weights{}, bufio.NewScanner(in)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if remark, yes := strings.CutPrefix(line, "#"); yes {
			w.About = append(w.About, strings.TrimSpace(remark))
			continue
		}
		if line == "" {
			continue
		}
		f := strings.Fields(line)
		if len(f) != 3 {
			return nil, fmt.Errorf("risk: weights, line %d: want a feature, its weight and its average", n)
		}
		i, known := at[f[0]]
		if !known {
			return nil, fmt.Errorf("risk: weights, line %d: there is no feature %q, or it came before", n, f[0])
		}
		delete(at, f[0])
		var err, err2 error
		w.W[i], err = strconv.ParseFloat(f[1], 64)
		w.Mean[i], err2 = strconv.ParseFloat(f[2], 64)
		if err = errors.Join(err, err2); err != nil {
			return nil, fmt.Errorf("risk: weights, line %d: %w", n, err)
		}
		if sum := w.W[i] + w.Mean[i]; math.IsNaN(sum) || math.IsInf(sum, 0) {
			return nil, fmt.Errorf("risk: weights, line %d: not a number", n)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	for name := range at {
		return nil, fmt.Errorf("risk: weights: the feature %s is missing", name)
	}
	return w, nil
}
