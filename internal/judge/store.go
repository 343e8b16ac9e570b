package judge

import (
	"encoding/json"
	"errors"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/risk"
	"takeback/internal/seal"
)

// Judged is a decision as it was recorded.
type Judged struct {
	ID        string
	Account   string // empty for a name that is nobody's
	At        time.Time
	Kind      string
	Session   string
	Decision  risk.Decision
	Acted     bool     // false: in shadow, or nothing was to be done
	Rules     []string // the operator's that fired
	Outcome   Outcome
	OutcomeAt time.Time
}

const judgedColumns = `id, account, at, kind, session, scored, score, carried, action, acted, reasons, rules, outcome, outcome_at`

func scanJudged(s db.Scanner) (j Judged, err error) {
	var score, carried int64
	var action, rules string
	err = s.Scan(&j.ID, &j.Account, db.At(&j.At), &j.Kind, &j.Session, &j.Decision.Scored, &score, &carried, &action, &j.Acted,
		db.JSON(&j.Decision.Reasons), &rules, &j.Outcome, db.At(&j.OutcomeAt))
	j.Decision.Score, j.Decision.Carried = float64(score)/1000, float64(carried)/1000
	j.Decision.Action, _ = risk.ParseAction(action)
	j.Rules = strings.Fields(rules)
	return j, err
}

// recordColumns are written; the outcome comes later.
const recordColumns = `id, source, event, account, at, taken_at, kind, session, body, scored, score, carried, action, acted, reasons, rules, outcome`

const recordWidth = 17 // columns

// record keeps decisions and tells whether it kept all: an event of the same
// source that was recorded before stays as it was.
func record(tx *db.Tx, source string, all []told) (whole bool, err error) {
	whole = true
	for some := range db.AtOnce(all) {
		args := make([]any, 0, len(some)*recordWidth)
		for i := range some {
			if args, err = some[i].row(args, source, tx.Now); err != nil {
				return false, err
			}
		}
		kept, err := tx.Exec(`INSERT INTO risk_event (`+recordColumns+`) VALUES `+db.Values(len(some), recordWidth, 0)+
			` ON CONFLICT (account, source, event) DO NOTHING`, args...)
		if err != nil {
			return false, err
		}
		whole = whole && int(kept) == len(some)
	}
	return whole, nil
}

// row appends what is written of a decision, in the order of recordColumns.
func (t *told) row(args []any, source string, now time.Time) ([]any, error) {
	reasons := ""
	if d := &t.judged.Decision; len(d.Reasons) > 0 {
		b, err := json.Marshal(d.Reasons)
		if err != nil {
			return nil, err
		}
		reasons = string(b)
	}
	j := &t.judged
	return append(args, j.ID, source, t.event.ID, j.Account, j.At, now, j.Kind, j.Session, t.body, j.Decision.Scored, thousandths(j.Decision.Score),
		thousandths(j.Decision.Carried), j.Decision.Action.String(), j.Acted, reasons, strings.Join(j.Rules, " "), Unsaid), nil
}

func thousandths(x float64) int64 { return int64(math.Round(min(max(x, -1e6), 1e6) * 1000)) }

// recorded gives what events of a source were answered; those it was not told of are
// missing.
func recorded(tx *db.Tx, source string, names []name) (map[name]Judged, error) {
	type answer struct {
		of name
		Judged
	}
	all := map[name]Judged{}
	for some := range db.AtOnce(names) {
		args := make([]any, 0, 3*len(some))
		for _, n := range some {
			args = append(args, source, n.account, n.event)
		}
		found, err := db.All(tx, func(s db.Scanner) (a answer, err error) {
			a.Judged, err = scanJudged(behind{s, &a.of.event})
			a.of.account = a.Account
			return a, err
		}, db.UnionAll(len(some), `SELECT event, `+judgedColumns+` FROM risk_event WHERE source = $1 AND account = $2 AND event = $3`), args...)
		if err != nil {
			return nil, err
		}
		for _, a := range found {
			all[a.of] = a.Judged
		}
	}
	return all, nil
}

// behind scans a row whose first column is somebody else's.
type behind struct {
	db.Scanner
	first any
}

