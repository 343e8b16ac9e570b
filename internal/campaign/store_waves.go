package campaign

import (
	"errors"
	"slices"
	"time"

	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/history"
	"takeback/internal/session"
)

// wave is accounts of a campaign that one scope holds.
type wave struct {
	campaign string
	no       int
	scope    string
	round    int
	key      Key
	walked   string
	done     bool
}

const waveColumns = `campaign, no, scope, round, kind, value, from_at, until_at, walked, done`

func scanWave(s db.Scanner) (w wave, err error) {
	err = s.Scan(&w.campaign, &w.no, &w.scope, &w.round, &w.key.Kind, &w.key.Value, db.At(&w.key.From), db.At(&w.key.Until), &w.walked, &w.done)
	return w, err
}

// insertWave keeps a wave as the next one of its campaign, whose row the caller holds.
func insertWave(tx *db.Tx, w wave) error {
	return tx.Put(`INSERT INTO campaign_wave (`+waveColumns+`)
		SELECT CAST($1 AS TEXT), COUNT(*), CAST($2 AS TEXT), CAST($3 AS BIGINT), CAST($4 AS TEXT), CAST($5 AS TEXT), CAST($6 AS BIGINT), CAST($7 AS BIGINT), '', FALSE FROM campaign_wave WHERE campaign = $1`,
		w.campaign, w.scope, w.round, w.key.Kind, w.key.Value, w.key.From, w.key.Until)
}

func waves(tx *db.Tx, id string) ([]wave, error) {
	return db.All(tx, scanWave, `SELECT `+waveColumns+` FROM campaign_wave WHERE campaign = $1 ORDER BY no`, id)
}

func waveAt(tx *db.Tx, id string, no int) (wave, error) {
	return db.One(tx, scanWave, `SELECT `+waveColumns+` FROM campaign_wave WHERE campaign = $1 AND no = $2`, id, no)
}

// waveToWalk gives the first wave in which accounts may be left to look at, or db.ErrNone.
func waveToWalk(tx *db.Tx, id string) (wave, error) {
	return db.One(tx, scanWave, `SELECT `+waveColumns+` FROM campaign_wave WHERE campaign = $1 AND NOT done ORDER BY no LIMIT 1`, id)
}

// walk keeps how far the accounts of a wave were looked at.
func walk(tx *db.Tx, w wave, account string) error {
	return tx.Put(`UPDATE campaign_wave SET walked = $3 WHERE campaign = $1 AND no = $2`, w.campaign, w.no, account)
}

// walkedAll keeps that all were.
func walkedAll(tx *db.Tx, w wave) error {
	return tx.Put(`UPDATE campaign_wave SET done = TRUE WHERE campaign = $1 AND no = $2`, w.campaign, w.no)
}

