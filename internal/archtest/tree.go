package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Module is the prefix of our own import paths.
const Module = "takeback/"

// A Tree is a folder of source read once: Go files parsed, others by path.
type Tree struct {
	FS    fs.FS
	Fset  *token.FileSet
	Go    []*File
	Other []string // paths of all files that are not Go
}

// File is one Go file.
type File struct {
	Path    string // "internal/freeze/store.go"
	Package string // "internal/freeze"
	Test    bool   // a _test.go file, or part of a package that only tests use
	AST     *ast.File
}

// Read reads a tree. Folders whose name begins with a dot are left out, but .ci.
func Read(fsys fs.FS) (*Tree, error) {
	t := &Tree{FS: fsys, Fset: token.NewFileSet()}
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := path.Base(name)
		if d.IsDir() {
			if strings.HasPrefix(base, ".") && name != "." && name != ".ci" || name == "bin" {
				return fs.SkipDir
			}
			return nil
		}
		if path.Ext(name) != ".go" {
			t.Other = append(t.Other, name)
			return nil
		}
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(t.Fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		dir := path.Dir(name)
		t.Go = append(t.Go, &File{
			Path: name, Package: dir, AST: file,
			Test: strings.HasSuffix(base, "_test.go") || testOnly(dir),
		})
		return nil
	})
	return t, err
}

// testOnly tells whether a package is there for tests alone.
func testOnly(dir string) bool {
	under := func(root string) bool { return dir == root || strings.HasPrefix(dir, root+"/") }
	return under("internal/story") || under("internal/archtest") ||
		slices.ContainsFunc(strings.Split(dir, "/"), func(part string) bool { return strings.HasSuffix(part, "test") })
}

// imports lists what a file imports.
func (f *File) imports() []string {
	var all []string
	for _, spec := range f.AST.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err == nil { // the parser has accepted it
			all = append(all, p)
		}
	}
	return all
}

// at gives the place of a node as path:line.
func (t *Tree) at(n ast.Node) string {
	p := t.Fset.Position(n.Pos())
	return fmt.Sprintf("%s:%d", p.Filename, p.Line)
}

// names calls fn for every pkg.Name in the file, where pkg is the name of an import.
func (f *File) names(fn func(n ast.Node, pkg, name string)) {
	ast.Inspect(f.AST, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok {
				fn(s, x.Name, s.Sel.Name)
			}
		}
		return true
	})
}
