package trial

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// The longest row that is read, and over how many lines a quoted field may go.
// Whoever sends a user agent of ten megabytes, or never closes a quote, breaks
// one row and not the reading of the others.
const (
	longest  = 1 << 20
	maxLines = 16
)

// Reader reads rows, one at a time, and keeps none of them.
type Reader struct {
	from       io.Reader
	of         *ordered // from, if it is not read as it stands
	buf        []byte
	start, end int   // what is not consumed yet
	ended      error // what from said last
	used       int   // bytes and lines of the row that was read last
	lines      int64
	line       int64 // where the row that was read last begins
	begun      int64 // the same in bytes
	bytes      int64
	rows       int64

	place  [columns]int // which field of a line a column is, -1 if none
	fields int
	cut    [][]byte
	plain  []byte // fields without their doubled quotes
	index  []byte
}

// NewReader reads the header.
func NewReader(from io.Reader) (*Reader, error) {
	r := &Reader{from: from, buf: make([]byte, 2*longest), line: 1}
	r.of, _ = from.(*ordered)
	head, err := r.next()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("the file is empty: its first line must name the columns")
	}
	if err != nil {
		return nil, err
	}
	if !r.split(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))) {
		return nil, errors.New("line 1: a quote is not closed in the names of the columns")
	}
	if bytes.IndexByte(head, 0) >= 0 {
		return nil, errors.New("line 1: the file seems to be in UTF-16; it must be in UTF-8")
	}
	for i := range r.place {
		r.place[i] = slices.IndexFunc(r.cut, func(f []byte) bool { return plainName(string(f)) == plainName(columnNames[i]) })
	}
	for _, c := range needed {
		if r.place[c] < 0 {
			return nil, fmt.Errorf("line 1: there is no column %q%s", columnNames[c], hint(head))
		}
	}
	if bytes.IndexByte(head, '\r') >= 0 {
		return nil, errors.New("line 1: lines end with a carriage return alone; write a line feed, as Unix and Windows do")
	}
	r.fields = len(r.cut)
	return r, nil
}

// plainName lets "Login Timestamp", "login_timestamp" and "LoginTimestamp" be the same column.
func plainName(s string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c >= 'A' && c <= 'Z':
			return c + 'a' - 'A'
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			return c
		}
		return -1
	}, s)
}

// hint says what is probably the matter with a header that lacks a column.
func hint(head []byte) string {
	switch {
	case bytes.IndexByte(head, '\r') >= 0:
		return ": lines end with a carriage return alone; write a line feed, as Unix and Windows do"
	case bytes.Count(head, []byte{';'}) > bytes.Count(head, []byte{','}):
		return ": columns are separated by commas, not by semicolons"
	case bytes.Count(head, []byte{'\t'}) > bytes.Count(head, []byte{','}):
		return ": columns are separated by commas, not by tabs"
	}
	return fmt.Sprintf(" among %.120q; the first line must name the columns", head)
}

// Bytes tells how much of the file was read, for whoever shows progress.
func (r *Reader) Bytes() int64 { return r.bytes }

// Rows tells how many rows were read, broken ones with them.
func (r *Reader) Rows() int64 { return r.rows }

// Line tells in which line of the file the row began that was read last.
func (r *Reader) Line() int64 {
	if r.of != nil {
		return r.of.line(r.begun)
	}
	return r.line
}

// number tells the how manieth in the file the row is that was read last, from 0.
func (r *Reader) number() int64 {
	if r.of != nil {
		s, _ := r.of.of(r.begun)
		return int64(s.number)
	}
	return r.rows - 1
}

// Read reads the next row into row. It returns io.EOF at the end, and a *Broken
// for a row that cannot be read: go on after it.
func (r *Reader) Read(row *Row) error {
	line, err := r.next()
	for err == nil && len(line) == 0 {
		line, err = r.next()
	}
	if err != nil {
		return err
	}
	r.rows++
	if !r.split(line) && !r.splitLines() {
		return &Broken{r.Line(), "", "a quote is not closed"}
	}
	if len(r.cut) != r.fields {
		return &Broken{r.Line(), "", fmt.Sprintf("has %d fields, the header has %d", len(r.cut), r.fields)}
	}
	return r.fill(row)
}

