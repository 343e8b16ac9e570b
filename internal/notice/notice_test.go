package notice_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/db/dbtest"
	"takeback/internal/history"
	"takeback/internal/jobs"
	"takeback/internal/mail"
	"takeback/internal/mail/inbox"
	"takeback/internal/notice"
	"takeback/internal/seal"
)

const id = "acc_1"

// house is an account whose history tells.
type house struct {
	*testing.T
	db     *db.DB
	clock  *dbtest.Clock
	book   *history.Book
	teller *notice.Teller
	keeper *seal.Keeper
	post   *mail.Post
	inbox  *inbox.Inbox
	runner *jobs.Runner
}

func each(t *testing.T, fn func(h *house)) {
	t.Parallel()
	dbtest.EachWithClock(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) { fn(build(t, d, clock)) })
}

func build(t *testing.T, d *db.DB, clock *dbtest.Clock) *house {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	h := &house{T: t, db: d, clock: clock}
	var err error
	h.keeper, err = seal.NewKeeper(make([]byte, 32))
	must(err)
	h.inbox, err = inbox.Start("127.0.0.1:0")
	must(err)
	t.Cleanup(func() { _ = h.inbox.Close() })
	h.post, err = mail.New(d, h.keeper, mail.Config{URL: seal.NewSecret(h.inbox.URL()), From: "safe@kumo.example", FromName: "Kumo Store", Site: "https://kumo.example"})
	must(err)
	h.runner = &jobs.Runner{DB: d}
	h.post.Handle(h.runner)
	kinds, err := account.NewKinds()
	must(err)
	h.teller = &notice.Teller{DB: d, Post: h.post, Seal: h.keeper, Kinds: kinds}
	h.book = &history.Book{Kinds: kinds, AddressKey: func(slot, s string) string {
		if a, err := mail.ParseAddress(s); err == nil {
			return a.Key()
		}
		return s
	}, OnAppend: []func(*db.Tx, history.Change) error{h.teller.Hear}}
	h.write(func(tx *db.Tx) error { return account.Create(tx, id, "en") })
	h.do(history.Entry{By: access.Do("register"), Verb: history.Contact, Path: "email", Value: text("amy@old.example"), Confirmed: true})
	clock.Advance(365 * 24 * time.Hour)
	return h
}

func (h *house) write(fn func(tx *db.Tx) error) {
	h.Helper()
	if err := h.db.Write(h.Context(), fn); err != nil {
		h.Fatal(err)
	}
}

func (h *house) do(e history.Entry) (c history.Change) {
	h.Helper()
	e.Account = id
	h.write(func(tx *db.Tx) (err error) { c, err = h.book.Append(tx, e); return err })
	h.clock.Advance(time.Minute)
	return c
}

func text(s string) json.RawMessage { b, _ := json.Marshal(s); return b }

// intruder is in a session of a stolen password.
func intruder() access.Actor {
	return access.Actor{Role: access.Holder, ID: id, Account: id, Session: "ses_x", Segment: 1, Epoch: 1,
		Client: access.Client{IP: "198.51.100.7", UserAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}}
}

func (h *house) setEmail(address string, confirmed bool) {
	h.Helper()
	h.do(history.Entry{By: intruder(), Verb: history.Contact, Path: "email", Value: text(address), Confirmed: confirmed})
}

// told lists, oldest notice first, the masked addresses that each was sent to.
func (h *house) told() (all []string) {
	h.Helper()
	h.write(func(tx *db.Tx) error {
		notices, err := notice.Of(tx, id, 100)
		if err != nil {
			return err
		}
		letters, err := mail.Sent(tx, id, 100)
		for _, n := range slices.Backward(notices) {
			var to []string
			for _, l := range letters {
				if l.Number == n.Number {
					to = append(to, l.To)
				}
			}
			if len(to) != n.Letters {
				h.Errorf("notice %s says %d letters, there are %d", n.Number, n.Letters, len(to))
			}
			slices.Sort(to)
			all = append(all, strings.TrimSpace(string(n.Event)+" "+n.Path+": "+strings.Join(to, " ")))
		}
		return err
	})
	return all
}

