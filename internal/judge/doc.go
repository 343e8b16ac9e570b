// Package judge keeps what risk decides by, and makes decisions count.
//
// It owns the profile of every account (which places and clients it is used
// from), the counters of all of them, the operator's budgets and own rules, and
// a record of every decision that was more than letting be, with its reasons and
// what came of it. It hears of a change as history enters it, is asked by room
// signin before a session is opened or a contact moved, and takes events from
// services that keep their own sign-in.
//
// The mathematics is in package risk, which does no I/O; here is what it needs
// around it: rows, memory, the clock, the configuration. For the first 14 days,
// and for as long as the operator wishes, it stands in shadow: it decides, shows
// what it would have done, and does nothing.
//
// A score alone never freezes an account, and nothing here clears anybody: an
// investigation goes by who knew what when and does not ask this room.
//
// It comes before notice in the story and beside everything else. Its tables are
// risk_profile, risk_event, risk_memory and risk_tally.
package judge
