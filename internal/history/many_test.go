package history_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/db/dbtest"
	"takeback/internal/history"
)

// unruled are the fields of a change that OfMany leaves out.
var unruled = []string{"Epoch", "Before", "Total", "Base", "Case", "Request", "Hash", "Commit", "Nonce"}

func TestManyHistoriesAreReadAsEachOfThem(t *testing.T) {
	t.Parallel()
	if n := reflect.TypeFor[history.Change]().NumField(); n != 30 {
		t.Errorf("a change has %d fields: do the rules go by the new one? Then OfMany must read it, too", n)
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := bookFor(t)
		var ids []string
		for i := range 37 { // more than are read with one query
			ids = append(ids, fmt.Sprintf("acc_%02d", i))
			err := d.Write(t.Context(), func(tx *db.Tx) error { return live(tx, b, ids[i], i) })
			if err != nil {
				t.Fatal(err)
			}
		}
		err := d.Read(t.Context(), func(tx *db.Tx) error {
			got, err := history.OfMany(tx, append(ids, "acc_absent"))
			if err != nil || len(got) != len(ids) {
				t.Errorf("%d histories: %v", len(got), err)
			}
			for _, id := range ids {
				want, err := history.Of(tx, id)
				if err != nil {
					return err
				}
				for i := range want { // each by itself: nothing is remembered from the one before
					if want[i], err = history.At(tx, id, want[i].Seq); err != nil {
						return err
					}
				}
				if diff := cmp.Diff(want, got[id], cmpopts.IgnoreFields(history.Change{}, unruled...)); diff != "" {
					t.Errorf("%s: %s", id, diff)
				}
			}
			if none, err := history.OfMany(tx, nil); err != nil || len(none) != 0 {
				t.Errorf("of nobody: %v, %v", none, err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// live is a life in which every field of a change that rules go by comes up.
func live(tx *db.Tx, b *history.Book, id string, n int) error {
	if err := account.Create(tx, id, "ja"); err != nil {
		return err
	}
	for i := range 1 + n%5 {
		by := access.Actor{Role: access.Holder, ID: id, Account: id, Session: fmt.Sprintf("ses_%d", i), Segment: 1 + i%2, Epoch: 1,
			Client: access.Client{Request: fmt.Sprintf("req \"%d\\", i), IP: "192.0.2.1", UserAgent: `a "browser"`, Device: fmt.Sprintf("dev_%d", i/2), Language: "ja"}}
		if i == 0 {
			by.Client = access.Client{}
		}
		if i > 2 {
			by.Client.Request = "req_plain"
		}
		for _, e := range []history.Entry{
			{Verb: history.Open, Device: "dev", Factors: []history.Factor{{Path: "password", Version: "v", Proof: "password"}}},
			{Verb: history.Derive, Parent: "ses_0"},
			{Verb: history.Contact, Path: "email", Value: json.RawMessage(fmt.Sprintf(`"%s-%d@mail.example"`, id, i)), Version: "v1"},
			{Verb: history.Credential, Path: "password", SecretID: "s", Stored: "x"},
			{Verb: history.Add, Path: fmt.Sprintf("address/%d", i), Value: json.RawMessage(`{"to":"x","line":"y"}`)},
			{Verb: history.Patch, Path: fmt.Sprintf("address/%d", i), Part: "line", Value: json.RawMessage(`"z"`)},
			{Verb: history.Move, Path: "points", Amount: 5},
			{Verb: history.Order, Path: fmt.Sprintf("order/%d", i), Value: json.RawMessage(`{"effect":"undo"}`), Reads: []history.Read{{Path: fmt.Sprintf("address/%d", i)}}},
		} {
			e.Account, e.By = id, by
			if _, err := b.Append(tx, e); err != nil {
				return err
			}
		}
	}
	return nil
}

func TestAChainThatIsMadeLaterIsTheOneOfAppend(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := bookFor(t)
		err := d.Write(t.Context(), func(tx *db.Tx) error {
			if err := live(tx, b, "acc_1", 4); err != nil {
				return err
			}
			lived, err := history.Of(tx, "acc_1")
			if err != nil {
				return err
			}
			again := append([]history.Change(nil), lived...)
			for i := range again {
				again[i].Seq, again[i].Hash, again[i].Commit = 0, "", ""
			}
			if err := history.Chain(again); err != nil {
				return err
			}
			if diff := cmp.Diff(lived, again); diff != "" {
				t.Error(diff)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
