package signin

import (
	"testing"
	"time"

	"takeback/internal/account"
	"takeback/internal/mail"
)

func TestWhoIsGivenTheTextOfALetter(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	const day = 24 * time.Hour
	sent := func(age time.Duration, of string) mail.Kept {
		return mail.Kept{Record: mail.Record{At: now.Add(-age), Case: of, State: mail.Delivered}, Text: "x"}
	}
	blank := func(s mail.State) mail.Kept { return mail.Kept{Record: mail.Record{At: now, State: s}} }
	for _, c := range []struct {
		name            string
		letter          mail.Kept
		to              relation
		trusted, proved bool
		want            Reading
	}{
		{"to a contact of today, about a change", sent(0, ""), presently, false, false, Readable},
		{"to a contact of the past, at once", sent(0, ""), formerly, false, true, Unsettled},
		{"the same, to who has something older", sent(0, ""), formerly, true, false, Readable},
		{"of a case, to a contact of today", sent(0, "c"), presently, false, true, Unsettled},
		{"of a case, to who has something older", sent(0, "c"), presently, true, false, Readable},
		{"a minute short of 30 days", sent(30*day-time.Minute, ""), formerly, false, true, Unsettled},
		{"after 30 days", sent(30*day, ""), formerly, false, true, Readable},
		{"after 30 days, and nothing proved", sent(30*day, ""), formerly, false, false, Unproved},
		{"of a case, after 30 days", sent(30*day, "c"), presently, false, true, Readable},
		{"to a stranger, whatever is proved", sent(400*day, "c"), stranger, true, true, Elsewhere},
		{"to who shall be a contact", mail.Kept{Record: mail.Record{At: now, Kind: mail.KindConfirmChange}, Text: "x"}, stranger, false, false, Readable},
		{"one that waits", blank(mail.Waiting), presently, true, true, NotSent},
		{"one that was sent before copies were kept", blank(mail.Delivered), presently, true, true, NotKept},
		{"one that reached nobody", blank(mail.Undelivered), formerly, true, true, NotKept},
	} {
		if got := readingOf(c.letter, c.to, c.trusted, c.proved, now); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// What an intruder enrols does not open the letters that warn of him.
func TestOnlyWhatIsOlderThanALetterOpensIt(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name, factors, version string
		age                    time.Duration // of the letter
		want                   bool
	}{
		{"nothing strong", "password@900", "a", 0, false},
		{"an app of years", "totp@900", "a", 0, true},
		{"an app of years that was not presented", "totp@900", "", 0, false},
		{"an app that came an hour before the letter", "totp@900", "a", 899 * time.Hour, false},
		{"an app that came three days before it", "totp@900", "a", 828 * time.Hour, true},
		{"an app that came after it", "totp@900", "a", 901 * time.Hour, false},
		{"a passkey enrolled after it, under the app of before", "totp@900 passkey/k1@1", "b", 2 * time.Hour, true},
		{"the intruder's passkey, without it", "totp@1 passkey/k1@80", "b", 79 * time.Hour, false},
		{"a saved code of before, with the app", "totp@900 codes@900", "b", 0, true},
		{"what was taken away since", "totp@900-1", "a", 0, false},
	} {
		presented := map[string]string{"x": c.version}
		if got := trustedThen(factors(now, c.factors), presented, now.Add(-c.age)); got != c.want {
			t.Errorf("%s: %t", c.name, got)
		}
	}
}

func TestWhatAnAddressIsToAnAccount(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	day := func(n int) time.Time { return now.AddDate(0, 0, -n) }
	contacts := []account.Contact{
		{Slot: "email", Address: "old@example.jp", From: day(900), Until: day(100)},
		{Slot: "email", Address: "Now@Example.jp", From: day(100)},
		{Slot: "phone", Address: "+819012345678", From: day(900)},
		{Slot: "email/b", Address: "back@example.jp", From: day(900), Until: day(800)},
		{Slot: "email/b", Address: "back@example.jp", From: day(10)},
	}
	for _, c := range []struct {
		mailbox string
		age     int
		want    relation
	}{
		{"now@example.jp", 1, presently},
		{"now@example.jp", 500, presently},
		{"back@example.jp", 300, presently},
		{"old@example.jp", 500, formerly},
		{"old@example.jp", 100, formerly},
		{"old@example.jp", 70, formerly},
		{"old@example.jp", 69, stranger},
		{"old@example.jp", 901, stranger},
		{"else@example.jp", 1, stranger},
		{"", 1, stranger},
	} {
		if got := relationTo(contacts, mustKey(t, c.mailbox), day(c.age)); got != c.want {
			t.Errorf("%s, for a letter of %d days ago: %d, want %d", c.mailbox, c.age, got, c.want)
		}
	}
}

func mustKey(t *testing.T, address string) string {
	t.Helper()
	if address == "" {
		return ""
	}
	a, err := mail.ParseAddress(address)
	if err != nil {
		t.Fatal(err)
	}
	return a.Key()
}
