package bench

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"takeback/internal/db"
	"takeback/internal/seal"
)

// written are the rows of a change of a contact. The archetype of each is read
// back after a real change, so that the limit writes rows of the same size.
var written = []rowKind{
	{table: "account", columns: "id head_seq head_hash", keys: "id", where: "id = $1"},
	{table: "change", columns: "account seq epoch at verb path part session segment role actor client factors before after total base reads " +
		"version secret_id amount parent device case_id request hash commitment nonce", where: "account = $1 AND path = 'email' AND seq > 2"},
	{table: "contact", columns: "account slot set_seq until_at", keys: "account slot set_seq", where: "account = $1 AND until_at IS NOT NULL"},
	{table: "contact", columns: "account slot version address address_key set_seq from_at until_at confirmed_at", where: "account = $1 AND until_at IS NULL"},
	{table: "fact", columns: "account path value seq since", keys: "account path", where: "account = $1 AND path = 'email'"},
	{table: "link", columns: "hash purpose account epoch data made_at expires_at used_at void_at", fresh: "hash", where: "account = $1"},
	{table: "letter", columns: "id account case_id kind language number address mailbox subject message_id queued_at state aside tries fault done_at fixed raw",
		fresh: "id", where: "account = $1"},
	{table: "job", columns: "id no kind key args queued_at run_at attempt lease lease_until last_error dead_at", fresh: "id", where: "key = 'letters ' || $1"},
	{table: "notice", columns: "number account seq event path at letters untold", fresh: "number", where: "account = $1"},
	{table: "risk_profile", columns: "account at body", where: "account = $1"},
}

// rowKind is one row that a change writes.
type rowKind struct {
	table   string
	columns string
	keys    string // of a row that is there already and gets the other columns; empty for a new row
	fresh   string // the columns whose values no two rows may share
	where   string // finds the archetype of an account
}

// rows are the archetypes, of one account.
type rows struct {
	account string
	kinds   []rowKind
	values  [][]any
}

// filled are the arguments of every statement of one change.
type filled [][]any

// sample changes an account in the real way and reads what that wrote.
func sample(ctx context.Context, h *house) (r rows, err error) {
	all, err := h.moveIn(ctx, 1, 0, "")
	if err != nil {
		return r, err
	}
	if err := h.moveAddress(ctx, all[0]); err != nil {
		return r, err
	}
	return archetypes(ctx, h, written, all[0].id)
}

// archetypes reads the rows of an account that the limit writes the like of.
func archetypes(ctx context.Context, h *house, kinds []rowKind, account string) (rows, error) {
	r := rows{account: account, kinds: kinds}
	return r, h.DB.Read(ctx, func(tx *db.Tx) error {
		for _, k := range kinds {
			values := make([]any, len(k.names()))
			places := make([]any, len(values))
			for i := range values {
				places[i] = &values[i]
			}
			if err := tx.Row("SELECT "+strings.Join(k.names(), ", ")+" FROM "+k.table+" WHERE "+k.where, account).Scan(places...); err != nil {
				return fmt.Errorf("%s: %w", k.table, err)
			}
			r.values = append(r.values, values)
		}
		return nil
	})
}

// of gives the rows as they would be for another account.
func (r rows) of(account string) filled {
	all := make(filled, len(r.kinds))
	for i, k := range r.kinds {
		row := slices.Clone(r.values[i])
		for j, name := range k.names() {
			text, ok := row[j].(string)
			switch {
			case ok && slices.Contains(strings.Fields(k.fresh), name):
				row[j] = fresh(text)
			case ok:
				row[j] = strings.ReplaceAll(text, r.account, account)
			}
		}
		all[i] = row
	}
	return all
}

// fresh makes a text of the same kind and length that exists nowhere else.
func fresh(like string) string {
	if prefix, _, ok := strings.Cut(like, "_"); ok {
		return seal.ID(prefix)
	}
	text := seal.NewToken() + seal.NewToken()
	return text[:min(len(like), len(text))]
}

func (k rowKind) names() []string { return strings.Fields(k.columns) }

// statement writes the row, with its columns as arguments in their order.
func (k rowKind) statement() string {
	if k.keys == "" {
		holders := make([]string, len(k.names()))
		for i := range holders {
			holders[i] = fmt.Sprintf("$%d", i+1)
		}
		return fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", k.table, strings.Join(k.names(), ", "), strings.Join(holders, ", "))
	}
	var set, where []string
	for i, name := range k.names() {
		term := fmt.Sprintf("%s = $%d", name, i+1)
		if slices.Contains(strings.Fields(k.keys), name) {
			where = append(where, term)
		} else {
			set = append(set, term)
		}
	}
	return fmt.Sprintf("UPDATE %s SET %s WHERE %s", k.table, strings.Join(set, ", "), strings.Join(where, " AND "))
}

// plain writes rows by plain SQL: whoever waits together is committed together.
type plain struct {
	kinds  []rowKind
	queue  chan waiting
	commit func(context.Context, []filled) error
	ended  chan struct{}
	finish func() error
	groups int
}

type waiting struct {
	rows []filled
	done chan error
}

// newPlain begins to write on the engine of a house.
func newPlain(ctx context.Context, h *house, kinds []rowKind) (*plain, error) {
	p := &plain{kinds: kinds, queue: make(chan waiting), ended: make(chan struct{})}
	var err error
	if h.DB.Engine() == db.Postgres {
		err = p.toPostgres(ctx, h.place.url)
	} else {
		err = p.toSQLite(ctx, h.place.url)
	}
	if err != nil {
		return nil, err
	}
	for range p.groups {
		go p.loop(ctx)
	}
	return p, nil
}

// loop commits for everybody who waits.
func (p *plain) loop(ctx context.Context) {
	for first := range p.queue {
		group := []waiting{first}
		all := slices.Clone(first.rows)
	gather:
		for len(group) < writers {
			select {
			case next, open := <-p.queue:
				if !open {
					break gather
				}
				group, all = append(group, next), append(all, next.rows...)
			default:
				break gather
			}
		}
		// In one order, so that no two groups wait for one another's rows.
		slices.SortFunc(all, func(a, b filled) int { return strings.Compare(a.first(), b.first()) })
		err := p.commit(ctx, all)
		for _, w := range group {
			w.done <- err
		}
	}
	p.ended <- struct{}{}
}

// first is the key of the first row, if it is a text.
func (f filled) first() string {
	key, _ := f[0][0].(string)
	return key
}

// write returns when the rows are durable.
func (p *plain) write(rows ...filled) error {
	w := waiting{rows, make(chan error, 1)}
	p.queue <- w
	return <-w.done
}

func (p *plain) close() error {
	close(p.queue)
	for range p.groups {
		<-p.ended
	}
	return p.finish()
}
