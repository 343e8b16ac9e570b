package session

import (
	"context"
	"errors"
	"strings"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/history"
	"takeback/internal/seal"
)

const (
	lifetime    = 30 * 24 * time.Hour // of a session
	restsAtMost = 14 * 24 * time.Hour // then it ends, unused: a browser that somebody finds in a drawer is not signed in
	limitedLife = 12 * time.Hour      // of a limited one: as long as answering a few questions may take
	provedFor   = 10 * time.Minute    // how long a presented password counts for sensitive changes
	seenAtLeast = 5 * time.Minute     // how exact "last used" is on our pages,
	formerFor   = time.Minute         // how long a token counts after the next one was given: for what was sent at the same time
	usedAtLeast = 6 * time.Hour       // and where only the protected service asks: it asks at every request of its own
	lateAtMost  = time.Second         // memory counts only while announcements of other processes are no later
)

// Session is a signed-in client. Its token is not in it.
type Session struct {
	ID          string
	Account     string
	Epoch       int64
	Limited     bool
	Verb        history.Verb // how it was opened: Open, Recover or Derive
	Parent      string
	OpenedSeq   int64
	OpenedAt    time.Time
	ProvedAt    time.Time
	TokenAt     time.Time // when its token was given
	SeenAt      time.Time
	ExpiresAt   time.Time
	Segment     int
	Device      string
	Bound       bool // Device keeps a key: nobody carries the session to another one. Known of a session that was found by its token
	IP          string
	UserAgent   string
	EndedAt     time.Time // zero while it lives
	EndedWhy    string
	State       account.State // of its account, when it was read
	former      bool          // it was found by its former token,
	formerUntil time.Time     // which counts until then
}

// ErrOver says that a token gives no authority (any more): unknown, ended, expired, or of an epoch that is over.
var ErrOver = fault.New(fault.Unauthenticated, "session.over", "You are not signed in.")

// Actor is the session as the actor of what is done in it.
func (s Session) Actor(c access.Client) access.Actor {
	return access.Actor{Role: access.Holder, ID: s.Account, Account: s.Account, Session: s.ID, Segment: s.Segment,
		Epoch: s.Epoch, Limited: s.Limited, Client: c}
}

// Proved tells whether the password was presented in it lately enough for a sensitive change.
func (s Session) Proved(now time.Time) bool { return now.Sub(s.ProvedAt) < provedFor }

// Sessions opens, checks and ends sessions.
type Sessions struct {
	DB   *db.DB
	Book *history.Book
	Seal *seal.Keeper
	// Tell tells the holder that a session was ended because its cookie was copied; may be nil.
	Tell  func(tx *db.Tx, copied Session) error
	cache *cache
}

// New makes Sessions and begins to listen for epochs that move.
func New(d *db.DB, book *history.Book, keeper *seal.Keeper) *Sessions {
	s := &Sessions{DB: d, Book: book, Seal: keeper, cache: newCache()}
	d.Listen(account.EpochTopic, s.cache.forget)
	return s
}

// Opening says how a session comes to be.
type Opening struct {
	Account account.Account
	Verb    history.Verb // Open, Recover or Derive
	Factors []history.Factor
	Parent  string
	Client  access.Client
	Limited bool
	Case    string    // in which a limited session is opened
	Until   time.Time // when its token ends; 30 days from now if zero
}

// Open opens a session and gives its token. known tells whether the device had
// been used for this account before.
func (s *Sessions) Open(tx *db.Tx, o Opening) (opened Session, token string, known bool, err error) {
	if known, err = s.touchDevice(tx, o.Account.ID, o.Client); err != nil {
		return opened, "", false, err
	}
	opened = Session{ID: seal.ID("ses"), Account: o.Account.ID, Epoch: o.Account.Epoch, Limited: o.Limited, Verb: o.Verb, Parent: o.Parent,
		OpenedAt: tx.Now, ProvedAt: tx.Now, TokenAt: tx.Now, SeenAt: tx.Now, ExpiresAt: tx.Now.Add(lifetime), Segment: 1,
		Device: o.Client.Device, IP: o.Client.IP, UserAgent: o.Client.UserAgent, State: o.Account.State}
	if !o.Until.IsZero() {
		opened.ExpiresAt = o.Until
	}
	if o.Limited {
		opened.ExpiresAt = tx.Now.Add(limitedLife)
	}
	c, err := s.Book.Append(tx, history.Entry{Account: o.Account.ID, By: opened.Actor(o.Client), Verb: o.Verb,
		Factors: o.Factors, Parent: o.Parent, Device: o.Client.Device, Case: o.Case})
	if err != nil {
		return opened, "", known, err
	}
	opened.OpenedSeq = c.Seq
	token = seal.NewToken()
	return opened, token, known, insert(tx, opened, s.hash(token))
}

