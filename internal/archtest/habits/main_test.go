package main

import (
	"strings"
	"testing"
	"testing/fstest"

	"takeback/internal/archtest"
)

func TestCount(t *testing.T) {
	t.Parallel()
	tree, err := archtest.Read(fstest.MapFS{
		"internal/a/a.go": {Data: []byte(`// Package a counts.
package a

import "takeback/internal/b"

var global = b.B

// Said has a comment.
func Said() {}

func Unsaid() {
	for {
		if true {
			for {
				if true {
					for {
					}
				}
			}
		}
	}
}

type two interface{ A(); B() }
type four interface{ A(); B(); C(); D() }
`)},
		"internal/a/a_test.go": {Data: []byte("package a\n\nfunc TestA() {\n}\n")},
	})
	if err != nil {
		t.Fatal(err)
	}
	h, err := count(tree)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		what      string
		got, want int
	}{
		{"lines of code", h.code, 25},
		{"lines of tests", h.testLines, 4},
		{"lines of comments", h.comments, 2},
		{"exported names", h.exported, 2},
		{"exported names without comment", h.undocumented, 1},
		{"functions nested five deep", h.deep, 1},
		{"interfaces", h.interfaces, 2},
		{"interfaces of at most three methods", h.small, 1},
		{"package variables", h.globals, 1},
		{"the longest function", at(h.funcs, 99), 12},
		{"own packages imported", at(h.imports, 50), 1},
		{"test functions", len(h.tests), 1},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: got %d, want %d", tt.what, tt.got, tt.want)
		}
	}
}

func TestPrint(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	if err := run(fstest.MapFS{}, &out); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "talk about it when") {
		t.Errorf("an empty tree prints %q", out.String())
	}
}
