package breach

import (
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"runtime/debug"
	"sync"

	"takeback/internal/seal"
)

// Filter tells whether passwords are on the lists it was built from. It may be
// asked by many at once.
type Filter struct {
	file    []byte
	release func() error
	table   [shards]shard
	sound   [shards]func() error // checks a shard's bytes, once
}

// Open maps a filter that Build made. Its table is checked now, each shard when
// it is asked for the first time.
func Open(path string) (_ *Filter, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() < int64(head) {
		return nil, fmt.Errorf("%s: it is no filter made by breach build", path)
	}
	b, release, err := mapFile(f, info.Size())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	filter, err := open(b)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), release())
	}
	filter.release = release
	return filter, nil
}

func open(b []byte) (*Filter, error) {
	f := &Filter{file: b}
	var err error
	if f.table, err = readHeader(b, uint64(len(b))); err != nil {
		return nil, err
	}
	for i, s := range f.table {
		f.sound[i] = sync.OnceValue(func() error {
			if s.keys > 0 && crc32.Checksum(s.bytes(b), castagnoli) != s.checksum {
				return fmt.Errorf("shard %d is broken: copy or build the filter again", i)
			}
			return nil
		})
	}
	return f, nil
}

// Close lets go of the file. Nobody may ask afterwards.
func (f *Filter) Close() error { return f.release() }

// Passwords is how many passwords are in the filter.
func (f *Filter) Passwords() (n uint64) {
	for _, s := range f.table {
		n += s.keys
	}
	return n
}

// errPulled is that somebody cut the file while it was mapped.
var errPulled = errors.New("the filter's file was changed while it is in use: put a new one in its place by renaming, and start again")

// Has tells whether a password is in the filter.
func (f *Filter) Has(password seal.Secret) (found bool, err error) {
	s := sumOf(password.Reveal())
	part := f.table[s.shard()]
	if part.keys == 0 {
		return false, nil
	}
	// Reading pages of a file that was cut is a fault of memory, which would end
	// the program; so it is an error of this look-up.
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if recover() != nil {
			found, err = false, errPulled
		}
	}()
	if err := f.sound[s.shard()](); err != nil {
		return false, err
	}
	look := part.filter(f.file)
	return look.Contains(s.key()), nil
}