func (s *Sessions) hash(token string) string { return s.Seal.Hash("session", token) }

// Check tells whose session a token is, and gives ErrOver if it may not act.
// It is quick: what was asked before is answered from memory until the
// account's epoch moves or one of its sessions ends.
func (s *Sessions) Check(ctx context.Context, token string) (Session, error) {
	now := s.DB.Now()
	found, err := s.find(ctx, token, now)
	if err == nil && now.Sub(found.SeenAt) >= usedAtLeast {
		// If it cannot be kept now, the next request tries again: nobody is signed out for that.
		_ = s.DB.Write(ctx, func(tx *db.Tx) error { return use(tx, found.ID) })
		s.cache.drop(token)
	}
	return found, err
}

func (s *Sessions) find(ctx context.Context, token string, now time.Time) (Session, error) {
	if len(token) != len(seal.NewToken()) || strings.ContainsAny(token, " \t") {
		return Session{}, ErrOver
	}
	line, alive := s.DB.Line(lateAtMost)
	if alive {
		if found, ok := s.cache.get(token, line); ok {
			return found, found.refusal(now)
		}
	}
	// Taken before the state is read: what is announced from here on makes the entry stale, never too fresh.
	stamp := s.cache.now()
	var found Session
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		found, err = byToken(tx, s.hash(token))
		return err
	})
	if errors.Is(err, db.ErrNone) {
		return Session{}, ErrOver
	}
	if err != nil {
		return Session{}, err
	}
	if err := found.refusal(now); err != nil {
		return Session{}, err
	}
	if alive {
		s.cache.put(token, entry{found, stamp, line})
	}
	return found, nil
}

// CheckFrom is Check for a browser: it also notices that a session goes on from
// another client (a stolen cookie does) and begins a new segment then; one that is
// bound to a device's key ends. What came out of another session is in the hands of a service and no browser's: as a
// cookie it would let that service change a password.
func (s *Sessions) CheckFrom(ctx context.Context, token string, client access.Client) (Session, error) {
	found, err := s.Check(ctx, token)
	if err == nil && found.Verb == history.Derive {
		return Session{}, ErrOver
	}
	if err != nil || !found.changedHands(client) && s.DB.Now().Sub(found.SeenAt) < seenAtLeast {
		return found, err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		if found, err = byToken(tx, s.hash(token)); err != nil {
			return err
		}
		if err := found.refusal(tx.Now); err != nil {
			return err
		}
		switch moved := found.changedHands(client); {
		case moved && found.Limited:
			// Nobody carries a limited session from one browser to another: who does has taken its cookie.
			found.EndedAt = tx.Now
			return s.End(tx, access.Do("session"), found.Account, found.ID, "handover")
		case moved && found.Elsewhere(client.Device):
			return s.endCopied(tx, &found, client)
		case moved:
			if err := s.handOver(tx, &found, client); err != nil {
				return err
			}
		}
		found.SeenAt = tx.Now
		return touch(tx, found)
	})
	s.cache.drop(token) // it knows the former time
	if errors.Is(err, db.ErrNone) || err == nil && !found.EndedAt.IsZero() {
		err = ErrOver
	}
	return found, err
}

