// Package sms sends codes by text message.
//
// It owns the table text_message. A text is queued in the transaction that
// causes it, like a letter, and leaves by a job: sealed until then, under one
// idempotency key however often it is tried, given up when its code no longer
// counts. Neither number nor code is in a log, an error or a record that stays.
// Where it leaves is a port, Texter; Gateway is the one there is, any provider
// that takes a POST.
//
// A telephone number can be moved to another card by whoever persuades its
// carrier: what a code by text is worth is for those to say who ask for it.
// This package knows nothing of takeovers.
package sms