func (h *house) want(want ...string) {
	h.Helper()
	if diff := cmp.Diff(want, h.told()); diff != "" {
		h.Errorf("told (-want +got):\n%s", diff)
	}
}

// delivered sees all letters off and gives them.
func (h *house) delivered() []inbox.Letter {
	h.Helper()
	if err := h.runner.Drain(h.Context()); err != nil {
		h.Fatal(err)
	}
	return h.inbox.Letters()
}

// The handler must not read the address after the change and write to the intruder.
func TestTheOldAddressIsTold(t *testing.T) {
	each(t, func(h *house) {
		h.setEmail("evil@new.example", true)
		h.want("changed email: a***@o***.example")
	})
}

// A→B→C within the window, and after it.
func TestEveryAddressOfTheLastThirtyDaysIsTold(t *testing.T) {
	each(t, func(h *house) {
		h.setEmail("bad@new.example", true)
		h.setEmail("cruel@new.example", true)
		h.clock.Advance(31 * 24 * time.Hour)
		h.setEmail("dire@new.example", true)
		h.want(
			"changed email: a***@o***.example",
			"changed email: a***@o***.example b***@n***.example",
			"changed email: c***@n***.example", // the others were given up more than 30 days ago
		)
	})
}

// Add an address, make it the main one, remove the old one.
func TestAddMakeMainDeleteTellsTheOldAddressEveryTime(t *testing.T) {
	each(t, func(h *house) {
		by := intruder()
		h.do(history.Entry{By: by, Verb: history.Contact, Path: "email/second", Value: text("evil@new.example"), Confirmed: true})
		h.setEmail("evil@new.example", true)
		h.do(history.Entry{By: by, Verb: history.Drop, Path: "email/second"})
		h.do(history.Entry{By: by, Verb: history.Credential, Path: "password", SecretID: "s"})
		h.want(
			"added email/second: a***@o***.example",
			"changed email: a***@o***.example e***@n***.example",
			"removed email/second: a***@o***.example e***@n***.example",
			"added password: a***@o***.example e***@n***.example",
		)
	})
}

// The old address learns the new one masked; the new one never learns the old.
func TestValuesAreMaskedAndTheNewAddressLearnsNothing(t *testing.T) {
	each(t, func(h *house) {
		h.setEmail("evil@new.example", false)
		h.do(history.Entry{By: intruder(), Verb: history.Add, Path: "card/c1", Value: json.RawMessage(`{"token":"tok_secret","brand":"Visa","last4":"4242"}`)})
		h.do(history.Entry{By: intruder(), Verb: history.Add, Path: "address/a1", Value: json.RawMessage(`{"to":"Eve","post":"150-0002","line":"Shibuya 1-2-3"}`)})
		letters := h.delivered()
		if len(letters) != 3 {
			t := h.told()
			h.Fatalf("%d letters, want 3: %q", len(letters), t)
		}
		for _, l := range letters {
			if !l.IsTo("amy@old.example") {
				h.Errorf("a letter went to %v: nobody ever confirmed to receive there", l.To)
			}
			for _, secret := range []string{"evil@new", "tok_secret", "Shibuya", "150-0002"} {
				if strings.Contains(string(l.Raw)+l.Text+l.HTML, secret) {
					h.Errorf("the letter %q says %q", l.Subject, secret)
				}
			}
			if l.Link("/not-me/") == "" || !strings.Contains(l.Text, "198.51.100.7") || !strings.Contains(l.Text, "Firefox") || l.Number == "" {
				h.Errorf("a link, a place, a device or a number is missing:\n%s", l.Text)
			}
		}
		if !strings.Contains(letters[0].Text, "e***@n***.example") || !strings.Contains(letters[1].Text, "Visa •••• 4242") {
			h.Errorf("what was changed cannot be recognised:\n%s\n%s", letters[0].Text, letters[1].Text)
		}
	})
}