// endCopied ends a session whose cookie came without that of the device it is
// bound to. The copy's client is entered as where that was noticed and nowhere
// else: it must not become a device that the account has seen.
func (s *Sessions) endCopied(tx *db.Tx, found *Session, from access.Client) error {
	found.EndedAt = tx.Now
	by := access.Do("session")
	by.Client = access.Client{IP: from.IP, UserAgent: from.UserAgent, Request: from.Request}
	if err := s.End(tx, by, found.Account, found.ID, "copied"); err != nil || s.Tell == nil {
		return err
	}
	return s.Tell(tx, *found)
}

// Renew gives a session a new token if its holder proved who he is since the
// present one was given: a copy of that one must not profit from the proof. For
// requests that were sent together it gives the same token each time. fresh is
// empty where the token stays as it is.
func (s *Sessions) Renew(ctx context.Context, token string) (fresh string, renewed Session, err error) {
	found, err := s.Check(ctx, token)
	if err != nil || !found.dueForToken() {
		return "", found, err
	}
	next := s.Seal.Next("session", token)
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		fresh = ""
		if renewed, err = byToken(tx, s.hash(token)); err != nil {
			return err
		}
		switch {
		case renewed.refusal(tx.Now) != nil:
			return db.ErrNone
		case renewed.former:
			now, err := byToken(tx, s.hash(next))
			if err == nil && now.ID == renewed.ID { // else there is one after the next already
				fresh, renewed = next, now
			}
			return err
		case !renewed.dueForToken():
			return nil
		}
		fresh = next
		if err := giveToken(tx, renewed.ID, s.hash(next), s.hash(token)); err != nil {
			return err
		}
		return tx.Announce(account.EpochTopic, renewed.Account) // the cache knows how long the former token counts
	})
	if errors.Is(err, db.ErrNone) {
		err = ErrOver
	}
	return fresh, renewed, err
}

// handOver begins a new segment and enters it in the history.
func (s *Sessions) handOver(tx *db.Tx, found *Session, client access.Client) error {
	if _, err := s.touchDevice(tx, found.Account, client); err != nil {
		return err
	}
	found.Segment++
	found.Device, found.IP, found.UserAgent = client.Device, client.IP, client.UserAgent
	found.ProvedAt = time.Unix(0, 0).UTC() // who goes on from another client has not given the password there
	c, err := s.Book.Append(tx, history.Entry{Account: found.Account, By: found.Actor(client), Verb: history.Handover, Device: client.Device})
	if err != nil {
		return err
	}
	if err := insertSegment(tx, *found, c.Seq); err != nil {
		return err
	}
	return tx.Announce(account.EpochTopic, found.Account) // the cache knows the former segment
}

// Prove keeps that the password (or more) was presented again in a session, and enters it.
func (s *Sessions) Prove(tx *db.Tx, by access.Actor, factors []history.Factor) error {
	if _, err := s.Book.Append(tx, history.Entry{Account: by.Account, By: by, Verb: history.StepUp, Factors: factors}); err != nil {
		return err
	}
	if err := prove(tx, by.Session); err != nil {
		return err
	}
	return tx.Announce(account.EpochTopic, by.Account) // the cache knows the former time
}

// End ends one session of an account, and what came out of it. Somebody else's is db.ErrNone.
func (s *Sessions) End(tx *db.Tx, by access.Actor, accountID, id, why string) error {
	n, err := tx.Exec(`UPDATE session SET ended_at = $1, ended_why = $2 WHERE id = $3 AND account = $4 AND ended_at IS NULL`, tx.Now, why, id, accountID)
	if err != nil {
		return err
	}
	if n == 0 {
		return db.ErrNone
	}
	if _, err := s.Book.Append(tx, history.Entry{Account: accountID, By: by, Verb: history.SignOut, Parent: id}); err != nil {
		return err
	}
	if err := s.endDerived(tx, by, accountID, id, why); err != nil {
		return err
	}
	return tx.Announce(account.EpochTopic, accountID)
}

// EndOthers ends every session of an account but one, after a secret was changed.
func (s *Sessions) EndOthers(tx *db.Tx, accountID, keep, why string) error {
	if err := EndAll(tx, accountID, keep, why); err != nil {
		return err
	}
	return tx.Announce(account.EpochTopic, accountID)
}
