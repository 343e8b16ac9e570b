package signin

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/history"
	"takeback/internal/jobs"
	"takeback/internal/mail"
	"takeback/internal/passkey"
	"takeback/internal/seal"
	"takeback/internal/session"
	"takeback/internal/sms"
)

// Life is ordinary life in the accounts of a service. All fields but Breach, Passkeys, Log and Service are needed; Log goes with Breach.
type Life struct {
	DB           *db.DB
	Book         *history.Book // with AddressKey as its AddressKey
	Sessions     *session.Sessions
	Seal         *seal.Keeper
	Post         *mail.Post
	Crier        Crier
	Witness      Witness        // may be nil: then nobody hears of failed second steps and listed passwords
	Judge        Judge          // may be nil: then everything is let be
	Orders       Orders         // with Judge: what holds orders and stops accounts
	Texts        Texts          // may be nil: then no codes go to telephones
	Herald       Herald         // needed where accounts have second factors
	Breach       Breach         // may be nil: then only the built-in list is asked
	Waves        Waves          // may be nil: then nobody notices that many accounts are tried
	Passkeys     *passkey.Party // may be nil: then there are none
	Log          *slog.Logger
	Service      string // what the service is called, in the holder's authenticator app
	AlwaysSecond bool   // everybody without a passkey or app is asked for a code to a contact, and not only whom the judge doubts
	// AnyComposition takes passwords below 15 characters without asking for letters and digits.
	AnyComposition bool

	Words []string // of the service, which must not be in a password; its name need not be among them

	tries      tries
	estimating sync.Mutex
}

// Crier tells the holder's contacts what the history alone does not say. Room
// notice is one, by way of app.
type Crier interface {
	// TellRequested tells every contact held in the last 30 days of a change that waits.
	TellRequested(tx *db.Tx, w Wish) error
	// TellCancelled tells them that it will not be made.
	TellCancelled(tx *db.Tx, w Wish) error
	// NotMe gives a link "this was not me" for a letter of ours, and until when it lasts.
	NotMe(tx *db.Tx, about Told) (link string, until time.Time, err error)
}

// Witness tells the holder's contacts what a sign-in brought to light. Room
// notice is one.
type Witness interface {
	// TellWrongSecond tells that the password was right and the second step wrong, as often as is good for the reader.
	TellWrongSecond(tx *db.Tx, account string, from access.Client) error
	// TellListed tells, once, that the password that is kept since a time is on a list of intruders.
	TellListed(tx *db.Tx, account string, since time.Time, from access.Client) error
	// ToldListed tells whether that was told.
	ToldListed(tx *db.Tx, account string, since time.Time) (bool, error)
	// TellCopied tells that a passkey was presented of which there seem to be two.
	TellCopied(tx *db.Tx, account string, from access.Client) error
}

// Texts sends codes to telephones. Package sms has them.
type Texts interface {
	// Takes tells whether texts can go to a number.
	Takes(number string) bool
	Queue(tx *db.Tx, m sms.Message) error
}

// Waves hears of every sign-in that failed. Room wave is one.
type Waves interface {
	Failed(name string, from access.Client)
}

// Breach tells which passwords are on the lists of intruders. Package breach has them.
type Breach interface {
	Breached(ctx context.Context, password seal.Secret) (bool, error)
	// Here asks only what lies on this machine.
	Here(password seal.Secret) (bool, error)
}

// listed is Breach as the rule of passwords asks it. Lists that cannot be asked
// refuse nobody: a holder who must change a password now goes before.
func (l *Life) listed(ctx context.Context) func(seal.Secret) bool {
	if l.Breach == nil {
		return nil
	}
	return func(password seal.Secret) bool {
		found, err := l.Breach.Breached(ctx, password)
		if err != nil {
			l.Log.WarnContext(ctx, "a list of breached passwords could not be asked; a new password was let pass", "error", err)
		}
		return found
	}
}

// Wish is a change that was asked for and waits.
type Wish struct {
	Account string
	Path    string
	To      string    // the new address; empty for what is no contact
	Due     time.Time // when it takes effect
	By      access.Actor
}

// words are what the service is called, and words of its own.
func (l *Life) words() []string { return append([]string{l.Service}, l.Words...) }

// Told is what a letter told of, and to whom.
type Told struct {
	Account string
	Epoch   int64
	Number  string // notice number of the letter
	Seq     int64  // the change it tells of
	Version string // of the contact that is written to
}

