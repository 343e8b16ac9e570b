package breach

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"unsafe"

	"github.com/FastFilter/xorfilter"
)

// A filter file is, all numbers little-endian:
//
//	magic, version              8 + 4 bytes
//	checksum of the table       4 bytes (CRC-32C)
//	table: 256 entries          40 bytes each
//	shards: fingerprints        4 bytes each, every shard beginning at a multiple of 64
//
// The shards are binary fuse filters, one for each first byte of a SHA-1, so
// that a filter of a billion passwords is built in the memory of four million.
const (
	magic   = "TKBBRCH\n"
	version = 1
	shards  = 256
	entry   = 40
	head    = len(magic) + 8
	align   = 64
	top     = head + shards*entry
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// shard is one entry of the table.
type shard struct {
	offset        uint64 // in the file
	keys          uint64 // how many passwords are in it
	seed          uint64
	segmentLength uint32
	segmentCount  uint32
	fingerprints  uint32 // how many
	checksum      uint32 // of their bytes (CRC-32C)
}

func (s shard) put(b []byte) {
	for i, v := range []uint64{s.offset, s.keys, s.seed} {
		binary.LittleEndian.PutUint64(b[8*i:], v)
	}
	for i, v := range []uint32{s.segmentLength, s.segmentCount, s.fingerprints, s.checksum} {
		binary.LittleEndian.PutUint32(b[24+4*i:], v)
	}
}

func readShard(b []byte) shard {
	u64, u32 := binary.LittleEndian.Uint64, binary.LittleEndian.Uint32
	return shard{u64(b), u64(b[8:]), u64(b[16:]), u32(b[24:]), u32(b[28:]), u32(b[32:]), u32(b[36:])}
}

// header writes everything that stands before the shards.
func header(table *[shards]shard) []byte {
	b := make([]byte, top)
	copy(b, magic)
	binary.LittleEndian.PutUint32(b[len(magic):], version)
	for i, s := range table {
		s.put(b[head+i*entry:])
	}
	binary.LittleEndian.PutUint32(b[len(magic)+4:], crc32.Checksum(b[head:], castagnoli))
	return b
}

// readHeader reads the table of a file of some size. A table that passes lets no
// look-up reach outside the file.
func readHeader(b []byte, size uint64) (table [shards]shard, err error) {
	switch {
	case len(b) < head || string(b[:len(magic)]) != magic:
		return table, errors.New("it is no filter made by breach build")
	case binary.LittleEndian.Uint32(b[len(magic):]) != version:
		return table, fmt.Errorf("its format has version %d, this program reads version %d: build it again", binary.LittleEndian.Uint32(b[len(magic):]), version)
	case len(b) < top:
		return table, errors.New("it is cut off: copy or build it again")
	case crc32.Checksum(b[head:top], castagnoli) != binary.LittleEndian.Uint32(b[len(magic)+4:]):
		return table, errors.New("its table is broken: copy or build it again")
	}
	for i := range table {
		table[i] = readShard(b[head+i*entry:])
		if err := table[i].check(size); err != nil {
			return table, fmt.Errorf("shard %d: %w", i, err)
		}
	}
	return table, nil
}

// check holds a shard to what the look-up computes with.
func (s shard) check(size uint64) error {
	if s.keys == 0 {
		return nil // nobody looks into it
	}
	length, count := uint64(s.segmentLength), uint64(s.segmentCount)
	if length == 0 || length&(length-1) != 0 || length > 1<<20 || count == 0 || length*count > 1<<32-1 || uint64(s.fingerprints) != length*(count+2) {
		return errors.New("its measures do not fit together")
	}
	if s.offset%align != 0 || s.offset < uint64(top) || s.offset > size || 4*uint64(s.fingerprints) > size-s.offset {
		return errors.New("it is cut off: copy or build it again")
	}
	return nil
}

// filter gives the shard as the library knows it, over bytes of the file.
func (s shard) filter(file []byte) xorfilter.BinaryFuse[uint32] {
	return xorfilter.BinaryFuse[uint32]{Seed: s.seed, SegmentLength: s.segmentLength, SegmentLengthMask: s.segmentLength - 1,
		SegmentCount: s.segmentCount, SegmentCountLength: s.segmentCount * s.segmentLength, Fingerprints: numbers(s.bytes(file))}
}

func (s shard) bytes(file []byte) []byte {
	return file[s.offset : s.offset+4*uint64(s.fingerprints)]
}

// numbers reads bytes as numbers where they lie. On a machine that writes
// numbers the other way round, or where they lie askew, they are copied.
func numbers(b []byte) []uint32 {
	if binary.NativeEndian.Uint16([]byte{1, 0}) == 1 && uintptr(unsafe.Pointer(unsafe.SliceData(b)))%4 == 0 {
		return unsafe.Slice((*uint32)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/4) //nolint:gosec // aligned, and as long as b
	}
	all := make([]uint32, len(b)/4)
	for i := range all {
		all[i] = binary.LittleEndian.Uint32(b[4*i:])
	}
	return all
}