// next steps over the row before and gives the next line without its end.
func (r *Reader) next() ([]byte, error) {
	r.start += r.used
	r.bytes += int64(r.used)
	r.line += r.lines
	r.used, r.lines, r.begun = 0, 0, r.bytes
	n, err := r.lineEnd(0)
	if errors.Is(err, errTooLong) {
		r.rows++
		r.lines = 1
		if err := r.skipLine(); err != nil {
			return nil, err
		}
		return nil, &Broken{r.Line(), "", fmt.Sprintf("is longer than %d bytes", longest)}
	}
	if err != nil {
		return nil, err
	}
	r.lines = 1
	return r.upTo(n), nil
}

var errTooLong = errors.New("too long")

// lineEnd tells where the line ends that goes on at from, counted from the
// beginning of what is not consumed.
func (r *Reader) lineEnd(from int) (int, error) {
	for {
		have := r.buf[r.start:r.end]
		if i := bytes.IndexByte(have[min(from, len(have)):], '\n'); i >= 0 {
			return from + i, nil
		}
		switch from = len(have); {
		case from > longest:
			return 0, errTooLong
		case r.ended == io.EOF && from > 0:
			return from, nil
		case r.ended != nil:
			return 0, r.ended
		}
		r.more()
	}
}

// upTo gives what is not consumed up to a line's end, and marks it as used.
func (r *Reader) upTo(n int) []byte {
	r.used = min(n+1, r.end-r.start)
	return bytes.TrimSuffix(r.buf[r.start:r.start+n], []byte("\r"))
}

func (r *Reader) more() {
	if r.end == len(r.buf) {
		r.end = copy(r.buf, r.buf[r.start:r.end])
		r.start = 0
	}
	n, err := r.from.Read(r.buf[r.end:])
	r.end += n
	r.ended = err
}

// skipLine consumes what belongs to a line that is too long to be kept.
func (r *Reader) skipLine() error {
	for {
		if i := bytes.IndexByte(r.buf[r.start:r.end], '\n'); i >= 0 {
			r.used = i + 1
			return nil
		}
		r.bytes += int64(r.end - r.start)
		r.start, r.end = 0, 0
		if r.ended == io.EOF {
			return nil // the next call tells
		}
		if r.ended != nil {
			return r.ended
		}
		r.more()
	}
}

// splitLines goes on with a row whose quote was open at the end of its first
// line, if it closes within a few lines with the right number of fields. If it
// does not, the first line alone is the broken row. Lines that only came together
// when rows were put in order make no row.
func (r *Reader) splitLines() bool {
	first, most := r.used, int64(longest)
	if r.of != nil {
		s, at := r.of.of(r.begun)
		most = min(most, s.from+int64(s.size)-at)
	}
	for n := first; r.lines < maxLines; n++ {
		var err error
		if n, err = r.lineEnd(n); err != nil || int64(n) > most {
			break
		}
		r.lines++
		if r.split(r.upTo(n)) && len(r.cut) == r.fields {
			return true
		}
	}
	r.used, r.lines = first, 1
	return false
}

// split cuts a line at its commas. It returns false if a quote is open at its end.
func (r *Reader) split(line []byte) bool {
	r.cut = r.cut[:0]
	r.plain = r.plain[:0]
	for {
		var field []byte
		more, closed := false, true
		if len(line) > 0 && line[0] == '"' {
			field, line, more, closed = r.quoted(line[1:])
		} else {
			field, line, more = bytes.Cut(line, []byte{','})
		}
		if !closed {
			return false
		}
		r.cut = append(r.cut, field)
		if !more {
			return true
		}
	}
}

// quoted reads a field behind its opening quote. A quote that neither is doubled
// nor stands before a comma is one of the text: user agents are made by anybody.
func (r *Reader) quoted(line []byte) (field, rest []byte, more, closed bool) {
	if i := bytes.IndexByte(line, '"'); i >= 0 && i+1 < len(line) && line[i+1] == ',' {
		return line[:i], line[i+2:], true, true
	}
	// Growing now, whatever is appended below stays where it is.
	r.plain = slices.Grow(r.plain, len(line))
	from := len(r.plain)
	for i := 0; i < len(line); i++ {
		if line[i] == '"' {
			switch {
			case i+1 == len(line):
				return r.plain[from:], nil, false, true
			case line[i+1] == ',':
				return r.plain[from:], line[i+2:], true, true
			case line[i+1] == '"':
				i++
			}
		}
		r.plain = append(r.plain, line[i])
	}
	return nil, nil, false, false
}
