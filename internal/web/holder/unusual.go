package holder

import (
	"context"
	"net/http"
	"time"

	"takeback/internal/access"
	"takeback/internal/judge"
	"takeback/internal/web"
)

// Judged tells what was decided about an account. Room judge does.
type Judged interface {
	About(ctx context.Context, by access.Actor, account string) ([]judge.Judged, error)
}

// unusualView is one decision that the holder noticed something of, in words.
type unusualView struct {
	At        time.Time
	What, Did string
	Why       []string
}

// unusualMost is how many the page lists.
const unusualMost = 10

// unusual lists what was done for risk. What was only watched is not shown: the
// holder has noticed nothing of it, and an intruder would learn from it.
func (p *Pages) unusual(r *http.Request, page web.Page) (all []unusualView, err error) {
	who := web.ActorOf(r)
	judged, err := p.Judged.About(r.Context(), who, who.Account)
	for _, j := range judged {
		if !j.Acted || len(all) == unusualMost {
			continue
		}
		all = append(all, unusualView{j.At, page.Or("risk.kind."+j.Kind, j.Kind), page.T("risk.act." + j.Decision.Action.String()), j.Why(page.Lang)})
	}
	return all, err
}
