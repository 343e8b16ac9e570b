package trial

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
)

// truthWriter writes what lies behind rows that are not ordinary: the data set
// has no column for it.
type truthWriter struct{ w *bufio.Writer }

func newTruthWriter(to io.Writer) truthWriter {
	if to == nil {
		to = io.Discard
	}
	t := truthWriter{bufio.NewWriter(to)}
	_, _ = t.w.WriteString("index,kind,depth\n") // flush tells
	return t
}

func (t truthWriter) write(id string, a attempt) {
	_, _ = t.w.WriteString(id + "," + a.kind.String() + "," + strconv.Itoa(int(a.depth)) + "\n")
}

func (t truthWriter) flush() error { return t.w.Flush() }

// ReadTruth reads such a file: the kind of each index.
func ReadTruth(from io.Reader) (map[string]string, error) {
	r := csv.NewReader(from)
	r.FieldsPerRecord = -1
	r.ReuseRecord = true
	kinds, known := map[string]string{}, map[string]string{}
	for first := true; ; first = false {
		record, err := r.Read()
		if err == io.EOF {
			return kinds, nil
		}
		if err != nil {
			return nil, fmt.Errorf("truth: %w", err)
		}
		if len(record) < 2 {
			line, _ := r.FieldPos(0)
			return nil, fmt.Errorf("truth: line %d has %d fields, not index,kind,depth", line, len(record))
		}
		if first && string(bytes.ToLower([]byte(record[0]))) == "index" {
			continue
		}
		kind, ok := known[record[1]] // one text for all of a kind, not a copy of each line
		if !ok {
			kind = string([]byte(record[1]))
			known[kind] = kind
		}
		kinds[string([]byte(record[0]))] = kind
	}
}
