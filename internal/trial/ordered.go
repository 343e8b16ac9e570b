package trial

import (
	"cmp"
	"errors"
	"io"
	"slices"
)

// Ordered gives the rows of a file in the order of time, and how many came after a
// later one: a profile must not know what came later. A file that is in order is
// read once more than else and nothing of it is kept; of another one 24 bytes a row are.
// Rows of one time stay as they stand, and a broken one behind the row before it.
func Ordered(file io.ReaderAt, size int64) (rows io.Reader, astray int64, err error) {
	whole := func() io.Reader { return io.NewSectionReader(file, 0, size) }
	err = eachSpan(whole(), func(s, before span) error {
		if s.at < before.at {
			return errAstray
		}
		return nil
	})
	if !errors.Is(err, errAstray) {
		return whole(), 0, err
	}
	o := &ordered{file: file, next: -1}
	latest := int64(0)
	err = eachSpan(whole(), func(s, before span) error {
		if len(o.spans) == 0 {
			o.head, latest = span{to: s.from}, s.at
		}
		if latest = max(latest, s.at); s.at < latest {
			astray++
		}
		o.spans = append(o.spans, s)
		return nil
	})
	slices.SortFunc(o.spans, func(a, b span) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.from, b.from)) })
	return o, astray, err
}

var errAstray = errors.New("a row is out of the order of time")

// span is where a row stands in its file.
type span struct{ at, from, to int64 }

// eachSpan goes through the rows of a file until do returns an error.
func eachSpan(from io.Reader, do func(s, before span) error) error {
	r, err := NewReader(from)
	if err != nil {
		return err
	}
	before := span{to: int64(r.used)} // behind the header
	for row := (Row{}); ; {
		err := r.Read(&row)
		s := span{at: row.At.UnixMicro(), from: before.to, to: r.bytes + int64(r.used)}
		var broken *Broken
		switch {
		case err == io.EOF:
			return nil
		case errors.As(err, &broken):
			s.at = before.at
		case err != nil:
			return err
		}
		if err := do(s, before); err != nil {
			return err
		}
		before = s
	}
}

// ordered reads the spans of a file one after the other.
type ordered struct {
	file  io.ReaderAt
	head  span
	spans []span
	next  int // -1 is the header
	now   *io.SectionReader
	last  byte // that was read of the present span
}

// Read implements io.Reader. A row that ended its file without a line feed gets one.
func (o *ordered) Read(b []byte) (int, error) {
	for len(b) > 0 {
		if o.now == nil {
			if o.next == len(o.spans) {
				return 0, io.EOF
			}
			s := o.head
			if o.next >= 0 {
				s = o.spans[o.next]
			}
			o.now, o.last, o.next = io.NewSectionReader(o.file, s.from, s.to-s.from), '\n', o.next+1
		}
		n, err := o.now.Read(b)
		if n > 0 {
			o.last = b[n-1]
			return n, nil
		}
		if err != io.EOF {
			return 0, err
		}
		if o.now = nil; o.last != '\n' {
			b[0] = '\n'
			return 1, nil
		}
	}
	return 0, nil
}
