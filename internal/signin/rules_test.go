package signin

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"takeback/internal/account"
	"takeback/internal/fault"
	"takeback/internal/risk"
	"takeback/internal/seal"

	"pgregory.net/rapid"
)

func TestPasswords(t *testing.T) {
	t.Parallel()
	personal := []string{"佐藤 花子", "Hanako Sato", "hana.sato88@kumo.example"}
	for _, c := range []struct {
		name, password string
		want           []*fault.Error
	}{
		{"a good sentence", "otter.4.violin.bay", nil},
		{"kana and digits", "雨どい57カボチャ紫", nil},
		{"seven characters", "k4#pQz!", []*fault.Error{ErrPasswordShort}},
		{"letters alone", "violinotterbay", []*fault.Error{ErrPasswordMix}},
		{"letters alone, but fifteen of them", "violinotterbays", nil},
		{"digits alone, but fifteen of them", "836102749150386", nil},
		{"the name of the service", "otter.4.kumo-store.bay", []*fault.Error{ErrPasswordService}},
		{"half of its name", "otter.4.kumo.bay", nil},
		{"a word of the service in kanji", "紫の雲屋57カボチャ", []*fault.Error{ErrPasswordService}},
		{"digits alone", "83610274915", []*fault.Error{ErrPasswordMix}},
		{"too short and no digit", "otter", []*fault.Error{ErrPasswordShort, ErrPasswordMix}},
		{"on the list", "password1", []*fault.Error{ErrPasswordCommon}},
		{"on the list in capitals", "PASSWORD1", []*fault.Error{ErrPasswordCommon}},
		{"on the list in wide letters", "ｐａｓｓｗｏｒｄ１", []*fault.Error{ErrPasswordCommon}},
		{"Japanese for password", "パスワード123", []*fault.Error{ErrPasswordCommon}},
		{"the same with other digits", "パスワード9274", []*fault.Error{ErrPasswordWeak}},
		{"the same in hiragana", "ぱすわーど928", []*fault.Error{ErrPasswordWeak}},
		{"cherry blossom and a number", "sakura2819", []*fault.Error{ErrPasswordWeak}},
		{"thank you", "arigatou99x", []*fault.Error{ErrPasswordWeak}},
		{"keys beside one another", "qwertyui12", []*fault.Error{ErrPasswordWeak}},
		{"the family name in Latin letters", "xy-sato-91827", []*fault.Error{ErrPasswordPersonal}},
		{"the given name in kanji", "紫の花子57カボチャ", []*fault.Error{ErrPasswordPersonal}},
		{"the local part", "my-hana.sato88-violin", []*fault.Error{ErrPasswordPersonal}},
		{"used before", "kettle-9-cobalt-row", []*fault.Error{ErrPasswordUsed}},
		{"128 characters", strings.Repeat("violin-7-otter-b", 8), nil},
		{"128 characters of kana and one digit, of which each mark came by itself", strings.Repeat("か\u3099ら", 63) + "す7", nil},
		{"a megabyte", strings.Repeat("violin-7-otter-b", 1<<16), []*fault.Error{ErrPasswordLong}},
		{"a sign that is eighteen when it is written out", strings.Repeat("ﷺ", 8) + "7", []*fault.Error{ErrPasswordLong}},
		{"a NUL", "violin\x00-7-otter-b", []*fault.Error{ErrCharacters}},
		{"half a pair", "violin\ufffd-7-otter-b", []*fault.Error{ErrCharacters}},
		{"bytes that are no text", "violin\xff-7-otter-b", []*fault.Error{ErrCharacters}},
		{"129 characters", strings.Repeat("violin-7-otter-b", 8) + "x", []*fault.Error{ErrPasswordLong}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			id := ""
			if c.name == "used before" {
				id = "s1"
			}
			err := checkPassword("new", seal.NewSecret(c.password), against{personal: personal, service: []string{"Kumo Store", "雲屋"}, id: id, used: []string{"s0", "s1"}})
			if (err == nil) != (len(c.want) == 0) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			for _, want := range c.want {
				if !errors.Is(err, want) {
					t.Errorf("got %v, want %v", err, want)
				}
			}
			if err != nil && fault.Public(err).Field != "new" {
				t.Errorf("the fault names the field %q", fault.Public(err).Field)
			}
		})
	}
}

func TestNoPasswordMakesTheRulesFail(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.String().Draw(t, "password")
		err := checkPassword("new", seal.NewSecret(p), against{personal: []string{rapid.String().Draw(t, "name")}})
		for _, f := range fault.All(err) {
			if err != nil && f.Kind != fault.Invalid {
				t.Fatalf("%q: %v", p, err)
			}
		}
		if err == nil && utf8.RuneCountInString(p) < 4 {
			t.Fatalf("%q is taken", p)
		}
	})
}

func TestACardNumberIsSeenHoweverItIsTyped(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"4242424242424242", "4242 4242 4242 4242", "4242-4242-4242-4242", "４２４２４２４２４２４２４２４２", "3782 822463 10005",
		"my card is 5555555555554444, thanks", "tok_4111111111111111", "Sato, 1-2 4242 4242 4242 4242", "6011.1111.1111.1117", "4222222222222",
	} {
		if !looksLikeCard(s) {
			t.Errorf("%q was not seen", s)
		}
	}
	for _, s := range []string{
		"", "東京都千代田区丸の内1-2-3", "150-0001", "4242 4242 4242 4243", "090-1234-5678", "Room 1204, 5-6-7", "000000000000", "2026-03-02T09:00:00Z", "tok_1NxYzAbC42",
	} {
		if looksLikeCard(s) {
			t.Errorf("%q was taken for a card number", s)
		}
	}
}