// Handle gives the runner the handlers of this package.
func (l *Life) Handle(r *jobs.Runner) {
	r.Handle(jobApply, jobs.With(l.applyDue))
	r.Handle(jobReset, jobs.With(l.sendReset))
	r.Handle(jobAskBack, jobs.With(l.sendRecovery))
	r.Handle(jobRecover, jobs.With(l.recoveryDue))
	r.Handle(jobGoOn, jobs.With(l.goOn))
}

// The faults of this room that a person may meet; those of values are beside their rules.
var (
	ErrWrong      = fault.New(fault.Unauthenticated, "signin.wrong", "The e-mail address or the password is not right.")
	ErrHeld       = fault.New(fault.Frozen, "signin.held", "What you gave is right, but this account is held still to protect it. We have not lost anything. Please see how to reach us.")
	ErrPassword   = fault.New(fault.Invalid, "password.wrong", "This is not the present password.")
	ErrProve      = fault.New(fault.Conflict, "prove.strong", "Please show first with a passkey or a code that it is you.")
	ErrAskAgain   = fault.New(fault.Invalid, "password.again", "Please give your password once more for this change.")
	ErrCode       = fault.New(fault.Invalid, "code.wrong", "This code is not right, or it was used already.")
	ErrSecondOver = fault.New(fault.Unauthenticated, "signin.second-over", "This took too long, or there were too many tries. Please sign in again.")
	ErrNoSession  = fault.New(fault.NotFound, "session.none", "This device is signed out already.")
	ErrTaken      = fault.New(fault.Conflict, "email.taken", "This address belongs to an account already.")
	ErrSame       = fault.New(fault.Invalid, "value.same", "This is what is there already.")
	ErrNotYours   = fault.New(fault.Invalid, "register.not-yours", "This is not the password that was chosen when this address was registered. Did you not register? Then close this page: nothing happens, and the registration ends within a day.")
	ErrNothing    = fault.New(fault.NotFound, "waiting.none", "This change is not waiting any more.")
	ErrVerb       = fault.New(fault.Forbidden, "path.own-verb", "Contacts and secrets can be changed by the holder alone, on the pages made for it.")
)

// How often things may be tried.
var (
	perPair    = limit{10, 15 * time.Minute}  // one name from one address
	perName    = limit{50, 15 * time.Minute}  // one name from everywhere, devices that signed in to it before left out: those have perPair of their own
	perIP      = limit{100, 15 * time.Minute} // one address, all names; what was right is given back
	perNetwork = limit{300, 15 * time.Minute} // one network, all addresses and names, the same way
	perAccount = limit{10, 15 * time.Minute}  // passwords and codes asked for again inside an account
	perLetter  = limit{3, time.Hour}          // letters that a stranger can cause, to one mailbox
	perSender  = limit{60, time.Hour}         // letters that a stranger can cause, from one address; from massPerSender on each costs a proof or a puzzle
)

// AddressKey gives the normal form of a contact's address, for history.Book.
func AddressKey(slot, address string) string {
	if slot == "phone" {
		return address // parsePhone made it normal
	}
	a, err := mail.ParseAddress(address)
	if err != nil {
		return address // an old one that today's rules refuse still equals itself
	}
	return a.Key()
}

// person is what rules need to know of a holder.
type person struct {
	account  account.Account
	name     string
	email    string // as the login is written now
	contacts []account.Contact
	password account.Secret
	used     []string // ids of every secret there ever was
}

// load reads what is known of an account.
func load(tx *db.Tx, id string) (p person, err error) {
	if p.account, err = account.Get(tx, id); err != nil {
		return p, err
	}
	name, err := account.FactAt(tx, id, "name")
	if err != nil {
		return p, err
	}
	p.name = name.Text()
	if p.contacts, err = account.Contacts(tx, id); err != nil {
		return p, err
	}
	for _, c := range p.contacts {
		if c.Slot == "email" && c.Until.IsZero() {
			p.email = c.Address
		}
	}
	secrets, err := account.Secrets(tx, id)
	for _, s := range secrets {
		p.used = append(p.used, s.SecretID)
		if s.Slot == "password" && s.Until.IsZero() {
			p.password = s
		}
	}
	return p, err
}

// personal is what must not be part of the holder's password.
func (p person) personal() []string {
	all := []string{p.name}
	for _, c := range p.contacts {
		if c.Until.IsZero() {
			all = append(all, c.Address)
		}
	}
	return all
}

