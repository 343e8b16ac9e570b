// Package casefile is the file of a case: it joins a report to its hand-back.
//
// It owns the tables case_file, case_entry, reporter, callback, case_message,
// phishing and knock, and the one table of legal next steps (rules.go). Rooms
// never call one another; a room writes its rows and calls Advance in the same
// transaction, and app/flow says what is queued when a case enters a step. A case
// has at most one account and an account at most one open case: a second report
// joins the first, and each reporter hears only what is said to him.
package casefile