// The address that notices go to is itself what the intruder has just edited.
func TestNoticesDoNotFollowWhatTheIntruderEdits(t *testing.T) {
	each(t, func(h *house) {
		h.setEmail("evil@new.example", true)
		h.do(history.Entry{By: intruder(), Verb: history.Drop, Path: "email"})
		h.do(history.Entry{By: intruder(), Verb: history.Contact, Path: "phone", Value: text("+81 90 1234 5678")})
		h.want(
			"changed email: a***@o***.example",
			"removed email: a***@o***.example e***@n***.example",
			"added phone: a***@o***.example e***@n***.example",
		)
		h.write(func(tx *db.Tx) error {
			all, err := notice.Of(tx, id, 1)
			if err == nil && len(all[0].Untold) != 0 {
				h.Errorf("the telephone that came with the change counts as untold: %v", all[0].Untold)
			}
			return err
		})
		h.do(history.Entry{By: intruder(), Verb: history.Credential, Path: "password", SecretID: "s"})
		h.write(func(tx *db.Tx) error {
			all, err := notice.Of(tx, id, 1)
			if err == nil && cmp.Diff([]string{"phone"}, all[0].Untold) != "" {
				h.Errorf("untold: %v, want the telephone", all[0].Untold)
			}
			return err
		})
	})
}

// Contacts that came from another system were never confirmed here. They are all the holder has.
func TestAnUnconfirmedFirstAddressIsTold(t *testing.T) {
	each(t, func(h *house) {
		h.do(history.Entry{By: access.Do("register"), Verb: history.Contact, Path: "email/work", Value: text("work@firm.example")})
		h.setEmail("mistyped@new.example", false)
		h.do(history.Entry{By: intruder(), Verb: history.Credential, Path: "password", SecretID: "s"})
		h.want(
			"changed email: a***@o***.example w***@f***.example",
			"added password: a***@o***.example w***@f***.example", // not the mistyped one
		)
	})
}

func TestStaffAndTheServiceAreToldOf(t *testing.T) {
	each(t, func(h *house) {
		agent := access.Actor{Role: access.Supervisor, ID: "staff_1", Case: "case_1", Client: access.Client{IP: "10.0.0.9", UserAgent: "curl/8"}}
		h.do(history.Entry{By: agent, Verb: history.Set, Path: "name", Value: text("X")})
		h.do(history.Entry{By: access.Actor{Role: access.Service, ID: "shop"}, Verb: history.Set, Path: "name", Value: text("Y")})
		h.do(history.Entry{By: access.Actor{Role: access.System, ID: "restore", Case: "case_1"}, Verb: history.Set, Path: "name", Value: text("Z")})
		h.do(history.Entry{By: intruder(), Verb: history.Set, Path: "language", Value: text("ja")})
		h.want("added name: a***@o***.example", "changed name: a***@o***.example")
		if l := h.delivered()[0]; strings.Contains(l.Text, "10.0.0.9") || !strings.Contains(l.Text, "our own staff") {
			h.Errorf("a change by staff says where we sit, or not that it was us:\n%s", l.Text)
		}
	})
}

func TestSignInFromAnotherDevice(t *testing.T) {
	each(t, func(h *house) {
		open := func(v history.Verb, device string) { h.do(history.Entry{By: intruder(), Verb: v, Device: device}) }
		open(history.Open, "own")     // the first one ever, long after the account was made
		open(history.Open, "own")     // known
		open(history.Open, "other")   // new
		open(history.Recover, "own")  // known
		open(history.Recover, "lost") // new
		open(history.Handover, "own") // known
		open(history.Handover, "out") // a stolen cookie goes on elsewhere
		open(history.Open, "")        // no device is no known device
		open(history.SignOut, "")     //
		open(history.Open, "")        // not even the second time
		h.want(slices.Repeat([]string{"signed-in : a***@o***.example"}, 6)...)
	})
}

func TestOneNumberAndALinkForEachMailbox(t *testing.T) {
	each(t, func(h *house) {
		h.setEmail("bad@new.example", true)
		h.do(history.Entry{By: intruder(), Verb: history.Credential, Path: "password", SecretID: "s"})
		letters := h.delivered()
		if len(letters) != 3 || letters[1].Number != letters[2].Number || letters[0].Number == letters[1].Number {
			h.Fatalf("want three letters, the last two with one number")
		}
		var versions []string
		for _, l := range letters {
			_, token, _ := strings.Cut(l.Link("/not-me/"), "/not-me/")
			h.write(func(tx *db.Tx) error {
				found, err := h.keeper.Peek(tx, seal.NotMe, token)
				if err != nil {
					return err
				}
				var link notice.Link
				if err := found.Read(&link); err != nil {
					return err
				}
				if link.Number != l.Number || found.Account != id || found.ExpiresAt.Sub(found.MadeAt) != 30*24*time.Hour {
					h.Errorf("the link is %+v for %+v; every contact is new, so it lasts a month", found, link)
				}
				versions = append(versions, link.Version)
				return nil
			})
		}
		if versions[0] != versions[1] && versions[0] != versions[2] || versions[1] == versions[2] {
			h.Errorf("links of versions %v: want each mailbox to have its own, the same every time", versions)
		}
	})
}

