// Package notice tells the holder what happens in his account, where the
// intruder cannot keep it from him.
//
// It owns the table notice. Teller.Hear is called by package history inside
// the transaction of every change, so that no room can forget to tell and no
// change commits without its letters. A change whose kind says so, and a
// session on a device never used for the account before (but the first one after
// a registration), go to every e-mail
// address that the account held in the last 30 days: also to the one that is
// being replaced, taken from the change itself, because what the account says
// now may already be the intruder's. The address that a change brings in is not
// told of that change; it has no business with the former one.
//
// Every letter carries a number, which its reader can check, and a link of his
// own that stops the account: for 14 days, and for 30 where every contact is
// new. The letter says until when, and until when an address that was given up
// is still good for recovery. What is shown of values is masked.
//
// Telephones are not told: there is no one to send short messages through. They
// are kept with the notice as untold, so that the desk knows whom nobody reached.
// Several changes of one path in a short time are told each for itself: of two
// letters too many and one too few, the second is the one that costs an account.
//
// It does not decide what may be changed (signin) and does not stop accounts
// (report and freeze do, when the link is used). After it comes report.
package notice
