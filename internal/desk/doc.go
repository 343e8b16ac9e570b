// Package desk is the people who answer: who they are, who is on duty, what
// waits for them, what they look at, what they say.
//
// It owns the tables staff, staff_letting, staff_session, desk_try, duty, look, unmask and
// quota_lift. Reports come to it as cases, calls and messages (casefile);
// verify, investigate and restore work in the cases that it opens. Stopping an
// account is the freeze room's, asked for through Freezer.
//
// Log, then serve: Enter leaves an entry in the account's history, in a commit of
// its own, before anything about the account is read. There is no search of
// accounts: an account is found only inside a case, by exact address or id. Staff
// set neither secrets nor contacts of holders; no verb here can.
package desk
