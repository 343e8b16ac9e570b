package restore

import (
	"encoding/json"
	"time"
)

// State is how far a step has come. The row says so before the call that it tells of.
type State string

// The states of a step.
const (
	Pending   State = "pending"
	Intent    State = "intent"   // a call may be under way, or have landed unheard
	Applied   State = "applied"  // the system says that it has done it
	Verified  State = "verified" // and it was read back
	Conflicts State = "conflict" // something else was there: a new plan must be made
	Manual    State = "manual"   // nobody can know whether it was done: a person must look
	Skipped   State = "skipped"  // not done, because what it needs was not done
)

// over tells whether nothing more will be done about a step.
func (s State) over() bool { return s != Pending && s != Intent && s != Applied }

// Row is a step in the journal.
type Row struct {
	Step
	No    int
	ID    string // the idempotency key
	State State
	At    time.Time // when it entered its state; zero while it waits
	Seen  json.RawMessage
	Note  string // why it is in conflict, or what the last try met
}

// Stored is a plan as it is kept.
type Stored struct {
	ID           string
	Case         string
	Account      string
	Hash         string // what an approval is bound to
	Epoch        int64
	Head         int64
	Marks        int64
	MadeAt       time.Time
	MadeBy       string
	MadeName     string
	Barred       []string
	Plan                   // without Steps, which are in Rows
	Rows         []Row     // in the order in which they are carried out
	SupersededAt time.Time // zero while it is the plan of its case
	StartedAt    time.Time
	RunEpoch     int64
	Lease        int64
	KilledAt     time.Time
	DoneAt       time.Time
}

// hashOf names a plan by everything that was known when it was made.
func hashOf(p Plan, accountID string, epoch, head int64) string {
	return digest(struct {
		Plan string `json:"plan"`
		Head int64  `json:"head"`
	}{p.Hash(accountID, epoch), head})
}

// Approval is what the second person said.
type Approval struct {
	Hash  string
	At    time.Time
	Actor string
	Name  string
}
