package console

import (
	"context"
	"net/http"
	"strings"

	"takeback/internal/access"
	"takeback/internal/casefile"
	"takeback/internal/handback"
	"takeback/internal/web"
)

// LetterView is the block "case-letter".
type LetterView struct {
	web.Page
	ID    string // of the case
	Shown bool
	May   bool // the reader may hand the account back
	handback.Preview
}

func (p *Pages) letterView(ctx context.Context, by access.Actor, c casefile.Case) (LetterView, error) {
	l, err := p.Returner.Preview(ctx, by, c.ID, "")
	if err != nil {
		return LetterView{}, err
	}
	return LetterView{ID: c.ID, Preview: l, Shown: c.Step == casefile.Restored || !l.Sent.IsZero(),
		May: l.Ready && by.May(access.Investigate)}, nil
}

// WhyNot says why the account cannot go back yet.
func (v LetterView) WhyNot() string {
	if v.Preview.Why == nil {
		return ""
	}
	return v.Fault(v.Preview.Why)
}

// Recipients are the addresses that the letter goes to, masked.
func (v LetterView) Recipients() string { return strings.Join(v.To, ", ") }

// Paragraphs is the text of the letter, by paragraph and line.
func (v LetterView) Paragraphs() (all [][]string) {
	for p := range strings.SplitSeq(v.Text, "\n\n") {
		if p = strings.TrimSpace(p); p != "" {
			all = append(all, strings.Split(p, "\n"))
		}
	}
	return all
}

func (p *Pages) handBack(w http.ResponseWriter, r *http.Request) error {
	by, caseID, err := p.granted(r)
	if err != nil {
		return err
	}
	f := web.FormOf(r)
	sentence := f.OptionalLines("sentence", 500)
	if err := f.Err(); err != nil {
		return err
	}
	if err := p.Returner.HandBack(r.Context(), by, caseID, sentence); err != nil {
		return err
	}
	return backTo(w, r, caseID, "heart.handed-back")
}
