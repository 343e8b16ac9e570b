package scenario

import "time"

// Scenario is one history with its marks and expectations.
type Scenario struct {
	Title   string
	Devices map[string]bool // true: established before the look-back window
	Steps   []Step
	Seeds   Seeds
	Clears  Clears
	Expect  *Expect // nil if the file has none
}

// Step is one thing that happens.
type Step struct {
	ID       string
	Do       string
	At       time.Duration // from the start
	By       string        // the acting session
	Session  string        // that is opened
	From     string        // the session it is derived from
	Device   string
	With     []string // versions presented: to open, to step up, or to staff
	Via      string   // contact version proven
	Path     string
	Part     string
	Text     string            // value of a register, a part or a contact
	Parts    map[string]string // value of a group or element; nil if Text is the value
	Version  string
	Secret   string
	Unique   bool // the secret equals no other
	Amount   int64
	ShipTo   string
	Effect   string
	Until    time.Duration
	Agent    string
	Act      *Step // what the agent does
	line     int
	hasUntil bool
}

// Seeds are what the investigator marks as the intruder's.
type Seeds struct {
	Sessions    []string
	From        map[string]string // session -> step
	Steps       []string
	Credentials []string
	Agents      []string
}

// Clears are what the investigator declares the holder's.
type Clears struct {
	Sessions []string
	Steps    []string
}

// Asked is a question to people.
type Asked struct {
	Why  string `json:"why"`
	Path string `json:"path"`
}

// Expect is what must come out. What is nil is not compared.
type Expect struct {
	Sessions  map[string]string
	Steps     map[string]string
	State     map[string]any // string, int64 or map[string]string
	Asked     *[]Asked
	Effects   map[string]string
	Untouched []string
	Refused   *[]string
	Alive     []string
}

// Result is what came out. Its JSON form is part of the format of replay.
type Result struct {
	Scenario string            `json:"scenario"`
	OK       bool              `json:"ok"`
	Differs  []string          `json:"differs"`
	Sessions map[string]string `json:"sessions"`
	Steps    map[string]string `json:"steps"`
	State    map[string]any    `json:"state"`
	Asked    []Asked           `json:"asked"`
	Effects  map[string]string `json:"effects"`
	Refused  []string          `json:"refused"`
	Alive    []string          `json:"alive"`
	Plan     []Planned         `json:"plan"`
}

// Planned is one step of the plan, with the path of evidence by step ids.
type Planned struct {
	Op      string   `json:"op"`
	Path    string   `json:"path"`
	Pre     any      `json:"pre"`
	Want    any      `json:"want"`
	Because []string `json:"because"`
}

// The words for what a slot or path holds that is no value.
const (
	absent  = "absent"
	revoked = "revoked"
	held    = "held"
)
