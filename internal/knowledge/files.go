package knowledge

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

type keyed struct {
	key   string
	paths []string
}

// keyed gives the files by their key in the configuration.
func (s Sources) keyed() []keyed {
	all := []keyed{{"places", s.Places}, {"networks", s.Networks}, {"disposable", s.Disposable}}
	for i, paths := range s.Lists {
		all = append(all, keyed{signs[i], paths})
	}
	return all
}

// Trouble is a file that cannot be used.
type Trouble struct {
	Key  string // its key in the configuration
	Path string
	Err  error // names the line, where there are lines
}

func (t *Trouble) Error() string { return fmt.Sprintf("%s: %s: %v", t.Key, t.Path, t.Err) }

func (t *Trouble) Unwrap() error { return t.Err }

// stamp is how a file looked: whatever writes to it changes the stamp.
type stamp struct {
	changed time.Time
	size    int64
}

// file is a file and what was read from it.
type file struct {
	key, path string
	inUse     stamp // of the version that is in use
	seen      stamp // when it was last looked at
	refused   stamp // of the version that is not in use because of trouble
	trouble   error

	places   table[location]
	networks table[Network]
	list     *list
	domains  domains
}

// errMoving is that a file was written to while it was read.
var errMoving = errors.New("it is being written to")

// read reads the file as it is now. On an error what was read before stays.
func (f *file) read() error {
	in, err := os.Open(f.path)
	if err != nil {
		return plainError(err)
	}
	defer func() { _ = in.Close() }() // it was only read
	before, err := look(in)
	if err != nil {
		return err
	}
	fresh := file{key: f.key, path: f.path, inUse: before, seen: before}
	if err := fresh.parse(in, before.size); err != nil {
		return err
	}
	if after, err := look(in); err != nil || after != before {
		return errors.Join(err, errMoving)
	}
	*f = fresh
	return nil
}

// look gives a file's stamp and refuses what is no plain file.
func look(in *os.File) (stamp, error) {
	info, err := in.Stat()
	switch {
	case err != nil:
		return stamp{}, plainError(err)
	case !info.Mode().IsRegular():
		return stamp{}, errors.New("it is no plain file")
	case info.Size() > maxFile:
		return stamp{}, fmt.Errorf("it is larger than %d bytes", maxFile)
	}
	return stamp{info.ModTime(), info.Size()}, nil
}

// plainError leaves the path out, which is said already.
func plainError(err error) error {
	if p := (*fs.PathError)(nil); errors.As(err, &p) {
		return p.Err
	}
	return err
}

// parse reads what the file says, by its key and its ending.
func (f *file) parse(in io.Reader, size int64) (err error) {
	if strings.EqualFold(filepath.Ext(f.path), ".mmdb") {
		text := bytes.NewBuffer(make([]byte, 0, size+bytes.MinRead))
		if _, err := io.Copy(text, io.LimitReader(in, maxFile)); err != nil {
			return err
		}
		switch f.key {
		case "places":
			f.places, err = readMMDB(text.Bytes(), decodePlace)
		case "networks":
			f.networks, err = readMMDB(text.Bytes(), decodeNetwork)
		default:
			err = errors.New("only places and networks are read from an .mmdb; this is a list, one entry a line")
		}
		return err
	}
	switch f.key {
	case "places":
		f.places, err = filled(readPlaces(in))
	case "networks":
		f.networks, err = filled(readNetworks(in))
	case "disposable":
		f.domains, err = readDomains(in)
	default:
		f.list, err = readList(in)
	}
	return err
}

func filled[V any](r *ranges[V], err error) (*ranges[V], error) {
	if err == nil && !r.any() {
		err = errEmpty
	}
	return r, err
}

// gather puts together what the files say.
func gather(files []*file) *tables {
	t := &tables{}
	for _, f := range files {
		switch {
		case f.places != nil:
			t.places = append(t.places, f.places)
		case f.networks != nil:
			t.networks = append(t.networks, f.networks)
		case f.domains != nil:
			t.domains = append(t.domains, f.domains)
		}
		for i, key := range signs {
			if f.key == key {
				t.signs[i] = append(t.signs[i], f.list)
			}
		}
	}
	return t
}

// Every is how often Watch looks.
const Every = 10 * time.Second

// Watch takes up new versions of the files until ctx ends.
func (k *Knowledge) Watch(ctx context.Context) {
	if k == nil || len(k.files) == 0 {
		return
	}
	tick := time.NewTicker(Every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			k.Refresh()
		}
	}
}

// Refresh looks once whether files have changed, and reads those that have. A
// file is read when two looks in a row found the same, because a download under
// way is half a file. One that cannot be used leaves the former version in use;
// that is said once.
func (k *Knowledge) Refresh() {
	k.mu.Lock()
	defer k.mu.Unlock()
	changed := false
	for _, f := range k.files {
		changed = k.refresh(f) || changed
	}
	if changed {
		k.tables.Store(gather(k.files))
	}
}

func (k *Knowledge) refresh(f *file) (changed bool) {
	now := stamp{} // of a file that is gone
	if info, err := os.Stat(f.path); err == nil {
		now = stamp{info.ModTime(), info.Size()}
	}
	settled := now == f.seen
	f.seen = now
	if !settled || now == f.refused && f.trouble != nil {
		return false
	}
	if now == f.inUse {
		f.trouble = nil // the former version was put back
		return false
	}
	err := f.read()
	if errors.Is(err, errMoving) {
		return false
	}
	if err != nil {
		f.refused, f.trouble = now, err
		k.log.Warn("a file of local knowledge cannot be used; the former version stays in use", "key", f.key, "file", f.path, "error", err)
		return false
	}
	k.log.Info("a new version of a file of local knowledge is in use", "key", f.key, "file", f.path)
	return true
}
