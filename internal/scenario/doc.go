// Package scenario reads scenario files and plays them through the code that
// the server runs: history.Append on an embedded database, investigate.Analyst,
// restore.MakePlan, and the connector that carries out the steps. It has no rules of its own.
//
// A scenario is the history of one account, what an investigator marks in it
// and what must come out: the specification of investigate and restore by
// example. Parse refuses a malformed file with file, line and key before
// anything runs. Every scenario has an account of its own.
//
// It is called by the command `takeback replay` and by the tests of the project.
package scenario