func TestEveryCardNumberIsSeen(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		digits := rapid.StringMatching(`[2-6][0-9]{10,17}`).Draw(t, "digits")
		for last := range 10 {
			if n := fmt.Sprintf("%s%d", digits, last); CardCheck(n) {
				gap := rapid.SampledFrom([]string{"", " ", "-", "."}).Draw(t, "gap")
				typed := rapid.SampledFrom([]string{"", "card ", "番号は"}).Draw(t, "before") + strings.Join(strings.Split(n, ""), gap)
				if !looksLikeCard(typed) {
					t.Fatalf("%q was not seen", typed)
				}
			}
		}
	})
}

func TestPhones(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"090-1234-5678": "09012345678", "０９０ー１２３４ー５６７８": "09012345678", "+81 90 1234 5678": "+819012345678", "0081 90 1234 5678": "+819012345678", "(03) 1234-5678": "0312345678",
	} {
		if got, err := parsePhone(in); err != nil || got != want {
			t.Errorf("%q: got %q, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "12", "90 1234 5678", "4242424242424242", "+4242424242424242", "+378282246310005", "call me", "090\x001234", "+81 90 1234 5678 ext 5", "09012345678\xff", strings.Repeat("0", 41)} {
		if got, err := parsePhone(in); err == nil {
			t.Errorf("%q was taken for %q", in, got)
		}
	}
}

func TestWhatWaits(t *testing.T) {
	t.Parallel()
	kind := account.Kind{Hold: 72 * time.Hour}
	risky := Ruling{Action: risk.Hold, For: 24 * time.Hour}
	for name, c := range map[string]struct {
		state  account.State
		lifted bool
		ruling Ruling
		want   time.Duration
	}{
		"an open account waits for nothing":                 {account.Open, false, Ruling{}, 0},
		"a guarded one waits":                               {account.Guarded, false, Ruling{}, 72 * time.Hour},
		"a guarded one with a stronger proof waits no more": {account.Guarded, true, Ruling{}, 0},
		"what is risky waits in an open account":            {account.Open, false, risky, 24 * time.Hour},
		"in a guarded one the longer wait counts":           {account.Guarded, false, risky, 72 * time.Hour},
		"a stronger proof lifts that, too":                  {account.Open, true, risky, 0},
		"who is only to be told waits for nothing":          {account.Open, false, Ruling{Action: risk.Tell, For: time.Hour}, 0},
	} {
		if got := hold(kind, c.state, c.lifted, c.ruling); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	for age, want := range map[time.Duration]bool{71 * time.Hour: false, 72 * time.Hour: true} {
		if lifts(account.Secret{Version: "v", From: now.Add(-age)}, now) != want {
			t.Errorf("a factor of %v lifts: %v", age, !want)
		}
	}
	if lifts(account.Secret{}, now) {
		t.Error("a factor that is not there lifts")
	}
}

func TestExpiry(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 31, 23, 0, 0, 0, time.UTC)
	for in, want := range map[string]bool{"03/26": false, "02/26": true, "12/30": false, "13/30": true, "3/26": true, "": true, "03/2026": true} {
		if expired(in, now) != want {
			t.Errorf("%q: expired is %v", in, !want)
		}
	}
}

func TestTriesAreCountedAndForgotten(t *testing.T) {
	t.Parallel()
	var tr tries
	now, l := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), limit{2, time.Minute}
	for i, want := range []error{nil, nil, ErrSlow} {
		if err := tr.take(now, "a", l); !errors.Is(err, want) {
			t.Errorf("try %d: %v", i, err)
		}
	}
	if err := tr.take(now, "b", l); err != nil {
		t.Error("another name pays for the first: ", err)
	}
	if f := fault.Public(tr.take(now.Add(20*time.Second), "a", l)); f.RetryAfter != 40*time.Second {
		t.Errorf("it says to wait %v, not 40s", f.RetryAfter)
	}
	if err := tr.take(now.Add(time.Minute), "a", l); err != nil {
		t.Error("after a minute: ", err)
	}
	tr.forget("a")
	for range 2 {
		if err := tr.take(now.Add(time.Minute), "a", l); err != nil {
			t.Error("after it was right: ", err)
		}
	}
	attacker := limit{20, time.Hour}
	for range 20 {
		if err := tr.take(now, "attacker", attacker); err != nil {
			t.Fatal(err)
		}
	}
	for i := range most + 10_000 {
		if err := tr.take(now, fmt.Sprint(i), l); err != nil || len(tr.seen) > most {
			t.Fatalf("%d names are held: %v", len(tr.seen), err)
		}
	}
	if err := tr.take(now, "attacker", attacker); !errors.Is(err, ErrSlow) {
		t.Error("a flood of names made us forget who tried often: ", err)
	}
}

func TestALineHasSomethingToSee(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{
		"佐藤 花子": true, "7": true, "🙂": true, "-": true, "क्ष": true,
		"": false, "  ": false, "\u200b": false, "\u200d\u2060": false, "\u3164\uffa0": false, "\U000e0041": false, "\u00ad": false,
	} {
		if got := line("name", s, 80) == nil; got != want {
			t.Errorf("%+q is a name: %v", s, got)
		}
	}
}
