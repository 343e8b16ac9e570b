package history

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/seal"
)

// Book is the way into the history. OnAppend is called inside the transaction
// of every change, after it was stored: who must be told is decided there, and
// cannot be forgotten by a room. Verified gives what the caller of a case was
// verified with; every act of staff in that case carries it, so that an act for
// a caller who was the intruder can be found by what he proved himself with.
type Book struct {
	Kinds      account.Kinds
	AddressKey func(slot, address string) string // normal form of a contact's address
	OnAppend   []func(tx *db.Tx, c Change) error
	Verified   func(tx *db.Tx, caseID string) ([]Factor, error) // may be nil
}

// The errors of Append besides account.ErrNone and account.ErrFrozen.
var (
	ErrKind     = fault.New(fault.Invalid, "path.unknown", "There is no such kind of fact.")
	ErrAlgebra  = fault.New(fault.Invalid, "path.verb", "This cannot be done with this kind of fact.")
	ErrParts    = fault.New(fault.Invalid, "path.parts", "A part is unknown or has no text.")
	ErrAbsent   = fault.New(fault.NotFound, "path.absent", "There is nothing at this path.")
	ErrPresent  = fault.New(fault.Conflict, "path.present", "There is something at this path already.")
	ErrGrant    = fault.New(fault.Invalid, "grant.unknown", "There is no such grant in this account.").On("grant")
	errNoVerb   = fmt.Errorf("history: a verb of this kind has no entry here")
	errBadValue = fault.New(fault.Invalid, "value.malformed", "The value has the wrong form for this kind of fact.").On("value")
)

// writes lists the algebras whose facts a verb may write; a verb that is not
// here writes no fact.
var writes = map[Verb][]account.Algebra{
	Set:        {account.Register, account.Group, account.Element, account.Effect},
	Patch:      {account.Group, account.Element, account.Effect},
	Add:        {account.Element},
	Remove:     {account.Element, account.Register, account.Group},
	Credential: {account.SecretOf},
	Contact:    {account.ContactOf},
	Drop:       {account.SecretOf, account.ContactOf},
	Move:       {account.Ledger},
	Order:      {account.Effect},
}

// Append enters a change and makes it true. One statement checks the epoch and
// state of the account and takes the next number; if it refuses, nothing was
// written. The errors are those above, account.ErrNone and account.ErrFrozen.
func (b *Book) Append(tx *db.Tx, e Entry) (c Change, err error) {
	defer fault.Wrap(&err, "history.Append(%s %s)", e.Verb, e.Path)
	kind, err := b.kindOf(e)
	if err != nil {
		return c, err
	}
	e.Reads = e.reads(kind)
	c = e.change(tx.Now)
	if c.Factors, err = b.verified(tx, c); err != nil {
		return c, err
	}
	if c.Commit, err = c.commitment(); err != nil {
		return c, err
	}
	// From here on the row of the account is locked: what is read now stays true until the commit.
	c.Seq, c.Epoch, c.Hash, err = account.Advance(tx, e.Account, e.By.Epoch, Admits(e.By, e.Verb), c.Commit)
	if err != nil {
		return c, err
	}
	if err := b.derive(tx, kind, &c, e); err != nil {
		return c, err
	}
	if err := insert(tx, c); err != nil {
		return c, err
	}
	if _, ok := writes[e.Verb]; ok {
		err = account.Store(tx, account.Written{Account: e.Account, Path: e.Path, Algebra: kind.Algebra, Value: c.After, Seq: c.Seq,
			Version: c.Version, SecretID: c.SecretID, Stored: e.Stored, AddressKey: b.addressKey(kind, e.Path, c.After), Confirmed: e.Confirmed})
	} else if e.Verb == Confirm {
		err = account.StoreConfirmed(tx, e.Account, e.Path)
	}
	if err != nil {
		return c, err
	}
	for _, hear := range b.OnAppend {
		if err := hear(tx, c); err != nil {
			return c, err
		}
	}
	return c, nil
}

// kindOf refuses what the kind of the path does not allow.
func (b *Book) kindOf(e Entry) (account.Kind, error) {
	algebras, writesFact := writes[e.Verb]
	if !writesFact && e.Verb != Confirm && e.Verb != View {
		return account.Kind{}, nil
	}
	kind, ok := b.Kinds.Of(e.Path)
	if !ok {
		return kind, ErrKind.On("path")
	}
	if writesFact && !slices.Contains(algebras, kind.Algebra) || e.Erased && e.Verb != Remove && e.Verb != Drop {
		return kind, ErrAlgebra.On("path")
	}
	return kind, nil
}

