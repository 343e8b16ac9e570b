// Package history is the truth about every account.
//
// It owns the table change: append-only, one row per act, numbered per account,
// fenced by the account's epoch and chained by hash. Append is the only way in;
// it changes the account's current facts in the same transaction, so nothing
// changes without an entry. The database itself refuses UPDATE and DELETE.
// Sensitive views are entries too. Rooms read it to tell the holder (notice),
// to find what the intruder touched (investigate) and to prove what was done.
package history
