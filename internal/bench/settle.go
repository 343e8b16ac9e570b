package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/history"
	"takeback/internal/session"
)

// settledTogether is how many accounts move in with one commit; their histories are in memory meanwhile.
const settledTogether = 200

// settle makes one account with a history of its own by the ways of the house,
// and others that live as it did. Their changes are numbered and chained by
// history and only written by us, many at a time: nobody is told of them and
// nothing is decided, which is what takes time. Some are verified in the end.
func (h *house) settle(ctx context.Context, n int) error {
	var lived []history.Change
	err := h.DB.Write(ctx, func(tx *db.Tx) (err error) {
		if err = h.movePattern(tx); err == nil {
			lived, err = history.Of(tx, pattern)
		}
		return err
	})
	if err != nil {
		return err
	}
	for made := 1; made < n; made += settledTogether {
		lives := make([][]history.Change, min(settledTogether, n-made))
		err := inParallel(len(lives), func(i int) (err error) {
			lives[i], err = livedBy(copyOf(made+i), lived)
			return err
		})
		if err != nil {
			return err
		}
		if err := h.DB.Write(ctx, func(tx *db.Tx) error { return enterAll(tx, lives) }); err != nil {
			return err
		}
	}
	return h.verifySome(ctx, n)
}

func copyOf(i int) string { return fmt.Sprintf("acc_copy_%07d", i) }

// livedBy gives the history of another account that lived as one did.
func livedBy(id string, lived []history.Change) ([]history.Change, error) {
	own := make([]history.Change, len(lived))
	for i, c := range lived {
		c.Account = id
		if c.Session != "" {
			c.Session += id
		}
		own[i] = c
	}
	return own, history.Chain(own)
}

// enterAll writes accounts with their histories, and with what the pattern has besides.
func enterAll(tx *db.Tx, lives [][]history.Change) error {
	for _, life := range lives {
		end := life[len(life)-1]
		if err := account.Create(tx, end.Account, "ja"); err != nil {
			return err
		}
		if err := tx.Put(`UPDATE account SET head_seq = $2, head_hash = $3 WHERE id = $1`, end.Account, end.Seq, end.Hash); err != nil {
			return err
		}
		for i := range life {
			if err := enter(tx, &life[i]); err != nil {
				return err
			}
		}
	}
	for _, c := range copies {
		if err := c.make(tx, lives[0][0].Account, lives[len(lives)-1][0].Account); err != nil {
			return err
		}
	}
	return nil
}

// enter writes one change as the pattern has it, but for what is the account's own.
func enter(tx *db.Tx, c *history.Change) error {
	return tx.Put(copiedChange, pattern, c.Seq, c.Account, c.Session, c.Hash, c.Commit)
}

// copied is a table whose rows of the pattern are copied for others. What is not
// as it is in the pattern is said by column; n.id is the other account.
type copied struct {
	table, columns, of string
	but                map[string]string
}

const changeColumns = "account seq epoch at verb path part session segment role actor client factors before after total base reads " +
	"version secret_id amount parent device case_id request hash commitment nonce lacks"

var (
	copiedChange = "INSERT INTO change (" + strings.ReplaceAll(changeColumns, " ", ", ") + ") SELECT " +
		values("c", changeColumns, map[string]string{"account": "$3", "session": "$4", "hash": "$5", "commitment": "$6"}) +
		" FROM change c WHERE c.account = $1 AND c.seq = $2"
	copies = []copied{
		{"session", "id account token_hash epoch limited verb parent opened_seq opened_at proved_at seen_at expires_at segment device ip user_agent ended_at ended_why",
			"c.account = $1", map[string]string{"account": "n.id", "id": "c.id || n.id", "token_hash": "c.token_hash || n.id"}},
		{"segment", "session no from_seq at device ip network user_agent", "c.session IN (SELECT id FROM session WHERE account = $1)",
			map[string]string{"session": "c.session || n.id"}},
		{"device", "account id first_at last_at user_agent", "c.account = $1", map[string]string{"account": "n.id"}},
		{"fact", "account path value seq since", "c.account = $1", map[string]string{"account": "n.id"}},
	}
)

// values lists what the columns of a copy get.
func values(of, columns string, but map[string]string) string {
	names := strings.Fields(columns)
	for i, name := range names {
		names[i] = of + "." + name
		if other := but[name]; other != "" {
			names[i] = other
		}
	}
	return strings.Join(names, ", ")
}

func (c copied) make(tx *db.Tx, first, last string) error {
	text := "INSERT INTO " + c.table + " (" + strings.ReplaceAll(c.columns, " ", ", ") + ") SELECT " + values("c", c.columns, c.but) +
		" FROM account n CROSS JOIN " + c.table + " c WHERE " + c.of + " AND n.id >= $2 AND n.id <= $3"
	_, err := tx.Exec(text, pattern, first, last)
	return err
}

// verified is how many of the accounts have their history verified.
const verified = 20

// verifySome checks that what was written is what history would have written.
func (h *house) verifySome(ctx context.Context, n int) error {
	return h.DB.Read(ctx, func(tx *db.Tx) error {
		for i := range min(verified, n-1) {
			id := copyOf(1 + i*(n-1)/verified)
			a, err := account.Get(tx, id)
			if err != nil {
				return err
			}
			life, err := history.Of(tx, id)
			if err != nil {
				return err
			}
			if _, err := history.Verify(a, life); err != nil {
				return err
			}
		}
		return nil
	})
}

// movePattern makes the account whose life the others share: a holder who
// changes this and that, and somebody in the end who does, too.
func (h *house) movePattern(tx *db.Tx) error {
	if err := account.Create(tx, pattern, "ja"); err != nil {
		return err
	}
	a, err := account.Get(tx, pattern)
	if err != nil {
		return err
	}
	for _, visit := range []struct {
		device string
		n      int
	}{{"dev_home", changesEach - 6}, {intruder, 4}} {
		by := client(visit.device)
		by.Device = visit.device
		s, _, _, err := h.Sessions.Open(tx, session.Opening{Account: a, Verb: history.Open, Client: by})
		if err != nil {
			return err
		}
		for i := range visit.n {
			e := history.Entry{Account: pattern, By: s.Actor(by), Verb: history.Set, Path: []string{"name", "note/a", "note/b", "default/address"}[i%4],
				Value: json.RawMessage(quoted(fmt.Sprintf("%s %d", visit.device, i)))}
			if _, err := h.Book.Append(tx, e); err != nil {
				return err
			}
		}
	}
	return nil
}
