//go:build !unix

package db

// lockFile does nothing where files cannot be locked: start one program at a time there.
func lockFile(string) (unlock func(), err error) { return func() {}, nil }