// N7: where the letter cannot be queued, the change is not made.
func TestNoChangeWithoutItsLetter(t *testing.T) {
	each(t, func(h *house) {
		broken := errors.New("no ink")
		h.book.OnAppend = append(h.book.OnAppend, func(*db.Tx, history.Change) error { return broken })
		err := h.db.Write(h.Context(), func(tx *db.Tx) error {
			_, err := h.book.Append(tx, history.Entry{Account: id, By: intruder(), Verb: history.Set, Path: "name", Value: text("X")})
			return err
		})
		if !errors.Is(err, broken) {
			h.Fatalf("got %v", err)
		}
		h.want()
	})
}

func TestPending(t *testing.T) {
	each(t, func(h *house) {
		p := notice.Pending{Account: id, Path: "email", To: "evil@new.example", Due: h.clock.Now().Add(72 * time.Hour), By: intruder()}
		h.write(func(tx *db.Tx) error { return h.teller.TellRequested(tx, p) })
		h.clock.Advance(time.Minute)
		h.write(func(tx *db.Tx) error { return h.teller.TellCancelled(tx, p) })
		h.want("requested email: a***@o***.example", "cancelled email: a***@o***.example")
		for _, l := range h.delivered() {
			if strings.Contains(l.Text, "evil@new") || l.Link("/not-me/") == "" {
				h.Errorf("%s", l.Text)
			}
		}
	})
}

// A right password and a wrong second step is told once a day, however often it is tried.
func TestAListedPasswordIsToldOnce(t *testing.T) {
	each(t, func(h *house) {
		since := h.clock.Now()
		tell := func() {
			h.clock.Advance(30 * 24 * time.Hour)
			h.write(func(tx *db.Tx) error { return h.teller.TellListed(tx, id, since, intruder().Client) })
		}
		tell()
		tell()
		h.want("listed : a***@o***.example")
		since = h.clock.Now() // another password
		h.write(func(tx *db.Tx) error {
			if told, err := h.teller.ToldListed(tx, id, since); err != nil || told {
				h.Errorf("it was told of the new one: %v (%v)", told, err)
			}
			return nil
		})
		tell()
		h.want("listed : a***@o***.example", "listed : a***@o***.example")
		for _, l := range h.delivered() {
			if strings.Contains(l.Text, "need not do anything") || l.Link("/not-me/") == "" || l.Link("/account/password") != "" {
				h.Errorf("%s", l.Text)
			}
		}
	})
}

func TestAFailedSecondStepIsToldOnceADay(t *testing.T) {
	each(t, func(h *house) {
		tell := func() {
			h.write(func(tx *db.Tx) error { return h.teller.TellWrongSecond(tx, id, intruder().Client) })
		}
		for range 3 {
			tell()
		}
		h.want("wrong-second : a***@o***.example")
		h.clock.Advance(25 * time.Hour)
		tell()
		h.want("wrong-second : a***@o***.example", "wrong-second : a***@o***.example")
		for _, l := range h.delivered() {
			if !strings.Contains(l.Text, "second step") && !strings.Contains(l.Text, "2段階") || l.Link("/not-me/") == "" {
				h.Errorf("%s", l.Text)
			}
		}
	})
}