// read loads a person outside of a transaction.
func (l *Life) read(ctx context.Context, id string) (p person, err error) {
	err = l.DB.Read(ctx, func(tx *db.Tx) (err error) {
		p, err = load(tx, id)
		return err
	})
	return p, err
}

// proved makes sure that whoever acts has proved lately who he is, as the act
// wants it: with a strong factor where the account has one, and with the password.
// Who presented a passkey lately need not give the password: a passkey is both.
// It counts tries: a stolen session must not be a place to guess the password.
func (l *Life) proved(ctx context.Context, who access.Actor, act Act, given Again) (person, []history.Factor, error) {
	p, shown, err := l.shown(ctx, who)
	switch {
	case err != nil:
		return p, nil, err
	case shown.standing.wants(act) == Strong && !shown.strong:
		return p, nil, ErrProve
	case given.Password.Empty() && shown.key:
		return p, nil, nil
	}
	name := "proof " + who.Account
	if err := l.tries.take(l.DB.Now(), name, perAccount); err != nil {
		return person{}, nil, err
	}
	ok, err := l.Seal.CheckPassword(seal.Ahead(ctx), p.password.Stored, given.Password)
	if err != nil {
		return p, nil, err
	}
	if !ok {
		return p, nil, ErrPassword.On(given.Field)
	}
	l.tries.forget(name)
	return p, []history.Factor{{Path: "password", Version: p.password.Version, Proof: "password"}}, nil
}

// Again is the password as a form asks for it once more.
type Again struct {
	Field    string
	Password seal.Secret // may be empty where a passkey was presented lately
}

// present enters in the history that the password was given again, and refuses
// if it was changed since it was checked.
func (l *Life) present(tx *db.Tx, who access.Actor, factors []history.Factor) error {
	if err := l.Sessions.Prove(tx, who, factors); err != nil {
		return err
	}
	// The account's row is locked now: what is read here stays true until the commit.
	now, err := account.SecretIn(tx, who.Account, "password")
	if err == nil && now.Version != factors[0].Version {
		err = ErrAskAgain.On("password")
	}
	return err
}

// sensitive makes sure of what an act wants: the password now or in the last
// minutes of this session, and a strong proof where the account has such a factor.
// Changes of kinds that are sensitive ask for it.
func (l *Life) sensitive(ctx context.Context, who access.Actor, act Act, password seal.Secret) ([]history.Factor, error) {
	if !password.Empty() {
		_, factors, err := l.proved(ctx, who, act, Again{"password", password})
		return factors, err
	}
	_, shown, err := l.shown(ctx, who)
	switch {
	case err != nil:
	case shown.standing.wants(act) == Strong && !shown.strong:
		err = ErrProve
	case !shown.lately:
		err = ErrAskAgain.On("password")
	}
	return nil, err
}

// Proved tells whether a session may make sensitive changes of the lighter kind without the password once more.
func (l *Life) Proved(ctx context.Context, who access.Actor) (bool, error) {
	_, err := l.sensitive(ctx, who, ActCard, seal.Secret{})
	if errors.Is(err, ErrAskAgain) {
		return false, nil
	}
	return err == nil, err
}

// sessionOf gives the living session that an actor acts in.
func sessionOf(tx *db.Tx, who access.Actor) (session.Session, error) {
	living, err := session.Living(tx, who.Account)
	if err != nil {
		return session.Session{}, err
	}
	for _, s := range living {
		if s.ID == who.Session {
			return s, nil
		}
	}
	return session.Session{}, session.ErrOver
}

// change runs a change of one's own account: the factors first, if there are any.
func (l *Life) change(ctx context.Context, who access.Actor, factors []history.Factor, fn func(tx *db.Tx) error) error {
	return l.act(ctx, func(tx *db.Tx) error {
		if factors != nil {
			if err := l.present(tx, who, factors); err != nil {
				return err
			}
		}
		return fn(tx)
	})
}

// append enters a change by its holder.
func (l *Life) append(tx *db.Tx, who access.Actor, e history.Entry) (history.Change, error) {
	e.By = who
	if e.Account == "" {
		e.Account = who.Account
	}
	if err := l.weighEntry(tx, who, e); err != nil {
		return history.Change{}, err
	}
	return l.Book.Append(tx, e)
}
