package holder

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/history"
	"takeback/internal/web"
)

// kinds are what the history can be narrowed to, in the order of the page.
var kinds = []string{"all", "entry", "contact", "value", "staff", "ours"}

// kindOf tells under which of them a change is.
func kindOf(c history.Change, kind account.Kind) string {
	switch {
	case c.Role.Staff():
		return "staff"
	case c.Case != "" || c.Role == access.System && c.Actor != "register":
		return "ours"
	case kind.Algebra == account.ContactOf || kind.Algebra == account.SecretOf:
		return "contact"
	case kind.Algebra == account.Effect || kind.Algebra == account.Ledger || strings.HasPrefix(kind.Pattern, "card/") || strings.HasPrefix(kind.Pattern, "address/") || strings.HasPrefix(kind.Pattern, "default/"):
		return "value"
	case c.Path == "":
		return "entry"
	}
	return ""
}

// sought is what of the history is asked for. The zero one is all of it.
type sought struct {
	Kind, Words string
	From, Till  string // days as fields give them, both included
	from, till  time.Time
}

// soughtIn reads it from an address, with the number to go on before. A day that
// is none is no wish; a number that is none is no page.
func soughtIn(r *http.Request, zone *time.Location) (s sought, before int64, err error) {
	q := r.URL.Query()
	s = sought{Kind: q.Get("kind"), Words: strings.TrimSpace(q.Get("words")), From: q.Get("from"), Till: q.Get("till")}
	if len(s.Words) > 200 {
		s.Words = ""
	}
	if s.from, err = time.ParseInLocation(time.DateOnly, s.From, zone); err != nil {
		s.From, s.from = "", time.Time{}
	}
	if s.till, err = time.ParseInLocation(time.DateOnly, s.Till, zone); err != nil {
		s.Till, s.till = "", time.Time{}
	} else {
		s.till = s.till.AddDate(0, 0, 1)
	}
	if b := q.Get("before"); b != "" {
		if before, err = strconv.ParseInt(b, 10, 64); err != nil || before < 1 {
			return s, 0, history.ErrNoChange
		}
	}
	return s, before, nil
}

// link gives the address of what is sought, before a number.
func (s sought) link(before int64) string {
	q := url.Values{}
	for name, v := range map[string]string{"kind": s.Kind, "words": s.Words, "from": s.From, "till": s.Till} {
		if v != "" {
			q.Set(name, v)
		}
	}
	if before > 0 {
		q.Set("before", strconv.FormatInt(before, 10))
	}
	return (&url.URL{Path: "/history", RawQuery: q.Encode()}).String()
}

// has tells whether an entry is sought. Words are looked for in what the page
// says, in the reader's language, wherever they stand.
func (s sought) has(c history.Change, kind account.Kind, l line) bool {
	if s.Kind != "" && s.Kind != "all" && kindOf(c, kind) != s.Kind {
		return false
	}
	if !s.till.IsZero() && !c.At.Before(s.till) {
		return false
	}
	text := plain(strings.Join([]string{l.Words, l.From, l.To, l.Where}, " "))
	for _, w := range strings.Fields(plain(s.Words)) {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}

// plain makes words that look alike the same: wide and narrow, capital and small.
func plain(s string) string { return strings.ToLower(norm.NFKC.String(s)) }

// A search reads a bounded stretch of the history at once; what lies before it is one link away.
const (
	readAtOnce = 200
	readAtMost = 2000
)

// seek fills in the lines that are sought, from a number back.
func (p *Pages) seek(r *http.Request, v *historyView, before int64) error {
	for read := 0; ; {
		changes, sessions, err := p.Life.History(r.Context(), web.ActorOf(r), before, readAtOnce)
		if err != nil {
			return err
		}
		for _, c := range changes {
			if !v.Sought.from.IsZero() && c.At.Before(v.Sought.from) {
				return nil
			}
			kind, _ := p.Life.Book.Kinds.Of(c.Path)
			if l := p.line(v.Page, c, sessions); v.Sought.has(c, kind, l) {
				if len(v.Lines) == historyLines {
					v.Older = v.Sought.link(v.Lines[historyLines-1].Seq)
					return nil
				}
				v.Lines = append(v.Lines, l)
			}
			before = c.Seq
		}
		if read += len(changes); len(changes) < readAtOnce || before <= 1 {
			return nil
		}
		if read >= readAtMost {
			v.Older, v.Looked = v.Sought.link(before), true
			return nil
		}
	}
}
