// Package passkey asks browsers for passkeys and checks what they answer.
//
// It owns the ceremonies of WebAuthn, as the standard calls them: making a new
// passkey, and presenting one. A ceremony is asked for once, answered once, within five minutes, in
// the browser and for the purpose it was begun for. Which passkeys an account has, and what
// presenting one is good for, is decided by who asks: keys are handed in, and
// given back with the counter they have now.
//
// A site that has no name, only an address of numbers, has no passkeys: New
// gives nil for it, and a nil Party offers none.
//
// Its table is passkey_ceremony.
package passkey
