// Package inbox is a mail server that keeps letters in memory.
//
// Tests and the demo send their letters to it over real SMTP and read them
// here: as parsed by Parse, or by the links in them. It fails on demand, because
// a mail server that never fails proves nothing. Nothing it takes is sent on.
package inbox
