package breach

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/FastFilter/xorfilter"
)

// Building is what a filter is made of.
type Building struct {
	From     []string // files of SHA-1 lines or of words
	Out      string
	MinCount uint64            // passwords seen less often are left out
	Say      func(line string) // hears what is done; may be nil
}

// maxLine is how long a line may be: no list has longer passwords.
const maxLine = 64 << 10

// Build makes a filter. It needs eight bytes a password in a folder beside Out
// while it works, and memory for one of 256 shards.
func Build(ctx context.Context, b Building) (err error) {
	if b.Say == nil {
		b.Say = func(string) {}
	}
	folder, err := os.MkdirTemp(filepath.Dir(b.Out), ".breach-build-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	sorter, err := newSorter(folder)
	if err != nil {
		return err
	}
	for _, path := range b.From {
		if err := b.sort(ctx, path, sorter); err != nil {
			return errors.Join(fmt.Errorf("%s: %w", path, err), sorter.close())
		}
	}
	if err := sorter.close(); err != nil {
		return err
	}
	made := filepath.Join(folder, "filter")
	n, err := b.write(ctx, made, sorter)
	if err != nil {
		return err
	}
	if n == 0 {
		return errors.New("no password is left: nothing was built")
	}
	b.Say(fmt.Sprintf("%s: %d passwords", b.Out, n))
	return os.Rename(made, b.Out) // a program that has the former one mapped keeps it
}

// sorter deals keys out to a file for each shard.
type sorter struct {
	files   [shards]*os.File
	writers [shards]*bufio.Writer
}

func newSorter(folder string) (*sorter, error) {
	s := &sorter{}
	for i := range s.files {
		f, err := os.Create(filepath.Join(folder, strconv.Itoa(i)))
		if err != nil {
			return nil, errors.Join(err, s.close())
		}
		s.files[i], s.writers[i] = f, bufio.NewWriterSize(f, 64<<10)
	}
	return s, nil
}

func (s *sorter) add(h sum) error {
	_, err := s.writers[h.shard()].Write(binary.LittleEndian.AppendUint64(nil, h.key()))
	return err
}

func (s *sorter) close() (err error) {
	for i, f := range s.files {
		if f != nil {
			err = errors.Join(err, s.writers[i].Flush(), f.Close())
		}
	}
	return err
}

// sort reads one file.
func (b Building) sort(ctx context.Context, path string, to *sorter) (err error) {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	lines := bufio.NewScanner(f)
	lines.Buffer(make([]byte, maxLine), maxLine)
	var has form
	n, kept := 0, 0
	for lines.Scan() {
		n++
		if n%(1<<20) == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		line := lines.Bytes()
		if n == 1 {
			line = []byte(strings.TrimPrefix(string(line), "\uFEFF"))
			if has, err = b.detect(path, string(line)); err != nil {
				return err
			}
		}
		if len(line) == 0 {
			continue
		}
		h, count, ok := sum{}, uint64(1), true
		if has == words {
			h = sumOf(string(line))
		} else {
			h, count, ok = parseSum(line)
		}
		if !ok { // the line is not shown: it may be a password
			return fmt.Errorf("line %d: it is not like the first, which is one of %s", n, has)
		}
		if count < b.MinCount {
			continue
		}
		kept++
		if err := to.add(h); err != nil {
			return err
		}
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return fmt.Errorf("line %d: it is longer than %d bytes", n+1, maxLine)
	}
	b.Say(fmt.Sprintf("%s: %s, %d lines, %d taken", path, has, n, kept))
	return lines.Err()
}

// detect tells a file's form and refuses what cannot be built from.
func (b Building) detect(path, line string) (form, error) {
	has := formOf(line)
	switch {
	case has == ntlm:
		return has, errors.New("these are NTLM hashes, of which no SHA-1 can be made: take the SHA-1 download")
	case b.MinCount > 1 && has != counts:
		return has, fmt.Errorf("--min-count needs counts, and these are %s", has)
	}
	b.Say(fmt.Sprintf("%s: %s", path, has))
	return has, nil
}

// write makes the shards one after the other and puts the table before them.
func (b Building) write(ctx context.Context, path string, from *sorter) (n uint64, err error) {
	out, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	var table [shards]shard
	var builder xorfilter.BinaryFuseBuilder
	at := uint64((top + align - 1) / align * align)
	for i := range table {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		keys, err := keysOf(from.files[i].Name())
		if err != nil || len(keys) == 0 {
			if err != nil {
				return 0, err
			}
			continue
		}
		made, err := xorfilter.BuildBinaryFuse[uint32](&builder, keys)
		if err != nil {
			return 0, fmt.Errorf("shard %d: %w", i, err)
		}
		text := make([]byte, 0, 4*len(made.Fingerprints))
		for _, f := range made.Fingerprints {
			text = binary.LittleEndian.AppendUint32(text, f)
		}
		table[i] = shard{at, uint64(len(keys)), made.Seed, made.SegmentLength, made.SegmentCount, uint32(len(made.Fingerprints)), crc32.Checksum(text, castagnoli)}
		if _, err := out.WriteAt(text, int64(at)); err != nil {
			return 0, err
		}
		at = (at + uint64(len(text)) + align - 1) / align * align
		n += uint64(len(keys))
	}
	_, err = out.WriteAt(header(&table), 0)
	return n, errors.Join(err, out.Sync())
}

// keysOf reads the keys of a shard, each once, and takes their file away.
func keysOf(path string) ([]uint64, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(f)
	if err := errors.Join(err, f.Close(), os.Remove(path)); err != nil {
		return nil, err
	}
	keys := make([]uint64, len(text)/8)
	for i := range keys {
		keys[i] = binary.LittleEndian.Uint64(text[8*i:])
	}
	slices.Sort(keys)
	return slices.Compact(keys), nil
}
