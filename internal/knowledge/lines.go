package knowledge

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The bounds of files. They are far above what honest files have, and low
// enough that a wrong file cannot fill the memory.
const (
	maxFile   = 2 << 30 // bytes
	maxLine   = 4 << 10 // bytes
	maxFields = 64      // of a line
	maxName   = 100     // bytes of a name
)

// eachLine gives every line that says something, and its number from 1. What
// fn finds wrong is told with the line.
func eachLine(r io.Reader, fn func(line int, text string) error) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, maxLine), maxLine)
	n := 0
	for lines.Scan() {
		n++
		text := lines.Text()
		if n == 1 {
			text = strings.TrimPrefix(text, "\uFEFF")
		}
		text = strings.TrimSpace(text)
		if text == "" || text[0] == '#' {
			continue
		}
		if err := fn(n, text); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return fmt.Errorf("line %d: it is longer than %d bytes", n+1, maxLine)
	}
	return lines.Err()
}

// cut splits a line of a CSV into fields. It is not encoding/csv because files
// in the field have a space before a quote, which that reader refuses, and
// because an open quote must not swallow the lines that follow.
func cut(line string, separator byte, into []string) ([]string, error) {
	for len(into) < maxFields {
		line = strings.TrimLeft(line, " ")
		field, rest := line, ""
		more := false
		if strings.HasPrefix(line, `"`) {
			end := closing(line)
			if end < 0 {
				return nil, errors.New("a quote is not closed")
			}
			field = line[1:end]
			if strings.Contains(field, `""`) {
				field = strings.ReplaceAll(field, `""`, `"`)
			}
			rest = strings.TrimLeft(line[end+1:], " ")
			if rest != "" && rest[0] != separator {
				return nil, errors.New("something stands behind a closing quote")
			}
			if more = rest != ""; more {
				rest = rest[1:]
			}
		} else if i := strings.IndexByte(line, separator); i >= 0 {
			field, rest, more = line[:i], line[i+1:], true
		}
		into = append(into, strings.TrimSpace(field))
		if !more {
			return into, nil
		}
		line = rest
	}
	return nil, fmt.Errorf("it has more than %d fields", maxFields)
}

// closing finds the quote that closes a quoted field; two in a row are one that is meant.
func closing(line string) int {
	for i := 1; i < len(line); i++ {
		if line[i] != '"' {
			continue
		}
		if i+1 < len(line) && line[i+1] == '"' {
			i++
			continue
		}
		return i
	}
	return -1
}

// name makes a name of a file fit to be shown: one short line of text.
func name(s string) string {
	if plainName(s) {
		return s
	}
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	for end := range s {
		if end > maxName-utf8.UTFMax {
			return strings.TrimSpace(s[:end])
		}
	}
	return strings.TrimSpace(s)
}

func plainName(s string) bool {
	if len(s) > maxName {
		return false
	}
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}
