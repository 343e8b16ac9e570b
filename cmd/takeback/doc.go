// Command takeback takes a hijacked account back.
//
// It is one program: the server (serve), a small shop to try it on (demo), the
// scenarios of restore by example (replay), measurements against the machine's
// own limit (bench), and tools for operators (key, verify-history). Every flag
// can be given as an environment variable TAKEBACK_… too.
package main