// reads is what an entry read: what its room says, and what follows from its
// kind, so that no room can forget it. A pointer reads the element that it will
// name; who looks at what has no version saw what a change had set there.
func (e Entry) reads(kind account.Kind) []Read {
	path := ""
	switch {
	case e.Verb == Set && kind.Points != "":
		path = kind.Points + "/" + account.Fact{Value: e.Value}.Text()
	case e.Verb == View && kind.Algebra != account.ContactOf && kind.Algebra != account.SecretOf:
		path = e.Path
	}
	if path == "" || slices.ContainsFunc(e.Reads, func(r Read) bool { return r.Path == path }) {
		return e.Reads
	}
	return append(slices.Clone(e.Reads), Read{Path: path})
}

// verified is what a change carries as presented. Looks are left out: they are
// how staff find out who the caller is, and give him nothing.
func (b *Book) verified(tx *db.Tx, c Change) ([]Factor, error) {
	if b.Verified == nil || len(c.Factors) > 0 || !c.Role.Staff() || c.Case == "" || c.Verb == Look || c.Verb == View {
		return c.Factors, nil
	}
	return b.Verified(tx, c.Case)
}

func (b *Book) addressKey(kind account.Kind, slot string, value json.RawMessage) string {
	if kind.Algebra != account.ContactOf || value == nil {
		return ""
	}
	address := account.Fact{Value: value}.Text()
	if b.AddressKey == nil {
		return address
	}
	return b.AddressKey(slot, address)
}

// change is the part of a change that its entry says outright.
func (e Entry) change(now time.Time) Change {
	c := Change{Account: e.Account, At: now, Verb: e.Verb, Path: e.Path, Part: e.Part,
		Session: e.By.Session, Segment: e.By.Segment, Role: e.By.Role, Actor: e.By.ID, Client: e.By.Client,
		Factors: e.Factors, After: e.Value, Total: e.Verb != Patch && e.Verb != Move, Version: e.Version, SecretID: e.SecretID,
		Amount: e.Amount, Parent: e.Parent, Device: e.Device, Case: e.Case, Request: e.Request, Reads: e.Reads,
		Erased: e.Erased, Grant: Read{Path: e.By.Grant}}
	if c.Case == "" {
		c.Case = e.By.Case
	}
	if c.Request == "" {
		c.Request = e.By.Client.Request
	}
	switch e.Verb {
	case Credential:
		if c.Version == "" {
			c.Version = seal.ID("v")
		}
		c.After = account.TextValue(c.Version)
	case Contact:
		if c.Version == "" {
			c.Version = seal.ID("v")
		}
	case Patch:
		c.After = account.TextValue(account.Fact{Value: e.Value}.Text()) // one form for one text: the commitment covers its bytes
	case Remove, Drop:
		c.After = nil
	}
	c.Nonce = seal.NewToken()
	return c
}

// derive fills in what follows from the facts as they are now: what was there
// before, what a partial write makes of it, and which change each read saw.
func (b *Book) derive(tx *db.Tx, kind account.Kind, c *Change, e Entry) error {
	for i, r := range c.Reads {
		f, err := account.FactAt(tx, c.Account, r.Path)
		if err != nil {
			return err
		}
		c.Reads[i].Seq = f.Seq
	}
	if c.Grant.Path != "" {
		var err error
		if c.Grant, err = b.Granted(tx, c.Account, c.Grant.Path); err != nil {
			return err
		}
	}
	if c.Path == "" || kind.Pattern == "" {
		return nil
	}
	before, err := account.FactAt(tx, c.Account, c.Path)
	if err != nil {
		return err
	}
	c.Before = before.Value
	if c.Erased && before.Value == nil { // the intruder removed it first: without an entry it would come back
		if was, err := Written(tx, c.Account, c.Path, c.Seq); err != nil || !was {
			return cmp.Or[error](err, ErrAbsent.On("path"))
		}
	}
	return c.apply(kind, before, e)
}

// Granted finds the grant at a path, by which somebody else may act for the
// holder of an account now, or gives ErrGrant.
func (b *Book) Granted(tx *db.Tx, accountID, path string) (Read, error) {
	if kind, ok := b.Kinds.Of(path); !ok || !kind.Grant {
		return Read{}, ErrGrant
	}
	f, err := account.FactAt(tx, accountID, path)
	if err == nil && f.Value == nil {
		err = ErrGrant
	}
	return Read{Path: path, Seq: f.Seq}, err
}

