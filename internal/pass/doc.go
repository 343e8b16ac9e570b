// Package pass is what a service holds that has people sign in here (OpenID
// Connect): a code that is exchanged once, an access token, a refresh token.
//
// It owns the tables client, pass, pass_refresh and signing_key. A pass comes out
// of a browser's session and is a session itself (history.Derive, with its
// Parent), so that everything done by it is followed, marked and undone like
// anything else. Its access token is that session's token: there is one kind
// of authority here, and it is checked at every use, against the same epoch. What
// ends an account's sessions, or the browser's one, ends its passes with the
// same commit; there is no token that anybody must wait for to run out.
//
// A refresh token is good once. One that comes again was stolen, from the client
// or by it: the pass ends, which is entered in the history and told to the
// holder. So does a code that comes again.
//
// A client that keeps sessions of its own is told of each that is over (hangup.go).
// Room pass also keeps the keys that ID tokens are signed with (keys.go). It does not
// sign anybody in (signin) and speaks no protocol (face oidc).
package pass
