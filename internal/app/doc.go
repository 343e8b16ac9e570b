// Package app builds Takeback: every room with what it needs, in reading order.
//
// It is the only package that knows all rooms. New (app.go) is the list of what
// there is; flow.go says what is queued when a case enters a step; config.go is
// what an operator may set. Nothing here decides anything about an account.
package app
