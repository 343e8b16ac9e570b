package bench

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
)

// JSON writes results as one object, by name.
func JSON(w io.Writer, results map[string]Result) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(results)
}

// Table writes a line per result, as they come.
type Table struct{ w *tabwriter.Writer }

// NewTable begins a table with its heading.
func NewTable(w io.Writer) Table {
	t := Table{tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)}
	fmt.Fprintln(t.w, "\tengine\tper s\tlimit per s\tof limit\t(quartiles)\tp50\tp99\tp99.9\t  the limit is")
	return t
}

// Add writes a result.
func (t Table) Add(name string, r Result) error {
	_, err := fmt.Fprintf(t.w, "%s\t%s\t%.0f\t%.0f\t%.0f %%\t(%.0f–%.0f %%)\t%s\t%s\t%s\t  %s\n", name, r.Engine, r.PerSecond, r.LimitPerSecond,
		100*r.Ratio, 100*r.RatioLow, 100*r.RatioHigh, duration(r.P50), duration(r.P99), duration(r.P999), r.LimitIs)
	for _, words := range slices.Sorted(maps.Keys(r.More)) {
		_, e := fmt.Fprintf(t.w, "  %s: %.4g\n", words, r.More[words])
		err = errors.Join(err, e)
	}
	return err
}

// Flush ends the table.
func (t Table) Flush() error { return t.w.Flush() }

func duration(micros float64) string {
	if micros >= 1000 {
		return fmt.Sprintf("%.1f ms", micros/1000)
	}
	return fmt.Sprintf("%.0f µs", micros)
}
