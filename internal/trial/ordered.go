package trial

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"math"
	"slices"
	"sort"
)

// Ordered gives the rows of a file in the order of time, and how many came after a
// later one: a profile must not know what came later. A file that is in order is
// read once more than else and nothing of it is kept; of another one 24 bytes a row are.
// Rows of one time stay as they stand, and a broken one behind the row before it.
func Ordered(file io.ReaderAt, size int64) (rows io.Reader, astray int64, err error) {
	whole := func() io.Reader { return io.NewSectionReader(file, 0, size) }
	err = eachSpan(whole(), func(s, before span, _ *Reader) error {
		if s.at < before.at {
			return errAstray
		}
		return nil
	})
	if !errors.Is(err, errAstray) {
		return whole(), 0, err
	}
	o := &ordered{file: file, size: size, next: -1, at: -1}
	latest := int64(0)
	err = eachSpan(whole(), func(s, _ span, r *Reader) error {
		if len(o.spans) == 0 {
			o.head, latest = span{size: uint32(s.from)}, s.at
		}
		if latest = max(latest, s.at); s.at < latest {
			astray++
		}
		o.spans = append(o.spans, s)
		if last := len(o.marks) - 1; last < 0 || r.begun-o.marks[last].from >= apart {
			o.marks = append(o.marks, mark{r.begun, r.line})
		}
		return nil
	})
	slices.SortFunc(o.spans, func(a, b span) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.from, b.from)) })
	return o, astray, err
}

var errAstray = errors.New("a row is out of the order of time")

// span is where a row stands in its file, and the how manieth it is there.
type span struct {
	at, from     int64
	size, number uint32
}

// mark is a place in a file whose line is known. They stand apart, so that a line
// is found by counting a little, and a file costs a few bytes for each stretch.
type mark struct{ from, line int64 }

const apart = 1 << 16

// eachSpan goes through the rows of a file until do returns an error.
func eachSpan(from io.Reader, do func(s, before span, r *Reader) error) error {
	r, err := NewReader(from)
	if err != nil {
		return err
	}
	before, end := span{}, int64(r.used) // behind the header
	for row := (Row{}); ; {
		err := r.Read(&row)
		to := r.bytes + int64(r.used)
		// A row beyond what is counted here is too long by far, and so is its beginning.
		s := span{at: row.At.UnixMicro(), from: end, size: uint32(min(to-end, math.MaxUint32)), number: uint32(r.rows - 1)}
		var broken *Broken
		switch {
		case err == io.EOF:
			return nil
		case errors.As(err, &broken):
			s.at = before.at
		case err != nil:
			return err
		}
		if err := do(s, before, r); err != nil {
			return err
		}
		before, end = s, to
	}
}

// ordered reads the spans of a file one after the other.
type ordered struct {
	file  io.ReaderAt
	size  int64
	head  span
	spans []span
	marks []mark
	next  int // -1 is the header
	now   *io.SectionReader
	last  byte // that was read of the present span

	// Where whoever reads is: it reads ahead, and asks where rows come from.
	at   int   // a span, -1 is the header
	from int64 // what was read before it
}

// of gives the span that a place in what was read comes from, and the place in
// the file. It is asked for later and later places.
func (o *ordered) of(place int64) (span, int64) {
	for o.at < len(o.spans)-1 {
		s := o.span(o.at)
		end := o.from + int64(s.size)
		if !o.ends(s) {
			end++ // Read closed the line
		}
		if place < end {
			break
		}
		o.at, o.from = o.at+1, end
	}
	s := o.span(o.at)
	return s, s.from + place - o.from
}

func (o *ordered) span(i int) span {
	if i < 0 {
		return o.head
	}
	return o.spans[i]
}

// ends tells whether a span ends with a line feed.
func (o *ordered) ends(s span) bool {
	to := s.from + int64(s.size)
	if s.size < math.MaxUint32 && to < o.size {
		return true
	}
	var b [1]byte
	_, err := o.file.ReadAt(b[:], to-1)
	return err == nil && b[0] == '\n'
}

// line tells which line of the file a place in what was read comes from. Where the
// file cannot be read any more it is that of the mark before.
func (o *ordered) line(place int64) int64 {
	_, to := o.of(place)
	i := sort.Search(len(o.marks), func(i int) bool { return o.marks[i].from > to }) - 1
	if i < 0 {
		return 1
	}
	between := make([]byte, to-o.marks[i].from)
	n, _ := o.file.ReadAt(between, o.marks[i].from)
	return o.marks[i].line + int64(bytes.Count(between[:n], []byte{'\n'}))
}

// Read implements io.Reader. A row that ended its file without a line feed gets one.
func (o *ordered) Read(b []byte) (int, error) {
	for len(b) > 0 {
		if o.now == nil {
			if o.next == len(o.spans) {
				return 0, io.EOF
			}
			s := o.span(o.next)
			o.now, o.last, o.next = io.NewSectionReader(o.file, s.from, int64(s.size)), '\n', o.next+1
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
