// Package connector is the way to a system that holds facts of an account.
//
// It owns the port (Port and what it may do besides) and its conditions: a
// write says what it expects to find, carries a key that makes it one act
// however often it is asked for, and a fence that keeps out whoever has lost his
// turn. Own is the port to our own facts; every write through it is an entry in
// the account's history. Package connectortest checks any port against the
// conditions.
//
// It owns the tables connector_key and connector_fence. It does not know what a
// write is good for: package restore decides that.
package connector
