package judge

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/knowledge"
	"takeback/internal/risk"
)

const (
	mostDomains = 4096
	// What a domain takes to be widely used here. An intruder who brings so many
	// accounts of his own to one makes another one suspicious, and none familiar.
	wideUsers = 20
	widePart  = 200 // one in so many of those who moved anywhere
	// ownFor is how long a contact must have been there for its domain to be the
	// account's own, to which the holder may come back.
	ownFor = 7 * 24 * time.Hour
)

// domains are where holders have their mail, counted as they bring it along or move.
type domains struct {
	counts map[string]uint32
	all    uint32   // of them together
	listed []string // what wide said last; nil if it may say something else now
}

func (d *domains) add(domain string) {
	if d.counts == nil {
		d.counts = map[string]uint32{}
	}
	few := d.few()
	d.counts[domain]++
	d.all++
	if now := d.few(); now != few || d.counts[domain] == now {
		d.listed = nil
	}
	if len(d.counts) > mostDomains {
		for name, n := range d.counts { // the rare ones go, and none grows old in fame
			if d.counts[name] = n / 2; n < 2 {
				delete(d.counts, name)
			}
		}
		d.sum()
	}
}

// few is from how many on a domain is widely used.
func (d *domains) few() uint32 { return max(wideUsers, d.all/widePart) }

// wide lists the domains that are widely used here. It is asked about each new
// contact, and made anew only when one may have come or gone.
func (d *domains) wide() []string {
	if d.listed == nil {
		d.listed = []string{}
		for name, n := range d.counts {
			if n >= d.few() {
				d.listed = append(d.listed, name)
			}
		}
		slices.Sort(d.listed)
	}
	return d.listed
}

func (d *domains) sum() {
	d.all, d.listed = 0, nil
	for _, n := range d.counts {
		d.all += n
	}
}

// MarshalBinary implements kept.
func (d *domains) MarshalBinary() ([]byte, error) { return json.Marshal(d.counts) }

// UnmarshalBinary implements kept.
func (d *domains) UnmarshalBinary(b []byte) error {
	err := json.Unmarshal(b, &d.counts)
	d.sum()
	return err
}

// domainOf is where the new contact of an event is at; empty if it is no mailbox.
func domainOf(e *risk.Event) string {
	at := strings.LastIndexByte(e.Target, '@')
	if at < 0 || e.Kind != risk.EmailChanged && e.Kind != risk.RecoveryChanged {
		return ""
	}
	return strings.ToLower(e.Target[at+1:])
}

// complete fills in what only the account knows of an event: the language that it is
// kept in, and what the domain of a new contact looks like.
func (j *Judge) complete(tx *db.Tx, e *risk.Event) error {
	if e.Kind == risk.SignedIn && e.Setting.Language != "" && e.Account != "" {
		of, err := account.Get(tx, e.Account)
		if err != nil && !errors.Is(err, account.ErrNone) {
			return err
		}
		e.Setting.Usual = of.Language
	}
	return j.liken(tx, e)
}

// liken marks a new contact whose domain looks like one that the account had
// before, or like one that many have.
func (j *Judge) liken(tx *db.Tx, e *risk.Event) error {
	domain := domainOf(e)
	if domain == "" || e.Like != "" {
		return nil
	}
	contacts, err := account.Contacts(tx, e.Account)
	if err != nil {
		return err
	}
	j.mu.Lock()
	wide := j.domains.wide()
	j.mu.Unlock()
	if e.Like = looksLike(domain, formerDomains(contacts, e.Target), wide, ownDomains(contacts, tx.Now)); e.Like != "" {
		e.Marks |= risk.ContactLookalike
	}
	return nil
}

// looksLike finds what a new domain looks like and is not. A provider's looks like
// another provider's, and each is what it is; so is the account's own of before.
// What many here have is no copy of what others have, but may well be one of the
// holder's: its fame is in the hands of whoever opens accounts.
func looksLike(domain string, former, wide, own []string) string {
	if knowledge.Provider(domain) || slices.Contains(own, domain) {
		return ""
	}
	if like := knowledge.Resembles(domain, former); like != "" || slices.Contains(wide, domain) {
		return like
	}
	if like := knowledge.Resembles(domain, wide); like != "" {
		return like
	}
	return knowledge.Resembles(domain, knowledge.Providers())
}

// formerDomains are those of an account's contacts but the one that is asked about.
func formerDomains(contacts []account.Contact, but string) []string {
	return domainsOf(contacts, func(c account.Contact) bool { return c.Address != but })
}

// ownDomains are those that the account has had for some time.
func ownDomains(contacts []account.Contact, now time.Time) []string {
	return domainsOf(contacts, func(c account.Contact) bool { return now.Sub(c.From) >= ownFor })
}

func domainsOf(contacts []account.Contact, which func(account.Contact) bool) (list []string) {
	for _, c := range contacts {
		if at := strings.LastIndexByte(c.Address, '@'); at >= 0 && c.BadAt.IsZero() && which(c) {
			list = append(list, strings.ToLower(c.Address[at+1:]))
		}
	}
	return list
}
