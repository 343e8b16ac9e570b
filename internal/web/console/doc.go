// Package console is the face for the people who answer: the queue, the page
// of a case, the big screen, and what supervisors oversee.
//
// It stores nothing. Every page of a case goes through Desk.Enter, which leaves an entry in
// the account's history before anything is read; what the pages show is hidden
// already where it comes from. routes.go is the table of contents. Event streams
// say only "changed"; the page asks again through the same permission check.
package console
