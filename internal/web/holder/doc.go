// Package holder is the face that account holders see: the pages of ordinary
// life (register, sign in, security, history, contacts, addresses, cards,
// orders, reset) and those for a person in trouble.
//
// It turns requests into verbs of rooms and what rooms know into typed views.
// It decides nothing: what is allowed, held back or refused is the rooms' say.
// It owns the session cookie and stores nothing else.
package holder
