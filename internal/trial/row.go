package trial

import (
	"fmt"
	"time"
)

// The columns of the RBA data set, by the names in its header.
const (
	colIndex = iota
	colAt
	colUser
	colRoundTrip
	colAddress
	colCountry
	colRegion
	colCity
	colNetwork
	colAgent
	colBrowser
	colSystem
	colDevice
	colSuccess
	colListed
	colTakeover
	columns
)

var columnNames = [columns]string{
	"index", "Login Timestamp", "User ID", "Round-Trip Time [ms]", "IP Address", "Country", "Region", "City", "ASN",
	"User Agent String", "Browser Name and Version", "OS Name and Version", "Device Type",
	"Login Successful", "Is Attack IP", "Is Account Takeover",
}

// needed are the columns without which there is nothing to score. The others
// are read if they are there; a missing index is the number of the row.
var needed = [...]int{colAt, colUser, colAddress, colCountry, colNetwork, colAgent, colBrowser, colSystem, colDevice, colSuccess}

// UnknownNames is the one user id of the data set under which all attempts on
// names that do not exist are kept.
const UnknownNames = "-4324475583306591935"

// Row is one attempt to sign in. Its texts point into the reader's buffer: they
// are good until the next row is read.
type Row struct {
	Index     []byte
	At        time.Time
	User      []byte
	RoundTrip []byte
	Address   []byte
	Country   []byte
	Region    []byte
	City      []byte
	Network   uint32 // ASN, 0 if there is none
	Agent     []byte
	Browser   []byte
	System    []byte
	Device    []byte
	Success   bool
	Listed    bool // Is Attack IP; read so that it can be counted, never scored
	Takeover  bool // Is Account Takeover
}

// Nobody tells whether the row is an attempt on a name that does not exist. The data
// set has four successes under that id, too: whoever gets in has an account.
func (r *Row) Nobody() bool { return !r.Success && string(r.User) == UnknownNames }

// Broken is a row that cannot be read. The next one can.
type Broken struct {
	Line   int64
	Column string // empty if the row as a whole is wrong
	Why    string
}

func (b *Broken) Error() string {
	if b.Column == "" {
		return fmt.Sprintf("line %d: %s", b.Line, b.Why)
	}
	return fmt.Sprintf("line %d, column %q: %s", b.Line, b.Column, b.Why)
}
