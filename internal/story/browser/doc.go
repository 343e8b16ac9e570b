// Package browser drives a real Chromium in tests.
//
// A test opens as many windows as the story has people: the holder on a phone,
// an agent and an investigator at their desks. Every window has its own cookies.
// Whatever a page says on the console fails the test, and so does everything
// that the content policy had to stop; a page that means to answer with an error
// is announced by Allow. Axe asks axe-core whether people with a screen reader
// or poor sight can use the page.
//
// The scripts of this package go in through the debugger, so the policy of the
// pages stays as strict as in production. It is for tests only.
package browser
