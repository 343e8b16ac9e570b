package connector_test

import (
	"encoding/json"
	"testing"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/connector"
	"takeback/internal/connector/connectortest"
	"takeback/internal/db"
	"takeback/internal/db/dbtest"
	"takeback/internal/history"
	"takeback/internal/seal"
	"takeback/internal/session"
)

// bundle is an account that is being restored.
type bundle struct {
	db    *db.DB
	own   connector.Own
	epoch int64
	t     *testing.T
}

func setup(t *testing.T, d *db.DB, before ...history.Entry) *bundle {
	t.Helper()
	kinds, err := account.NewKinds()
	if err != nil {
		t.Fatal(err)
	}
	b := &bundle{db: d, own: connector.Own{DB: d, Book: &history.Book{Kinds: kinds}}, t: t}
	b.write(func(tx *db.Tx) error {
		if err := account.Create(tx, "acc_1", "ja"); err != nil {
			return err
		}
		for _, e := range before {
			e.Account, e.By = "acc_1", access.Do("test")
			if _, err := b.own.Book.Append(tx, e); err != nil {
				return err
			}
		}
		return nil
	})
	return b
}

func (b *bundle) write(f func(*db.Tx) error) {
	b.t.Helper()
	if err := b.db.Write(b.t.Context(), f); err != nil {
		b.t.Fatal(err)
	}
}

// restoring moves the account on and gives the fence of whoever restores it.
func (b *bundle) restoring() connector.Fence {
	b.t.Helper()
	b.write(func(tx *db.Tx) (err error) {
		b.epoch, err = account.Turn(tx, "acc_1", account.Restoring, time.Time{}, account.Open)
		return err
	})
	return connector.Fence{Epoch: b.epoch, Lease: 1}
}

func (b *bundle) changes() []history.Change {
	b.t.Helper()
	var all []history.Change
	err := b.db.Read(b.t.Context(), func(tx *db.Tx) (err error) {
		all, err = history.Of(tx, "acc_1")
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return all
}

func TestOwnKeepsTheConditionsOfAPort(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		first := json.RawMessage(`{"to":"A","line":"1"}`)
		n := 0
		connectortest.Check(t, func(t *testing.T) connectortest.Rig {
			if n++; n > 1 {
				d = dbtest.New(t, d.Engine(), db.Options{})
			}
			b := setup(t, d, history.Entry{Verb: history.Add, Path: "address/a1", Value: first})
			return connectortest.Rig{Port: b.own, Account: "acc_1", Fence: b.restoring(), Path: "address/a1", First: first,
				Second: json.RawMessage(`{"to":"B"}`), Third: json.RawMessage(`{"to":"C"}`),
				Writes: func(*testing.T) int { return len(b.changes()) }}
		})
	})
}

