package desk_test

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/db/dbtest"
	"takeback/internal/desk"
	"takeback/internal/history"
	"takeback/internal/mail"
	"takeback/internal/seal"
)

const (
	seed     = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
	password = "blue kettle on the seventh floor"
)

var from = access.Client{IP: "192.0.2.7", UserAgent: "test", Request: "req"}

// box is a mail office that keeps what was handed in.
type box struct{ letters []mail.Letter }

func (b *box) Queue(tx *db.Tx, l mail.Letter) (string, error) {
	tx.OnCommit(func() { b.letters = append(b.letters, l) })
	return seal.ID("letter"), nil
}

// stopper is a freezer that only turns the account; the real one is tested in its own room.
type stopper struct{ files *casefile.Files }

func (s stopper) Stop(tx *db.Tx, c casefile.Case, by access.Actor) (casefile.Case, error) {
	if by.Session != "" {
		return c, errors.New("a session of the desk has no place in the history of an account")
	}
	if _, err := account.Turn(tx, c.Account, account.Frozen, time.Time{}, account.Open); err != nil {
		return c, err
	}
	return s.files.Advance(tx, c.ID, casefile.Frozen, by)
}

type bundle struct {
	*desk.Desk
	t     *testing.T
	clock *dbtest.Clock
	box   *box
}

func setup(t *testing.T, d *db.DB, clock *dbtest.Clock) *bundle {
	t.Helper()
	kinds, err := account.NewKinds()
	if err != nil {
		t.Fatal(err)
	}
	keeper, err := seal.NewKeeper(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	files, post := &casefile.Files{}, &box{}
	return &bundle{t: t, clock: clock, box: post, Desk: &desk.Desk{DB: d, Files: files, Book: &history.Book{Kinds: kinds}, Seal: keeper,
		Post: post, Freezer: stopper{files}, Service: "Kumo Store"}}
}

func (b *bundle) write(fn func(tx *db.Tx) error) {
	b.t.Helper()
	b.must(b.DB.Write(b.t.Context(), fn))
}

func (b *bundle) read(fn func(tx *db.Tx) error) {
	b.t.Helper()
	b.must(b.DB.Read(b.t.Context(), fn))
}

func (b *bundle) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *bundle) want(err, want error) {
	b.t.Helper()
	if !errors.Is(err, want) {
		b.t.Errorf("got %v, want %v", err, want)
	}
}

func (b *bundle) code() string {
	b.t.Helper()
	code, err := totp.GenerateCode(seed, b.clock.Now())
	b.must(err)
	return code
}

// staff makes somebody and signs him in.
func (b *bundle) staff(name string, role access.Role) (access.Actor, string) {
	b.t.Helper()
	b.write(func(tx *db.Tx) error {
		_, err := b.AddStaff(tx, desk.NewStaff{Name: name, Email: name + "@desk.example", Role: role, Password: seal.NewSecret(password), Seed: seal.NewSecret(seed)})
		return err
	})
	token, err := b.signIn(name, password, b.code())
	b.must(err)
	return b.who(token), token
}

func (b *bundle) signIn(name, password, code string) (string, error) {
	return b.SignIn(b.t.Context(), from, name+"@desk.example", seal.NewSecret(password), code)
}

func (b *bundle) who(token string) access.Actor {
	b.t.Helper()
	by, err := b.Who(b.t.Context(), token, from, true)
	b.must(err)
	return by
}

// account makes an account with an address, a phone and a card.
func (b *bundle) account() {
	b.t.Helper()
	b.write(func(tx *db.Tx) error { return account.Create(tx, "acc", "ja") })
	for _, e := range []history.Entry{
		{Verb: history.Contact, Path: "email", Value: json.RawMessage(`"hana@example.jp"`), Confirmed: true},
		{Verb: history.Contact, Path: "phone", Value: json.RawMessage(`"+81312345678"`)},
		{Verb: history.Set, Path: "name", Value: json.RawMessage(`"佐藤 花子"`)},
		{Verb: history.Add, Path: "card/c1", Value: json.RawMessage(`{"token":"tok_9","brand":"Visa","last4":"4242"}`)},
	} {
		e.Account, e.By = "acc", access.Do("register")
		b.write(func(tx *db.Tx) error { _, err := b.Book.Append(tx, e); return err })
	}
	b.clock.Advance(100 * 24 * time.Hour)
}

func (b *bundle) open(c casefile.Case) casefile.Case {
	b.t.Helper()
	c.Source, c.Language = "contact", "ja"
	b.write(func(tx *db.Tx) (err error) {
		c, _, err = b.Files.Open(tx, c, access.Actor{})
		return err
	})
	return c
}

func (b *bundle) enter(by access.Actor, id string) access.Actor {
	b.t.Helper()
	grant, err := b.Enter(b.t.Context(), by, id, "")
	b.must(err)
	return grant
}

func (b *bundle) looks() (all []history.Change) {
	b.t.Helper()
	b.read(func(tx *db.Tx) error {
		changes, err := history.Of(tx, "acc")
		all = slices.DeleteFunc(changes, func(c history.Change) bool { return c.Verb != history.Look && c.Verb != history.View })
		return err
	})
	return all
}

func each(t *testing.T, fn func(t *testing.T, b *bundle)) {
	t.Parallel()
	dbtest.EachWithClock(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) { fn(t, setup(t, d, clock)) })
}