func TestFrozenAndFalseAlarm(t *testing.T) {
	each(t, func(h *house) {
		h.setEmail("bad@new.example", true)
		c := casefile.Case{ID: "case_1", Account: id}
		h.write(func(tx *db.Tx) error {
			return errors.Join(h.teller.TellFrozen(tx, c, "order/o7"), h.teller.TellFalseAlarm(tx, c, mail.FalseAlarm{Case: c.ID, At: tx.Now, Stopped: tx.Now, Signed: "Sato"}))
		})
		letters := h.delivered()[1:] // after the notice
		if len(letters) != 4 {
			h.Fatalf("%d letters, want one of each kind to each of two addresses", len(letters))
		}
		seen := map[string]bool{}
		for _, l := range letters {
			_, token, ok := strings.Cut(l.Link("/contact/"), "/contact/case_1?k=")
			if !ok || seen[token] {
				h.Errorf("no link of its own in %q: %v", l.Subject, l.Links)
			}
			seen[token] = true
			h.write(func(tx *db.Tx) error {
				p, err := casefile.PageOf(tx, h.keeper, token)
				if p.Case != "case_1" || p.Via == "" || p.Reporter != "" {
					h.Errorf("the link stands for %+v", p)
				}
				return err
			})
		}
		if !strings.Contains(letters[0].Text+letters[1].Text, "order o7") {
			h.Error("the letter does not say which order was stopped")
		}
	})
}

func TestCheck(t *testing.T) {
	each(t, func(h *house) {
		h.setEmail("bad@new.example", true)
		var number string
		h.write(func(tx *db.Tx) error {
			all, err := notice.Of(tx, id, 1)
			number = all[0].Number
			return err
		})
		from := func(ip string) access.Actor { return access.Actor{Client: access.Client{IP: ip}} }
		check := func(number, address, ip string) (mail.Checked, error) {
			return h.teller.Check(context.Background(), number, address, from(ip))
		}
		if c, err := check(strings.ToLower(number), "Amy@old.example", "192.0.2.1"); err != nil || !c.Ours || c.Kind != mail.KindNotice {
			h.Errorf("our letter: %+v, %v", c, err)
		}
		for _, wrong := range [][2]string{{number, "bad@new.example"}, {"TB-0000-0000", "amy@old.example"}, {"x", "y"}, {number, ""}} {
			if c, err := check(wrong[0], wrong[1], "192.0.2.1"); err != nil || c != (mail.Checked{}) {
				h.Errorf("%q: %+v, %v: wrong numbers and addresses must all look alike", wrong, c, err)
			}
		}
		var err error
		for range 11 {
			_, err = check(number, "guess@any.example", "192.0.2.2")
		}
		if !errors.Is(err, casefile.ErrKnock) {
			h.Errorf("an eleventh question about one address in an hour: %v", err)
		}
		h.clock.Advance(time.Hour)
		if _, err := check(number, "guess@any.example", "192.0.2.2"); err != nil {
			h.Errorf("after the hour: %v", err)
		}
		for i := range 31 {
			_, err = check(number, strings.Repeat("x", i+1)+"@any.example", "192.0.2.3")
		}
		if !errors.Is(err, casefile.ErrKnock) {
			h.Errorf("a client that tries out one address after the other: %v", err)
		}
	})
}

func TestLettersComeInPages(t *testing.T) {
	each(t, func(h *house) {
		to, err := mail.ParseAddress("amy@old.example")
		if err != nil {
			h.Fatal(err)
		}
		h.write(func(tx *db.Tx) error {
			for range 120 { // all of one moment: their ids order them
				if _, err := h.post.Queue(tx, mail.Letter{Account: id, To: to, Language: "en", Body: mail.Reset{Link: "/reset/x", Until: tx.Now}}); err != nil {
					return err
				}
			}
			return account.Create(tx, "acc_other", "en")
		})
		seen, pages, before := map[string]bool{}, 0, ""
		for more := true; more && pages < 9; pages++ {
			page, older, err := h.teller.Letters(h.Context(), intruder(), before)
			if err != nil {
				h.Fatal(err)
			}
			for _, l := range page {
				seen[l.ID] = true
			}
			before, more = older, older != ""
		}
		if len(seen) != 120 || pages != 3 {
			h.Errorf("%d letters on %d pages", len(seen), pages)
		}
		other := intruder()
		other.Account = "acc_other"
		for one := range seen {
			if page, _, err := h.teller.Letters(h.Context(), other, one); err != nil || len(page) != 0 {
				h.Errorf("somebody else's letters by one of these: %d, %v", len(page), err)
			}
			break
		}
	})
}
