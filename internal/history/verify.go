package history

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"

	"takeback/internal/account"
	"takeback/internal/db"
)

// Broken says where the history of an account stopped being what was written.
type Broken struct {
	Account string
	Seq     int64
	What    string
}

// Error makes Broken an error.
func (b Broken) Error() string {
	return fmt.Sprintf("account %s, change %d: %s", b.Account, b.Seq, b.What)
}

// Verify checks the chain of one account: numbers without gaps, every
// commitment, every link, and that each change found what the one before it
// left. It ends at the head the account itself names, so that a cut tail is
// seen. It returns a Broken, or nil and the number of changes.
func Verify(a account.Account, changes []Change) (int, error) {
	hash, values, set := "", map[string]string{}, map[string]int64{}
	for i, c := range changes {
		bad := func(what string) error { return Broken{a.ID, int64(i + 1), what} }
		if c.Seq != int64(i+1) {
			return i, bad(fmt.Sprintf("is missing; the next one there is %d", c.Seq))
		}
		commit, err := c.commitment()
		if err != nil || commit != c.Commit {
			return i, bad("is not what was committed to")
		}
		if hash = next(hash, c); hash != c.Hash {
			return i, bad("does not follow from the one before")
		}
		if err := c.follows(values, set); err != "" {
			return i, bad(err)
		}
	}
	if int64(len(changes)) != a.Head || hash != a.HeadHash {
		return len(changes), Broken{a.ID, a.Head, fmt.Sprintf("is the newest by the account, the history ends with %d", len(changes))}
	}
	return len(changes), nil
}

// Chain numbers, commits to and chains the changes of a history as Append does
// it, for one that did not come about here: a copy that Verify must find whole.
func Chain(h []Change) (err error) {
	hash := ""
	for i := range h {
		c := &h[i]
		c.Seq = int64(i + 1)
		if c.Commit, err = c.commitment(); err != nil {
			return err
		}
		hash = next(hash, *c)
		c.Hash = hash
	}
	return nil
}

// next is the chain as the database computes it.
func next(head string, c Change) string {
	sum := sha256.Sum256([]byte(head + strconv.FormatInt(c.Seq, 10) + ":" + strconv.FormatInt(c.Epoch, 10) + ":" + c.Commit))
	return hex.EncodeToString(sum[:])
}

// follows checks what derive had filled in, and remembers the value after.
func (c Change) follows(values map[string]string, set map[string]int64) string {
	for _, r := range c.Reads {
		if r.Seq != set[r.Path] {
			return "read another value of " + r.Path + " than there was"
		}
	}
	if c.Grant.Seq != set[c.Grant.Path] {
		return "was made by another grant at " + c.Grant.Path + " than there was"
	}
	if before, some := values[c.Path], c.Before != nil || writesNow(c.Verb); some && string(c.Before) != before {
		return "names another value before it than there was"
	}
	if partial := c.Verb == Patch || c.Verb == Move; c.Total == partial {
		return "is not as much of a value as it says"
	} else if partial && c.Base != set[c.Path] || !partial && c.Base != 0 {
		return "builds on another change than the last one of its path"
	}
	if !writesNow(c.Verb) {
		return ""
	}
	if after, err := c.built(); err != nil || after != string(c.After) {
		return "left another value than it made of the one before it"
	}
	values[c.Path] = string(c.After)
	set[c.Path] = c.Seq
	if c.After == nil {
		delete(values, c.Path)
		delete(set, c.Path)
	}
	return ""
}

func writesNow(v Verb) bool { _, yes := writes[v]; return yes }

// built makes the value after a change again: of a partial one only the part is
// committed to, and the rest follows from the value before it.
func (c Change) built() (string, error) {
	switch c.Verb {
	case Patch:
		parts := account.Fact{Value: c.Before}.Parts()
		if parts == nil {
			parts = map[string]string{}
		}
		parts[c.Part] = account.Fact{Value: c.After}.Parts()[c.Part]
		after, err := json.Marshal(parts)
		return string(after), err
	case Move:
		balance, err := Balance(c.Before)
		return strconv.FormatInt(balance+c.Amount, 10), err
	}
	return string(c.After), nil
}

// VerifyAll checks every account of a database. It calls each with what was
// found, a Broken or nil.
func VerifyAll(tx *db.Tx, each func(a account.Account, n int, err error)) error {
	ids, err := db.All(tx, db.Scan1[string], `SELECT id FROM account ORDER BY id`)
	if err != nil {
		return err
	}
	for _, id := range ids {
		a, err := account.Get(tx, id)
		if err != nil {
			return err
		}
		changes, err := Of(tx, id)
		if err != nil {
			return err
		}
		n, err := Verify(a, changes)
		each(a, n, err)
	}
	return nil
}