func TestOwnSaysEveryWriteInTheWordsOfItsKind(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d,
			history.Entry{Verb: history.Credential, Path: "passkey/k1", Version: "p1", SecretID: "s1", Stored: "public key"},
			history.Entry{Verb: history.Drop, Path: "passkey/k1"},
			history.Entry{Verb: history.Contact, Path: "email", Version: "e1", Value: json.RawMessage(`"a@example.jp"`), Confirmed: true},
			history.Entry{Verb: history.Contact, Path: "email", Version: "e2", Value: json.RawMessage(`"x@example.jp"`)},
			history.Entry{Verb: history.Credential, Path: "password", Version: "w1", SecretID: "s2", Stored: "hash"},
			history.Entry{Verb: history.Move, Path: "points", Amount: -300},
			history.Entry{Verb: history.Set, Path: "name", Value: json.RawMessage(`"X"`)},
			history.Entry{Verb: history.Order, Path: "order/o1", Value: json.RawMessage(`{"effect":"undo","amount":12345678901234567}`)},
		)
		f := b.restoring()
		for _, c := range []struct {
			path, pre, want, version string
			verb                     history.Verb
		}{
			{"passkey/k1", ``, `"p1"`, "p1", history.Credential},
			{"email", `"x@example.jp"`, `"a@example.jp"`, "e1", history.Contact},
			{"password", `"w1"`, ``, "", history.Drop},
			{"points", `-300`, `0`, "", history.Move},
			{"name", `"X"`, ``, "", history.Remove},
			{"order/o1", `{"amount":12345678901234567,"effect":"undo"}`, `{"effect":"undo","undone":"cancel"}`, "", history.Set},
		} {
			call := connector.Call{Account: "acc_1", Path: c.path, Pre: raw(c.pre), Want: raw(c.want), Version: c.version, Key: "k " + c.path, Fence: f, By: access.Do("restore"), Case: "case_1"}
			if got, err := b.own.CompareAndSet(t.Context(), call); err != nil || got != connector.Applied {
				t.Errorf("%s: %q, %v", c.path, got, err)
				continue
			}
			all := b.changes()
			last := all[len(all)-1]
			if last.Verb != c.verb || last.Request != call.Key || last.Case != "case_1" || last.Actor != "restore" || last.Epoch != f.Epoch {
				t.Errorf("%s became %+v", c.path, last)
			}
			if v, err := b.own.Read(t.Context(), "acc_1", c.path); err != nil || !connector.Same(v.JSON, call.Want) {
				t.Errorf("%s reads %s (%v), want %s", c.path, v.JSON, err, c.want)
			}
		}
		err := d.Read(t.Context(), func(tx *db.Tx) error {
			x, err := account.SecretIn(tx, "acc_1", "passkey/k1")
			if x.Stored != "public key" || x.SecretID != "s1" || x.Version != "p1" {
				t.Errorf("the passkey came back as %+v", x)
			}
			all, err2 := account.Contacts(tx, "acc_1")
			if last := all[len(all)-1]; last.ConfirmedAt.IsZero() || last.Address != "a@example.jp" {
				t.Errorf("the contact came back as %+v", last)
			}
			if err == nil {
				err = err2
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		call := connector.Call{Account: "acc_1", Path: "totp", Want: raw(`"t9"`), Version: "t9", Key: "k", Fence: f, By: access.Do("restore")}
		if _, err := b.own.CompareAndSet(t.Context(), call); err == nil {
			t.Error("a secret that nobody ever had was made up")
		}
	})
}

func raw(s string) json.RawMessage {
	if s == "" {
		return nil
	}
	return json.RawMessage(s)
}

func TestOwnKillEndsWhatWasGivenBefore(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		keeper, err := seal.NewKeeper([]byte("0123456789abcdef0123456789abcdef"))
		if err != nil {
			t.Fatal(err)
		}
		sessions := session.New(d, b.own.Book, keeper)
		open := func(limited bool) {
			verb := history.Open
			if limited {
				verb = history.Recover
			}
			b.write(func(tx *db.Tx) error {
				a, err := account.Get(tx, "acc_1")
				if err != nil {
					return err
				}
				_, _, _, err = sessions.Open(tx, session.Opening{Account: a, Verb: verb, Limited: limited})
				return err
			})
		}
		issue := func(purpose string) {
			b.write(func(tx *db.Tx) error {
				a, err := account.Get(tx, "acc_1")
				if err != nil {
					return err
				}
				_, err = keeper.Issue(tx, purpose, "acc_1", a.Epoch, time.Hour, nil)
				return err
			})
		}
		open(false)
		issue(seal.Reset)
		issue(seal.NotMe)
		f := b.restoring()
		open(true)
		issue(seal.Code)
		if n, err := b.own.Probe(t.Context(), "acc_1", f); err != nil || n != 2 {
			t.Errorf("before the kill %d are alive (%v), want the session and the link", n, err)
		}
		if err := b.own.Kill(t.Context(), "acc_1", f); err != nil {
			t.Fatal(err)
		}
		if n, err := b.own.Probe(t.Context(), "acc_1", f); err != nil || n != 0 {
			t.Errorf("after the kill %d are alive (%v)", n, err)
		}
		err = d.Read(t.Context(), func(tx *db.Tx) error {
			all, err := session.Living(tx, "acc_1")
			if len(all) != 1 || !all[0].Limited {
				t.Errorf("alive are %d sessions, want the holder's limited one", len(all))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
