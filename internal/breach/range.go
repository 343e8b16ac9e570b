package breach

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"takeback/internal/seal"
)

// patience is how long a service may take: somebody waits for the page.
const patience = time.Second

// maxAnswer is how long an answer may be. An honest one has a thousand lines.
const maxAnswer = 1 << 20

// Range asks a service by the first five of the forty digits of a password's
// SHA-1; it answers with all that begin so, and does not learn which was meant.
type Range struct {
	url      string
	client   *http.Client
	patience time.Duration
}

// NewRange takes the address before the five digits: https://…/range. Without
// TLS it must be this machine.
func NewRange(address string) (*Range, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return nil, fmt.Errorf("%q is no address of a range service: write https://…/range", address)
	}
	host := u.Hostname()
	ip := net.ParseIP(host)
	if u.Scheme != "https" && !(u.Scheme == "http" && (host == "localhost" || ip != nil && ip.IsLoopback())) {
		return nil, fmt.Errorf("%q: a service on another machine is asked by https alone", address)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return &Range{strings.TrimSuffix(address, "/") + "/", client, patience}, nil
}

// Has asks whether a password is known to the service. No error has anything
// that was computed from the password.
func (r *Range) Has(ctx context.Context, password seal.Secret) (bool, error) {
	s := sumOf(password.Reveal())
	digits := strings.ToUpper(hex.EncodeToString(s[:]))
	ctx, cancel := context.WithTimeout(ctx, r.patience)
	defer cancel()
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, r.url+digits[:5], nil)
	if err != nil {
		return false, errors.New("the range service cannot be asked")
	}
	q.Header.Set("Add-Padding", "true") // the length of the answer says nothing then
	q.Header.Set("User-Agent", "takeback")
	res, err := r.client.Do(q)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err // the address has the five digits
		}
		return false, fmt.Errorf("the range service did not answer: %w", err)
	}
	defer func() { _ = res.Body.Close() }() // what it still says is of no use
	if res.StatusCode != http.StatusOK {
		return false, fmt.Errorf("the range service answered %d", res.StatusCode)
	}
	text, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil || len(text) > maxAnswer {
		return false, errors.New("the range service's answer broke off or has no end")
	}
	return among(text, digits[5:])
}

// among looks for the other 35 digits in an answer. Lines with count 0 are padding.
func among(answer []byte, digits string) (found bool, err error) {
	n := 0
	for lines := bufio.NewScanner(bytes.NewReader(answer)); lines.Scan(); n++ {
		rest, count, _ := strings.Cut(strings.TrimSpace(lines.Text()), ":")
		times, err := strconv.ParseUint(count, 10, 63)
		if err != nil || len(rest) != len(digits) || strings.Trim(rest, "0123456789abcdefABCDEF") != "" {
			return false, errors.New("the range service's answer is none")
		}
		found = found || times > 0 && strings.EqualFold(rest, digits)
	}
	if n == 0 {
		return false, errors.New("the range service's answer is empty")
	}
	return found, nil
}
