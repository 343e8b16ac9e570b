// Package keytest is an authenticator for tests: a telephone with a browser, or
// a key on a ring, which makes passkeys and presents them. It can also do what
// an honest one never does: lie about the site, forget its count, or not ask who holds it.
//
// It stands outside of the program, as the real ones do.
package keytest