// apply computes the value after a change from the one before it.
func (c *Change) apply(kind account.Kind, before account.Fact, e Entry) error {
	switch c.Verb {
	case Set, Add, Order, Contact:
		if c.Verb == Add && before.Value != nil {
			return ErrPresent.On("path")
		}
		return checkValue(kind, c.After)
	case Patch:
		parts := before.Parts()
		if parts == nil {
			parts = map[string]string{}
		}
		var to string
		if err := json.Unmarshal(e.Value, &to); err != nil {
			return errBadValue.Because(err)
		}
		parts[c.Part], c.Base = to, before.Seq
		after, err := json.Marshal(parts)
		if err != nil {
			return err
		}
		c.After = after
		return checkValue(kind, c.After)
	case Remove, Drop:
		if before.Value == nil && !c.Erased {
			return ErrAbsent.On("path")
		}
	case Move:
		balance, err := Balance(before.Value)
		if err != nil {
			return err
		}
		c.Base, c.After = before.Seq, json.RawMessage(strconv.FormatInt(balance+e.Amount, 10))
	case Confirm, View:
		c.After = nil
	}
	return nil
}

// Balance reads a ledger's value; nothing is 0.
func Balance(value json.RawMessage) (int64, error) {
	if value == nil {
		return 0, nil
	}
	n, err := strconv.ParseInt(string(value), 10, 64)
	if err != nil {
		return 0, errBadValue.Because(err)
	}
	return n, nil
}

// checkValue refuses a value that has not the form of its kind.
func checkValue(kind account.Kind, value json.RawMessage) error {
	var s string
	switch kind.Algebra {
	case account.Group, account.Element, account.Effect:
		var parts map[string]json.RawMessage
		if err := json.Unmarshal(value, &parts); err != nil || parts == nil {
			return errBadValue.Because(err)
		}
		if kind.Algebra == account.Effect {
			return nil
		}
		for name, part := range parts {
			if kind.Parts != nil && !slices.Contains(kind.Parts, name) || json.Unmarshal(part, &s) != nil {
				return ErrParts.On(name)
			}
		}
	default:
		if err := json.Unmarshal(value, &s); err != nil {
			return errBadValue.Because(err)
		}
	}
	return nil
}

// payload is what a commitment covers: what was claimed. What follows from the
// entries before (Before, Base, and which change a read saw) is checked by
// replaying them; number and epoch are bound by the chain.
type payload struct {
	Account  string          `json:"account"`
	At       int64           `json:"at"`
	Verb     Verb            `json:"verb"`
	Path     string          `json:"path"`
	Part     string          `json:"part"`
	Session  string          `json:"session"`
	Segment  int             `json:"segment"`
	Role     access.Role     `json:"role"`
	Actor    string          `json:"actor"`
	Client   access.Client   `json:"client"`
	Factors  []Factor        `json:"factors"`
	Value    json.RawMessage `json:"value"`
	Reads    []string        `json:"reads"`
	Version  string          `json:"version"`
	SecretID string          `json:"secret_id"`
	Amount   int64           `json:"amount"`
	Parent   string          `json:"parent"`
	Device   string          `json:"device"`
	Case     string          `json:"case"`
	Request  string          `json:"request"`
	Grant    string          `json:"grant,omitempty"` // what was written before there were any still has its commitment
	Erased   bool            `json:"erased,omitempty"`
}

// commitment is the hex SHA-256 over the nonce and the payload. Without the
// nonce nobody can guess a short value from it, so payload and nonce can be
// erased and the chain still holds.
func (c Change) commitment() (string, error) {
	value, reads := c.After, make([]string, len(c.Reads))
	switch c.Verb {
	case Patch:
		parts := account.Fact{Value: c.After}.Parts()
		if to, ok := parts[c.Part]; ok {
			value = account.TextValue(to)
		}
	case Move:
		value = nil
	}
	for i, r := range c.Reads {
		reads[i] = r.Path
	}
	p, err := json.Marshal(payload{c.Account, c.At.UnixMicro(), c.Verb, c.Path, c.Part, c.Session, c.Segment, c.Role, c.Actor, c.Client,
		c.Factors, compact(value), reads, c.Version, c.SecretID, c.Amount, c.Parent, c.Device, c.Case, c.Request, c.Grant.Path, c.Erased})
	if err != nil {
		return "", errBadValue.Because(err)
	}
	sum := sha256.Sum256(append([]byte(c.Nonce), p...))
	return hex.EncodeToString(sum[:]), nil
}

// compact takes white space out of a value, so that its bytes do not depend on who wrote it.
func compact(value json.RawMessage) json.RawMessage {
	if value == nil {
		return nil
	}
	var b bytes.Buffer
	if json.Compact(&b, value) != nil {
		return value // not JSON: marshalling it says so
	}
	return b.Bytes()
}