// members lists the accounts that a campaign holds or held.
func members(tx *db.Tx, id string) (all []string, err error) {
	ws, err := waves(tx, id)
	for _, w := range ws {
		some, err := account.Members(tx, w.scope, "", everybody)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, err
}

// holds tells whether an account is among them.
func holds(tx *db.Tx, id, accountID string) (bool, error) {
	in, err := account.ScopesOf(tx, accountID)
	if err != nil || len(in) == 0 {
		return false, err
	}
	ws, err := waves(tx, id)
	return slices.ContainsFunc(ws, func(w wave) bool { return slices.Contains(in, w.scope) }), err
}

// reached is a wave whose key a change bears.
type reached struct {
	campaign string
	no       int
}

// reachedBy lists the campaigns under way that go by one of the values of kinds
// (heard) at a time: each with the first wave of that key.
func reachedBy(tx *db.Tx, values [4]string, at time.Time) ([]reached, error) {
	if values == [4]string{} {
		return nil, nil
	}
	return db.All(tx, func(s db.Scanner) (r reached, err error) {
		err = s.Scan(&r.campaign, &r.no)
		return r, err
	}, `SELECT w.campaign, MIN(w.no) FROM campaign_wave w JOIN campaign c ON c.id = w.campaign
		WHERE w.value <> '' AND (w.kind = $1 AND w.value = $2 OR w.kind = $3 AND w.value = $4 OR w.kind = $5 AND w.value = $6 OR w.kind = $7 AND w.value = $8)
		AND w.from_at <= $9 AND w.until_at > $9 AND c.step IN ('held', 'planning', 'carrying') GROUP BY w.campaign`,
		Kinds[0], values[0], Kinds[1], values[1], Kinds[2], values[2], Kinds[3], values[3], at)
}

// cohort lists the accounts that bear a key.
func cohort(tx *db.Tx, k Key) ([]string, error) {
	switch k.Kind {
	case Device:
		return session.SeenFrom(tx, k.Value, k.From, k.Until)
	case Network:
		return session.SeenIn(tx, k.Value, k.From, k.Until)
	case Agent:
		return history.OfStaff(tx, k.Value, k.From, k.Until)
	}
	return account.Holding(tx, k.Value, k.From, k.Until)
}

// grow counts accounts that came later, and takes a campaign back to where accounts are looked at.
func grow(tx *db.Tx, id string, by int) error {
	return moved(tx.Exec(`UPDATE campaign SET step = 'held', accounts = accounts + $2 WHERE id = $1 AND step IN ('held', 'planning', 'carrying')`, id, by))
}

// Lead is something that only the intruder used in accounts of a campaign, and
// that may lead to others.
type Lead struct {
	Kind  Kind
	Value string
	Round int
	Seen  int // accounts of the campaign that it was found in
	More  int // accounts that it leads to and that are not held
	State LeadState
}

// LeadState is what became of a lead.
type LeadState string

// The states of a lead.
const (
	NewLead  LeadState = "new"
	Nowhere  LeadState = "nowhere"  // it leads to no other account
	Proposed LeadState = "proposed" // people decide whether it is followed
	Followed LeadState = "followed"
	Left     LeadState = "left" // somebody said that it is nothing
)

func scanLead(s db.Scanner) (l Lead, err error) {
	err = s.Scan(&l.Kind, &l.Value, &l.Round, &l.Seen, &l.More, &l.State)
	return l, err
}

const leadColumns = `kind, value, round, seen, more, state`

// keepLead keeps that something was found in an account. What the campaign went by already is no lead.
func keepLead(tx *db.Tx, id string, round int, k Key) error {
	return tx.Put(`INSERT INTO campaign_lead (campaign, `+leadColumns+`)
		SELECT c.id, CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS BIGINT), 1, 0, 'new' FROM campaign c
		WHERE c.id = $1 AND NOT EXISTS (SELECT 1 FROM campaign_wave w WHERE w.campaign = c.id AND w.kind = $2 AND w.value = $3)
		ON CONFLICT (campaign, kind, value) DO UPDATE SET seen = campaign_lead.seen + 1`, id, k.Kind, k.Value, round)
}

func setLead(tx *db.Tx, id string, l Lead) error {
	return tx.Put(`UPDATE campaign_lead SET state = $4, more = $5 WHERE campaign = $1 AND kind = $2 AND value = $3`, id, l.Kind, l.Value, l.State, l.More)
}

func leadAt(tx *db.Tx, id string, kind Kind, value string) (Lead, error) {
	l, err := db.One(tx, scanLead, `SELECT `+leadColumns+` FROM campaign_lead WHERE campaign = $1 AND kind = $2 AND value = $3`, id, kind, value)
	if errors.Is(err, db.ErrNone) {
		err = ErrLead
	}
	return l, err
}

// leadsIn lists leads in a state, those first that were found in most accounts.
func leadsIn(tx *db.Tx, id string, state LeadState, limit int) ([]Lead, error) {
	return db.All(tx, scanLead, `SELECT `+leadColumns+` FROM campaign_lead WHERE campaign = $1 AND state = $2 ORDER BY seen DESC, kind, value LIMIT $3`, id, state, limit)
}
