// Package archtest holds the rules about this tree that a test can decide:
// who may import whom, what a package has to say about itself, which SQL both
// engines read alike, whose a table is, and whether what the documents name exists.
//
// Every rule is a function from a tree of files to the places that break it,
// so that its own test can feed it a small bad tree and see it fail. Rules that
// need the running program (routes, templates, the content policy) stand beside
// the pages they are about.
//
// The command habits prints what is better talked about than forbidden.
package archtest
