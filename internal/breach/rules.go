package breach

import (
	"crypto/sha1" //nolint:gosec // it is the key of public lists and protects nothing
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// sum is the SHA-1 of a password.
type sum [sha1.Size]byte

// sumOf is taken of the normal form, in which passwords are kept, too: wide
// letters of a Japanese keyboard are the narrow ones on the lists.
func sumOf(password string) sum {
	if utf8.ValidString(password) {
		password = norm.NFKC.String(password)
	}
	return sha1.Sum([]byte(password)) //nolint:gosec // see above
}

// shard is the part of the filter that a sum belongs to, key what it is there.
func (s sum) shard() byte { return s[0] }

func (s sum) key() uint64 { return binary.LittleEndian.Uint64(s[1:9]) }

// form is what a file of passwords has on its lines.
type form string

// The forms.
const (
	sums   form = "SHA-1 lines"
	counts form = "SHA-1 lines with counts"
	words  form = "plain words"
	ntlm   form = "NTLM lines"
)

// formOf tells the form of a file from its first line. A password of forty
// digits of sixteen would mislead it: that file begins with no such line.
func formOf(line string) form {
	digits, count, counted := strings.Cut(line, ":")
	if counted && !isCount(count) || strings.Trim(digits, "0123456789abcdefABCDEF") != "" {
		return words
	}
	switch {
	case len(digits) == 2*sha1.Size && counted:
		return counts
	case len(digits) == 2*sha1.Size:
		return sums
	case len(digits) == 32 && counted:
		return ntlm
	}
	return words
}

func isCount(s string) bool {
	_, err := strconv.ParseUint(s, 10, 63)
	return err == nil
}

// parseSum reads HASH or HASH:COUNT; without a count it was seen once.
func parseSum(line []byte) (s sum, count uint64, ok bool) {
	if len(line) < 2*sha1.Size {
		return s, 0, false
	}
	if _, err := hex.Decode(s[:], line[:2*sha1.Size]); err != nil {
		return s, 0, false
	}
	switch rest := line[2*sha1.Size:]; {
	case len(rest) == 0:
		return s, 1, true
	case rest[0] == ':' && len(rest) > 1 && len(rest) < 20:
		for _, digit := range rest[1:] {
			if digit < '0' || digit > '9' {
				return s, 0, false
			}
			count = 10*count + uint64(digit-'0')
		}
		return s, count, true
	}
	return s, 0, false
}
