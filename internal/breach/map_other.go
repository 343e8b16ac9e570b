//go:build !unix

package breach

import (
	"io"
	"os"
)

// mapFile reads a file into memory where files are not mapped.
func mapFile(f *os.File, size int64) ([]byte, func() error, error) {
	b := make([]byte, size)
	_, err := io.ReadFull(f, b)
	return b, func() error { return nil }, err
}
