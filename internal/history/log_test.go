package history

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"takeback/internal/access"
	"takeback/internal/account"
)

// drawHistory makes a history in which every field has something in it.
func drawHistory(t *rapid.T) []Change {
	word := rapid.StringMatching(`[a-z0-9]{1,6}`)
	values, set := map[string]json.RawMessage{}, map[string]int64{}
	h := make([]Change, rapid.IntRange(1, 12).Draw(t, "changes"))
	for i := range h {
		c := Change{Account: "acc_1", Epoch: 1 + int64(i/4), At: time.UnixMicro(int64(i+1) * 1e6).UTC(), Segment: 1, Role: access.Holder,
			Client: access.Client{IP: "192.0.2.1", UserAgent: word.Draw(t, "agent"), Device: word.Draw(t, "device")}, Nonce: word.Draw(t, "nonce")}
		for _, field := range []*string{&c.Session, &c.Parent, &c.Actor, &c.Version, &c.SecretID, &c.Device, &c.Case, &c.Request} {
			*field = word.Draw(t, "field")
		}
		c.Factors = []Factor{{Path: "password", Version: word.Draw(t, "factor")}}
		c.Reads = []Read{{Path: "address/a", Seq: set["address/a"]}}
		c.Verb = rapid.SampledFrom([]Verb{Open, View, Set, Patch, Move, Remove}).Draw(t, "verb")
		c.Path = map[Verb]string{Set: "name", Patch: "address/a", Move: "points", Remove: "name", View: "name"}[c.Verb]
		c.Total, c.Before = c.Verb != Patch && c.Verb != Move, values[c.Path]
		switch c.Verb {
		case Set:
			c.After, _ = json.Marshal(word.Draw(t, "value"))
		case Patch:
			c.Part, c.Base = rapid.SampledFrom([]string{"to", "line"}).Draw(t, "part"), set[c.Path]
			parts := account.Fact{Value: c.Before}.Parts()
			if parts == nil {
				parts = map[string]string{}
			}
			parts[c.Part] = word.Draw(t, "value")
			c.After, _ = json.Marshal(parts)
		case Move:
			balance, _ := Balance(c.Before)
			c.Amount, c.Base = int64(rapid.IntRange(-99, 99).Draw(t, "amount")), set[c.Path]
			c.After = json.RawMessage(fmt.Sprint(balance + c.Amount))
		}
		if writesNow(c.Verb) {
			if values[c.Path], set[c.Path] = c.After, int64(i+1); c.After == nil {
				delete(values, c.Path)
				delete(set, c.Path)
			}
		}
		h[i] = c
	}
	if err := Chain(h); err != nil {
		t.Fatal(err)
	}
	return h
}

func headOf(h []Change) account.Account {
	a := account.Account{ID: "acc_1", Head: int64(len(h))}
	if len(h) > 0 {
		a.HeadHash = h[len(h)-1].Hash
	}
	return a
}

// flip turns one bit somewhere in a value, and says where; empty if there is none.
func flip(t *rapid.T, v reflect.Value, name string) string {
	switch v.Kind() {
	case reflect.String:
		if b := []byte(v.String()); len(b) > 0 {
			b[rapid.IntRange(0, len(b)-1).Draw(t, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
			v.SetString(string(b))
			return name
		}
	case reflect.Int, reflect.Int64:
		v.SetInt(v.Int() ^ 1<<rapid.IntRange(0, 30).Draw(t, "bit"))
		return name
	case reflect.Bool:
		v.SetBool(!v.Bool())
		return name
	case reflect.Slice:
		switch {
		case v.Len() == 0:
		case v.Type().Elem().Kind() == reflect.Uint8:
			b := slices.Clone(v.Bytes())
			b[rapid.IntRange(0, len(b)-1).Draw(t, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
			v.SetBytes(b)
			return name
		default:
			copied := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
			reflect.Copy(copied, v)
			v.Set(copied)
			return flip(t, v.Index(rapid.IntRange(0, v.Len()-1).Draw(t, "element")), name)
		}
	case reflect.Struct:
		if at, is := v.Interface().(time.Time); is {
			v.Set(reflect.ValueOf(time.UnixMicro(at.UnixMicro() ^ 1<<rapid.IntRange(0, 40).Draw(t, "bit")).UTC()))
			return name
		}
		var stored []int // a proof is of the moment, and its key is kept with the device
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.Tag.Get("json") != "-" {
				stored = append(stored, i)
			}
		}
		i := rapid.SampledFrom(stored).Draw(t, "field")
		return flip(t, v.Field(i), name+"."+v.Type().Field(i).Name)
	}
	return ""
}

// Property 14: a bit that turned anywhere is seen, and so is a change that was
// left out, doubled or put elsewhere; what was a head once is still one.
func TestABitThatTurnedIsSeen(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := drawHistory(t)
		for n := range h {
			if _, err := Verify(headOf(h[:n+1]), h[:n+1]); err != nil {
				t.Fatalf("the first %d are not whole: %v", n+1, err)
			}
		}
		i := rapid.IntRange(0, len(h)-1).Draw(t, "change")
		turned := slices.Clone(h)
		where := flip(t, reflect.ValueOf(&turned[i]).Elem(), "Change")
		if where == "" {
			return
		}
		if _, err := Verify(headOf(h), turned); err == nil {
			t.Fatalf("%s of change %d (%s) was changed unseen:\n%+v\n%+v", where, i+1, h[i].Verb, h[i], turned[i])
		}
		less := slices.Delete(slices.Clone(h), i, i+1)
		more := slices.Insert(slices.Clone(h), i, h[i])
		for _, forged := range [][]Change{less, more} {
			if _, err := Verify(headOf(h), forged); err == nil {
				t.Fatalf("%d changes of %d passed", len(forged), len(h))
			}
		}
	})
}
