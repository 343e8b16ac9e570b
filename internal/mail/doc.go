// Package mail writes letters and sees them off.
//
// A room fills a Body and hands a Letter to Post.Queue in the transaction of
// what the letter is about: the letter exists exactly if its cause was
// committed. Queue fixes its number, Message-ID and date and keeps a draft. A job
// renders it in the reader's language, signs it (DKIM, where a key is
// configured), keeps those bytes, and hands them to a mail server: no letter is
// ever sent twice with different content, and no change waits for its letter.
//
// The contract is at least once. If the process dies after the mail server took
// a letter and before the database knows, the letter goes out again: the same
// bytes under the same Message-ID, by which mailboxes drop the second copy. No
// sender can promise more. The window is one commit wide.
//
// Letters of one account leave in the order they were queued, and a mail server
// that is down stops the line without loss. A single mailbox that does not take
// letters now steps aside into a line of its own; otherwise an intruder could
// hold up every warning to the holder by adding an address whose server always
// says "later". What a server refuses for good, or for three days, is
// undeliverable: staff see it in Undeliverable and among the dead letters.
//
// The body of a letter holds links that carry authority. It is stored sealed
// and erased once the letter is sent; of one that could not be delivered, after
// a fortnight. What stays is what /messages and /check-letter need, and of letters
// to an account a copy of the text, sealed too: the same template, rendered for a body in
// which words stand for every link and code. It is kept for as long as the account is (Forget).
//
// Nothing that a stranger can choose makes a letter say more than its template:
// strings become one short line each, links lead to our own site or nowhere,
// and whoever only typed in an address is not greeted by the name he typed.
//
// It owns the table letter and the rules for e-mail addresses (ParseAddress,
// Mask). It knows nothing of accounts and takeovers but what a Body says.
package mail