// Scan implements db.Scanner.
func (b behind) Scan(dest ...any) error { return b.Scanner.Scan(append([]any{b.first}, dest...)...) }

// ofAccount lists the decisions about an account since a time, newest first.
func ofAccount(tx *db.Tx, account string, since time.Time, limit int) ([]Judged, error) {
	return db.All(tx, scanJudged, `SELECT `+judgedColumns+` FROM risk_event WHERE account = $1 AND at >= $2 AND action <> 'let' ORDER BY at DESC, id DESC LIMIT $3`,
		account, since, limit)
}

// lately lists the decisions that were more than letting be, newest first.
func lately(tx *db.Tx, since time.Time, limit int) ([]Judged, error) {
	return db.All(tx, scanJudged, `SELECT `+judgedColumns+` FROM risk_event WHERE taken_at >= $1 AND action <> 'let' ORDER BY taken_at DESC, id DESC LIMIT $2`, since, limit)
}

// say keeps what came of the decisions about an account since a time: of those
// of one session if it is named, else of all that nobody has said anything of.
func say(tx *db.Tx, account, session string, since time.Time, o Outcome) error {
	return tx.Put(`UPDATE risk_event SET outcome = $4, outcome_at = $5 WHERE account = $1 AND at >= $3 AND action <> 'let' AND outcome = ''
		AND (CAST($2 AS TEXT) = '' OR session = $2)`, account, session, since, o, tx.Now)
}

// profileOf gives the profile of an account; a new one if there is none.
func profileOf(tx *db.Tx, account string) (p risk.Profile, err error) {
	body, err := db.One(tx, db.Scan1[[]byte], `SELECT body FROM risk_profile WHERE account = $1`, account)
	return decoded(body, err)
}

// locked are profiles of accounts.
type locked map[string]*risk.Profile

