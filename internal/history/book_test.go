package history_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/db/dbtest"
	"takeback/internal/history"
)

func setup(t *testing.T, d *db.DB) *history.Book {
	t.Helper()
	kinds, err := account.NewKinds()
	if err != nil {
		t.Fatal(err)
	}
	err = d.Write(t.Context(), func(tx *db.Tx) error { return account.Create(tx, "acc_1", "ja") })
	if err != nil {
		t.Fatal(err)
	}
	return &history.Book{Kinds: kinds}
}

func holder(epoch int64) access.Actor {
	return access.Actor{Role: access.Holder, ID: "acc_1", Account: "acc_1", Session: "ses_1", Segment: 1, Epoch: epoch}
}

func TestAppend(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		add := func(e history.Entry) error {
			e.Account = "acc_1"
			return d.Write(t.Context(), func(tx *db.Tx) error {
				_, err := b.Append(tx, e)
				return err
			})
		}
		must := func(e history.Entry) {
			t.Helper()
			if err := add(e); err != nil {
				t.Fatal(err)
			}
		}
		must(history.Entry{By: holder(1), Verb: history.Open, Device: "d1"})
		must(history.Entry{By: holder(1), Verb: history.Set, Path: "name", Value: json.RawMessage(`"田中"`)})
		must(history.Entry{By: holder(1), Verb: history.Contact, Path: "email", Value: json.RawMessage(`"a@example.jp"`), Confirmed: true})
		must(history.Entry{By: holder(1), Verb: history.Credential, Path: "password", SecretID: "s1", Stored: "hash"})
		must(history.Entry{By: holder(1), Verb: history.Add, Path: "address/home", Value: json.RawMessage(`{"to":"x", "line":"1"}`)})
		must(history.Entry{By: holder(1), Verb: history.Patch, Path: "address/home", Part: "line", Value: json.RawMessage(`"\u0032"`)})
		must(history.Entry{By: holder(1), Verb: history.Move, Path: "points", Amount: 500})
		must(history.Entry{By: holder(1), Verb: history.Move, Path: "points", Amount: -700})
		must(history.Entry{By: holder(1), Verb: history.Order, Path: "order/o1", Value: json.RawMessage(`{"effect":"undo"}`), Reads: []history.Read{{Path: "address/home"}}})
		must(history.Entry{By: holder(1), Verb: history.Remove, Path: "address/home"})
		for name, c := range map[string]struct {
			e    history.Entry
			want error
		}{
			"a path nobody declared":      {history.Entry{By: holder(1), Verb: history.Set, Path: "shoe-size", Value: json.RawMessage(`"9"`)}, history.ErrKind},
			"a secret as a register":      {history.Entry{By: holder(1), Verb: history.Set, Path: "password", Value: json.RawMessage(`"9"`)}, history.ErrAlgebra},
			"a part the kind has not":     {history.Entry{By: holder(1), Verb: history.Add, Path: "address/b", Value: json.RawMessage(`{"x":"1"}`)}, history.ErrParts},
			"removing what is not there":  {history.Entry{By: holder(1), Verb: history.Remove, Path: "address/home"}, history.ErrAbsent},
			"an epoch that is over":       {history.Entry{By: holder(7), Verb: history.Set, Path: "name", Value: json.RawMessage(`"x"`)}, account.ErrFrozen},
			"a limited session when open": {history.Entry{By: access.Actor{Role: access.Holder, Limited: true, Epoch: 1}, Verb: history.Set, Path: "name", Value: json.RawMessage(`"x"`)}, account.ErrFrozen},
		} {
			if err := add(c.e); !errors.Is(err, c.want) {
				t.Errorf("%s: got %v, want %v", name, err, c.want)
			}
		}
		err := d.Read(t.Context(), func(tx *db.Tx) error {
			a, err := account.Get(tx, "acc_1")
			if err != nil {
				return err
			}
			all, err := history.Of(tx, "acc_1")
			if err != nil {
				return err
			}
			if n, err := history.Verify(a, all); err != nil || n != 10 {
				t.Errorf("verified %d changes of 10: %v", n, err)
			}
			f, err := account.FactAt(tx, "acc_1", "points")
			if string(f.Value) != "-200" {
				t.Errorf("points are %s, not -200", f.Value)
			}
			if all[8].Reads[0].Seq != 6 {
				t.Errorf("the order read the address of change %d, not 6", all[8].Reads[0].Seq)
			}
			all[3].SecretID = "s2"
			if _, err := history.Verify(a, all); err == nil {
				t.Error("a changed entry was not noticed")
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, sql := range []string{`UPDATE change SET actor = 'x'`, `DELETE FROM change`} {
			err := d.Write(t.Context(), func(tx *db.Tx) error { _, err := tx.Exec(sql); return err })
			if err == nil {
				t.Errorf("the database allowed %s", sql)
			}
		}
	})
}

func TestWhatIsMissingIsCounted(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		whole := holder(1)
		whole.Client.Request = "req_1"
		for _, by := range []access.Actor{holder(1), whole, holder(1)} {
			err := d.Write(t.Context(), func(tx *db.Tx) error {
				_, err := b.Append(tx, history.Entry{Account: "acc_1", By: by, Verb: history.Set, Path: "name", Value: json.RawMessage(`"x"`)})
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		var got history.Coverage
		err := d.Read(t.Context(), func(tx *db.Tx) (err error) {
			got, err = history.CoverageOf(tx)
			return err
		})
		want := history.Coverage{Changes: 3, Lacking: []history.Lacking{{Verb: history.Set, What: "request", Count: 2}}}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	})
}

func TestAGrantIsInWhatWasDoneByIt(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		add := func(grant string, e history.Entry) (c history.Change, err error) {
			e.Account, e.By = "acc_1", access.Actor{Role: access.Service, ID: "shop", Grant: grant}
			err = d.Write(t.Context(), func(tx *db.Tx) error { c, err = b.Append(tx, e); return err })
			return c, err
		}
		name := history.Entry{Verb: history.Set, Path: "name", Value: json.RawMessage(`"x"`)}
		for _, e := range []history.Entry{name, {Verb: history.Add, Path: "delegate/d1", Value: json.RawMessage(`{"account":"acc_2"}`)},
			{Verb: history.Add, Path: "address/a", Value: json.RawMessage(`{"to":"x"}`)}} {
			if _, err := add("", e); err != nil {
				t.Fatal(err)
			}
		}
		if c, err := add("delegate/d1", name); err != nil || c.Grant != (history.Read{Path: "delegate/d1", Seq: 2}) {
			t.Errorf("the grant is %+v, %v", c.Grant, err)
		}
		for _, none := range []string{"delegate/d2", "address/a", "name", "password", "shoe-size"} {
			if _, err := add(none, name); !errors.Is(err, history.ErrGrant) {
				t.Errorf("by %s: %v", none, err)
			}
		}
		err := d.Read(t.Context(), func(tx *db.Tx) error {
			a, err := account.Get(tx, "acc_1")
			if err != nil {
				return err
			}
			all, err := history.Of(tx, "acc_1")
			if n, broken := history.Verify(a, all); broken != nil || n != 4 {
				t.Errorf("verified %d changes of 4: %v", n, broken)
			}
			for name, change := range map[string]func(*history.Change){
				"its grant taken away":  func(c *history.Change) { c.Grant = history.Read{} },
				"its grant seen before": func(c *history.Change) { c.Grant.Seq = 1 },
			} {
				forged := slices.Clone(all)
				change(&forged[3])
				if _, err := history.Verify(a, forged); err == nil {
					t.Errorf("a change with %s was not noticed", name)
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// What was committed to before there were grants holds: a change without one has the same commitment.
func TestACommitmentWithoutAGrantIsAsItWas(t *testing.T) {
	t.Parallel()
	const payload = `{"account":"acc_1","at":0,"verb":"set","path":"name","part":"","session":"","segment":0,"role":"holder","actor":"",` +
		`"client":{"Request":"","IP":"","UserAgent":"","Device":"","Language":""},"factors":null,"value":"x","reads":[],"version":"","secret_id":"",` +
		`"amount":0,"parent":"","device":"","case":"","request":""}`
	commit := sha256.Sum256([]byte("nonce" + payload))
	c := history.Change{Total: true, Account: "acc_1", Seq: 1, Epoch: 1, At: time.UnixMicro(0), Verb: history.Set, Path: "name", After: json.RawMessage(`"x"`),
		Role: access.Holder, Nonce: "nonce", Commit: hex.EncodeToString(commit[:])}
	hash := sha256.Sum256([]byte("1:1:" + c.Commit))
	a := account.Account{ID: "acc_1", Head: 1, HeadHash: hex.EncodeToString(hash[:])}
	c.Hash = a.HeadHash
	if _, err := history.Verify(a, []history.Change{c}); err != nil {
		t.Error(err)
	}
}

func TestWhetherItWasErasedIsCommittedTo(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		err := d.Write(t.Context(), func(tx *db.Tx) error {
			for _, e := range []history.Entry{
				{Verb: history.Set, Path: "name", Value: json.RawMessage(`"x"`)},
				{Verb: history.Remove, Path: "name"},
				{Verb: history.Remove, Path: "name", Erased: true}, // somebody else removed it first
			} {
				e.Account, e.By = "acc_1", access.Do("test")
				if _, err := b.Append(tx, e); err != nil {
					return err
				}
			}
			a, err := account.Get(tx, "acc_1")
			if err != nil {
				return err
			}
			all, err := history.Of(tx, "acc_1")
			if n, broken := history.Verify(a, all); broken != nil || n != 3 || !all[2].Erased {
				t.Errorf("verified %d changes of 3: %v; the last one is %+v", n, broken, all[2])
			}
			for i, erased := range map[int]bool{1: true, 2: false} {
				forged := slices.Clone(all)
				forged[i].Erased = erased
				if _, err := history.Verify(a, forged); err == nil {
					t.Errorf("change %d with erased %t was not noticed", i+1, erased)
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
