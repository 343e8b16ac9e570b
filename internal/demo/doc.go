// Package demo is a small shop on this machine, to look at Takeback and to try
// it: Awanami Books, with two hundred holders who have lived in their accounts
// for fourteen months, three people at the desk, and an inbox that shows every
// letter as it was delivered over SMTP.
//
// It owns the invented people (people.go, life.go) and how their past is
// written through the real verbs of the rooms (seed.go, past.go), the pages of
// the demo (inbox.go, guide.go), and the players who act the whole story over
// HTTP and SMTP (player.go, story.go) for `takeback demo --once` and for tests.
//
// It decides nothing about accounts and has no table. It stands beside package
// app and sees the whole house. What only the operator of a demo can know, such
// as the seeds of the staff's authenticator apps, is said where it is used.
package demo
