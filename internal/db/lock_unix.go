//go:build unix

package db

import (
	"errors"
	"os"
	"syscall"
)

// claimFile takes a file for the life of this process, and gives how to let go
// of it; errClaimed if another one has it. A process that is killed lets go, too.
func claimFile(path string) (release func() error, err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		if errors.Is(err, syscall.EWOULDBLOCK) {
			err = errClaimed
		}
		return nil, errors.Join(err, f.Close())
	}
	return f.Close, nil
}

// lockFile keeps two programs that start at once from migrating the same file.
// It waits until the other is done.
func lockFile(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() { _ = f.Close() }, nil // closing lets go of the lock; there is nothing to lose
}
