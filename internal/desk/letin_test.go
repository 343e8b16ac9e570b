package desk_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"takeback/internal/access"
	"takeback/internal/db"
	"takeback/internal/desk"
	"takeback/internal/mail"
	"takeback/internal/seal"
)

// invitation gives the link of the newest letter to an address.
func (b *bundle) invitation(to string) string {
	b.t.Helper()
	for _, l := range slices.Backward(b.box.letters) {
		if body, ok := l.Body.(mail.Invitation); ok && fmt.Sprint(l.To) == to {
			return strings.TrimPrefix(body.Link, "/desk/welcome/")
		}
	}
	b.t.Fatalf("no invitation went to %s", to)
	return ""
}

// begins uses a link up and signs in.
func (b *bundle) begins(link, name string) access.Actor {
	b.t.Helper()
	b.must(b.Enrol(b.t.Context(), link, name, "", seal.NewSecret(password)))
	w, err := b.Greet(b.t.Context(), link)
	b.must(err)
	code, err := totp.GenerateCode(w.Seed.Reveal(), b.clock.Now())
	b.must(err)
	token, err := b.Begin(b.t.Context(), from, link, code)
	b.must(err)
	return b.who(token)
}

func (b *bundle) apart(one, other access.Actor, opened time.Time) (err error) {
	b.t.Helper()
	b.read(func(tx *db.Tx) error {
		err = b.Apart(tx, one.ID, other.ID, opened)
		return nil
	})
	return err
}

func TestInvitations(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		boss, _ := b.staff("boss", access.Supervisor)
		agent, _ := b.staff("aki", access.Agent)
		ren := desk.Newcomer{Name: "Ren", Email: "ren@desk.example", Role: access.Investigator, Language: "en"}
		as := func(change func(n *desk.Newcomer)) desk.Newcomer { n := ren; change(&n); return n }
		b.want(b.Invite(t.Context(), agent, ren), desk.ErrNotYours)
		b.want(b.Invite(t.Context(), boss, as(func(n *desk.Newcomer) { n.Role = access.Holder })), desk.ErrRole)
		b.want(b.Invite(t.Context(), boss, as(func(n *desk.Newcomer) { n.Email = "AKI@desk.example" })), desk.ErrEmail)
		b.want(b.Invite(t.Context(), boss, as(func(n *desk.Newcomer) { n.Email = "not an address" })), mail.ErrMalformed)
		b.must(b.Invite(t.Context(), boss, ren))
		first := b.invitation("ren@desk.example")
		people, err := b.People(t.Context(), boss)
		b.must(err)
		of := people[slices.IndexFunc(people, func(s desk.Staff) bool { return s.Name == "Ren" })]
		if of.LetBy != "boss" || !of.LetAt.Equal(b.clock.Now()) {
			t.Errorf("let in by %q at %v", of.LetBy, of.LetAt)
		}
		b.must(b.Renew(t.Context(), boss, of.ID, "en"))
		again := b.invitation("ren@desk.example")
		_, err = b.Greet(t.Context(), first)
		b.want(err, seal.ErrNoLink)
		b.must(b.Enrol(t.Context(), again, "Ren Abe", "other@desk.example", seal.NewSecret(password)))
		w, err := b.Greet(t.Context(), again)
		b.must(err)
		if w.Staff.Email != "ren@desk.example" || w.Staff.Role != access.Investigator {
			t.Errorf("the invited made himself %s, %s", w.Staff.Email, w.Staff.Role)
		}
		_, err = b.People(t.Context(), agent)
		b.want(err, desk.ErrNotYours)
	})
}

func TestWhoLetTheOtherInIsNoSecondPairOfEyes(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		boss, _ := b.staff("boss", access.Supervisor)
		other, _ := b.staff("mori", access.Supervisor)
		b.clock.Advance(30 * 24 * time.Hour)
		before := b.clock.Now().Add(-time.Hour)
		invite := func(name string) access.Actor {
			b.must(b.Invite(t.Context(), boss, desk.Newcomer{Name: name, Email: name + "@puppet.example", Role: access.Supervisor}))
			return b.begins(b.invitation(name+"@puppet.example"), name)
		}
		one, two := invite("one"), invite("two")
		b.want(b.apart(boss, one, before), desk.ErrTied)
		b.want(b.apart(one, boss, before), desk.ErrTied)
		b.want(b.apart(one, two, before), desk.ErrTied) // two puppets of one hand
		b.must(b.apart(other, one, before))
		link, err := b.Vouch(t.Context(), desk.Newcomer{Name: "Kenta", Email: "kenta@desk.example", Role: access.Investigator})
		b.must(err)
		kenta := b.begins(link, "Kenta")
		b.must(b.apart(kenta, boss, before)) // the operator answers for him
		b.clock.Advance(7 * 24 * time.Hour)
		b.want(b.apart(boss, one, before), desk.ErrTied) // a case from before she came
		b.must(b.apart(boss, one, b.clock.Now()))
		b.must(b.SetRole(t.Context(), boss, one.ID, access.Investigator))
		b.want(b.apart(boss, one, b.clock.Now()), desk.ErrTied)
	})
}
