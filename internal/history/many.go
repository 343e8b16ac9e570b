package history

import "takeback/internal/db"

// ruled are the columns that rules about a history go by. What only proves the
// chain, and the value before a change, which is that of an earlier one, are not read.
const ruled = `account, seq, at, verb, path, part, session, segment, role, actor, client, factors, after, reads, version, secret_id, amount, parent, device,
	granted_by, granted_seq, erased`

// together is how many accounts are read with one query.
const together = 16

// OfMany gives the histories of accounts, oldest first, as far as rules about
// them go: for whoever looks at many, where reading is what takes time. The rest
// of a change (see ruled) is not there, and its chain cannot be verified.
func OfMany(tx *db.Tx, accounts []string) (map[string][]Change, error) {
	all := make(map[string][]Change, len(accounts))
	var d decoder
	for len(accounts) > 0 {
		n := min(together, len(accounts))
		ids := make([]any, together)
		for i := range ids {
			ids[i] = accounts[min(i, n-1)] // the last one again and again: one text for any number
		}
		accounts = accounts[n:]
		some, err := db.All(tx, d.scanRuled, `SELECT `+ruled+` FROM change
			WHERE account IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) ORDER BY account, seq`, ids...)
		if err != nil {
			return nil, err
		}
		for len(some) > 0 {
			id, end := some[0].Account, 1
			for end < len(some) && some[end].Account == id {
				end++
			}
			all[id], some = some[:end:end], some[end:]
		}
	}
	return all, nil
}

// RuledOf is OfMany for one account.
func RuledOf(tx *db.Tx, account string) ([]Change, error) {
	return db.All(tx, new(decoder).scanRuled, `SELECT `+ruled+` FROM change WHERE account = $1 ORDER BY seq`, account)
}
