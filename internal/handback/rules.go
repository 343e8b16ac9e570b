package handback

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/fault"
	"takeback/internal/finding"
	"takeback/internal/history"
	"takeback/internal/mail"
)

// ErrSentence says that the personal words of a letter are too long or lead elsewhere.
var ErrSentence = fault.New(fault.Invalid, "handback.sentence", "Please write at most 500 characters without links or addresses.").On("sentence")

const longestSentence = 500

// leads finds what a mail program would turn into a link. After a takeover no
// letter of ours may lead anywhere that we have not chosen.
var leads = regexp.MustCompile(`(?i)[a-z][a-z0-9+.-]*://|\bwww\.|[^\s@]+@[^\s@]+\.|\b[a-z0-9-]+\.(?:com|net|org|jp|info|biz|io|co|dev|app|xyz|top|site|online|shop|link|me|ly|gl|cc|to|ru|cn)\b`)

// checkSentence gives the personal words as they may be written, or ErrSentence.
func checkSentence(s string) (string, error) {
	s = strings.TrimSpace(s)
	if utf8.RuneCountInString(s) > longestSentence || leads.MatchString(s) {
		return "", ErrSentence
	}
	return s, nil
}

// clean picks the contacts that the letter may go to: on the account now,
// proved to receive, and never in the intruder's hands.
func clean(contacts []account.Contact, f *finding.Findings) (to []mail.Address, kept []account.Contact) {
	for _, c := range contacts {
		if !c.Until.IsZero() || c.ConfirmedAt.IsZero() || f.Known(c.SetSeq).Bad() || c.Slot != "email" && !strings.HasPrefix(c.Slot, "email/") {
			continue
		}
		a, err := mail.ParseAddress(c.Address)
		if err != nil || slices.ContainsFunc(to, func(o mail.Address) bool { return o.Key() == a.Key() }) {
			continue
		}
		to, kept = append(to, a), append(kept, c)
	}
	return to, kept
}

// byUs tells whether a change is a step of a plan in a case.
func byUs(c history.Change, caseID string) bool {
	return c.Role == access.System && c.Actor == restorer && c.Case == caseID
}

// restorer is who writes the steps of a plan; see package restore.
const restorer = "restore"

// mostMoments keeps a letter readable: of a long night the beginning and the end are told.
const mostMoments = 24

// told picks the changes that the story tells: the intruder's, and when we stopped the account.
func told(h []history.Change, f *finding.Findings, caseID string) (all []history.Change) {
	for _, c := range h {
		switch {
		case c.Verb == history.Freeze && c.Case == caseID:
		case !f.Of(c.Seq).Certain() || c.Verb == history.StepUp || c.Verb == history.Derive || c.Verb == history.SignOut || c.Verb == history.Forget:
			continue
		case len(all) > 0 && all[len(all)-1].Verb == c.Verb && all[len(all)-1].Path == c.Path && c.Path != "":
			all[len(all)-1] = c // the same thing again at once: the last time is told
			continue
		}
		all = append(all, c)
	}
	if n := len(all); n > mostMoments {
		all = append(all[:mostMoments/2:mostMoments/2], all[n-mostMoments/2:]...)
	}
	return all
}

// mended is a path that we put back, from what we found to what is there since.
type mended struct {
	path          string
	before, after history.Change // our first and our last change of it
}

// putBack picks our own changes of a case, by path in the order in which they were made.
func putBack(h []history.Change, caseID string) (all []mended) {
	for _, c := range h {
		if !byUs(c, caseID) || c.Path == "" {
			continue
		}
		i := slices.IndexFunc(all, func(m mended) bool { return m.path == c.Path })
		if i < 0 {
			all = append(all, mended{c.Path, c, c})
			continue
		}
		all[i].after = c
	}
	return all
}
