package trial

import (
	"bufio"
	"bytes"
	"io"
	"strconv"
	"strings"
)

// Writer writes rows as the data set has them.
type Writer struct {
	w *bufio.Writer
	b []byte
}

// NewWriter writes the header.
func NewWriter(to io.Writer) (*Writer, error) {
	w := &Writer{w: bufio.NewWriterSize(to, 1<<20)}
	_, err := w.w.WriteString(strings.Join(columnNames[:], ",") + "\n")
	return w, err
}

// Write writes a row.
func (w *Writer) Write(r *Row) error {
	b := append(append(w.b[:0], r.Index...), ',')
	b = r.At.AppendFormat(b, "2006-01-02 15:04:05.000")
	for _, text := range [...][]byte{r.User, r.RoundTrip, r.Address, r.Country, r.Region, r.City} {
		b = appendField(append(b, ','), text)
	}
	b = strconv.AppendUint(append(b, ','), uint64(r.Network), 10)
	for _, text := range [...][]byte{r.Agent, r.Browser, r.System, r.Device} {
		b = appendField(append(b, ','), text)
	}
	for _, is := range [...]bool{r.Success, r.Listed, r.Takeover} {
		b = append(b, ',')
		if is {
			b = append(b, "True"...)
		} else {
			b = append(b, "False"...)
		}
	}
	w.b = append(b, '\n')
	_, err := w.w.Write(w.b)
	return err
}

// Flush writes what waits.
func (w *Writer) Flush() error { return w.w.Flush() }

func appendField(b, text []byte) []byte {
	if bytes.IndexAny(text, ",\"\r\n") < 0 {
		return append(b, text...)
	}
	b = append(b, '"')
	for _, c := range text {
		if c == '"' {
			b = append(b, '"')
		}
		b = append(b, c)
	}
	return append(b, '"')
}