// lockProfiles gives the profiles of accounts for whoever writes them back:
// nobody else does before the commit. Who is not among them is no account: only
// those without a profile have to be asked after. The accounts are in order.
func lockProfiles(tx *db.Tx, accounts []string) (locked, error) {
	all := make(locked, len(accounts))
	for some := range db.AtOnce(accounts) {
		args := make([]any, len(some))
		for i, a := range some {
			args[i] = a
		}
		err := all.read(tx, db.UnionAll(len(some), `SELECT account, body FROM (SELECT account, body FROM risk_profile WHERE account = $1`+tx.ForUpdate()+`) AS p`), args)
		if err != nil {
			return nil, err
		}
	}
	fresh, err := account.Known(tx, slices.DeleteFunc(slices.Clone(accounts), func(a string) bool { return all[a] != nil }))
	if err != nil {
		return nil, err
	}
	for some := range db.AtOnce(fresh) {
		args := make([]any, 0, 3*len(some))
		for _, a := range some {
			args = append(args, a, tx.Now, []byte{})
		}
		err := all.read(tx, `INSERT INTO risk_profile (account, at, body) VALUES `+db.Values(len(some), 3, 0)+`
			ON CONFLICT (account) DO UPDATE SET at = risk_profile.at RETURNING account, body`, args)
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// read adds the profiles that a statement gives.
func (all locked) read(tx *db.Tx, sql string, args []any) error {
	_, err := db.All(tx, func(s db.Scanner) (none struct{}, err error) {
		var account string
		var body []byte
		if err = s.Scan(&account, &body); err != nil {
			return none, err
		}
		p, err := decoded(body, nil)
		all[account] = &p
		return none, err
	}, sql, args...)
	return err
}

func decoded(body []byte, err error) (p risk.Profile, _ error) {
	if errors.Is(err, db.ErrNone) || err == nil && len(body) == 0 {
		return p, nil
	}
	if err == nil {
		err = p.UnmarshalBinary(body)
	}
	return p, err
}

func keepProfiles(tx *db.Tx, all locked) error {
	for some := range db.AtOnce(slices.Sorted(maps.Keys(all))) {
		args := make([]any, 0, 3*len(some))
		for _, a := range some {
			body, err := all[a].MarshalBinary()
			if err != nil {
				return err
			}
			args = append(args, a, tx.Now, body)
		}
		err := tx.Put(`INSERT INTO risk_profile (account, at, body) VALUES `+db.Values(len(some), 3, 0)+`
			ON CONFLICT (account) DO UPDATE SET at = excluded.at, body = excluded.body`, args...)
		if err != nil {
			return err
		}
	}
	return nil
}

func remembered(tx *db.Tx, name string) (body []byte, at time.Time, err error) {
	err = tx.Row(`SELECT body, at FROM risk_memory WHERE name = $1`, name).Scan(&body, db.At(&at))
	if errors.Is(err, db.ErrNone) {
		err = nil
	}
	return body, at, err
}

// begin remembers something that is never written again, and gives what is there in the end.
func begin(tx *db.Tx, name string, body []byte) (first []byte, at time.Time, err error) {
	err = tx.Put(`INSERT INTO risk_memory (name, at, body) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING`, name, tx.Now, body)
	if err != nil {
		return nil, at, err
	}
	return remembered(tx, name)
}

func remember(tx *db.Tx, name string, body []byte) error {
	return tx.Put(`INSERT INTO risk_memory (name, at, body) VALUES ($1, $2, $3)
		ON CONFLICT (name) DO UPDATE SET at = excluded.at, body = excluded.body`, name, tx.Now, body)
}

// count is a cell of the tally.
type count struct {
	day    int64 // since 1970, UTC
	kind   string
	action risk.Action
	acted  bool
}

func addTally(tx *db.Tx, c count, n int64) error {
	return tx.Put(`INSERT INTO risk_tally (day, kind, action, acted, count) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (day, kind, action, acted) DO UPDATE SET count = risk_tally.count + excluded.count`,
		c.day, c.kind, c.action.String(), c.acted, n)
}

// Tallied is how many events of a kind had an answer on a day.
type Tallied struct {
	Day    time.Time
	Kind   string
	Action risk.Action
	Acted  bool
	Count  int64
}

func tallies(tx *db.Tx, since time.Time) ([]Tallied, error) {
	return db.All(tx, func(s db.Scanner) (t Tallied, err error) {
		var day int64
		var action string
		err = s.Scan(&day, &t.Kind, &action, &t.Acted, &t.Count)
		t.Day = time.Unix(day*86400, 0).UTC()
		t.Action, _ = risk.ParseAction(action)
		return t, err
	}, `SELECT day, kind, action, acted, count FROM risk_tally WHERE day >= $1 ORDER BY day, kind, action`, since.Unix()/86400)
}

// Ruled is how often a rule fired, and what came of it.
type Ruled struct {
	Name                    string
	Fired, Confirmed, False int64
}

// ruled counts the rules that fired since a time, by name.
func ruled(tx *db.Tx, since time.Time) (map[string]Ruled, error) {
	type row struct {
		names   string
		outcome Outcome
		n       int64
	}
	rows, err := db.All(tx, func(s db.Scanner) (r row, err error) {
		err = s.Scan(&r.names, &r.outcome, &r.n)
		return r, err
	}, `SELECT rules, outcome, COUNT(*) FROM risk_event WHERE taken_at >= $1 AND rules <> '' GROUP BY rules, outcome`, since)
	all := map[string]Ruled{}
	for _, r := range rows {
		for _, name := range strings.Fields(r.names) {
			u := all[name]
			u.Name = name
			u.Fired += r.n
			switch r.outcome {
			case Confirmed:
				u.Confirmed += r.n
			case False:
				u.False += r.n
			}
			all[name] = u
		}
	}
	return all, err
}

func newID() string { return seal.ID("jud") }

// saidOn is how many decisions of a day had an outcome.
type saidOn struct {
	day     time.Time
	outcome Outcome
	n       int64
}

func outcomes(tx *db.Tx, since time.Time) ([]saidOn, error) {
	return db.All(tx, func(s db.Scanner) (o saidOn, err error) {
		var day int64
		err = s.Scan(&day, &o.outcome, &o.n)
		o.day = time.Unix(day*86400, 0).UTC()
		return o, err
	}, `SELECT taken_at / 86400000000, outcome, COUNT(*) FROM risk_event WHERE taken_at >= $1 AND outcome <> '' GROUP BY taken_at / 86400000000, outcome`, since)
}
