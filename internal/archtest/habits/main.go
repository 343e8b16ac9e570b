package main

import (
	"fmt"
	"go/ast"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"takeback/internal/archtest"
)

func main() {
	if err := run(os.DirFS("."), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "habits:", err)
		os.Exit(1)
	}
}

func run(fsys fs.FS, out io.Writer) error {
	tree, err := archtest.Read(fsys)
	if err != nil {
		return err
	}
	h, err := count(tree)
	if err != nil {
		return err
	}
	h.print(out)
	return nil
}

// size is a length with the name of what is that long.
type size struct {
	lines int
	name  string
}

// habits are the counts over a tree.
type habits struct {
	files, funcs, packages, tests []size // code, but tests
	imports                       []size // of our own packages, by package
	code, comments, testLines     int
	exported, undocumented        int
	small, interfaces             int // those with at most three methods, all
	deep                          int // functions nested five and deeper
	globals                       int
}

func count(t *archtest.Tree) (h habits, err error) {
	lines, imports := map[string]int{}, map[string]map[string]bool{}
	for _, f := range t.Go {
		text, err := fs.ReadFile(t.FS, f.Path)
		if err != nil {
			return h, err
		}
		n := strings.Count(string(text), "\n")
		if f.Test {
			h.testLines += n
		} else {
			h.code += n
			h.files = append(h.files, size{n, f.Path})
			lines[f.Package] += n
			h.comments += h.commented(t, f)
			if imports[f.Package] == nil {
				imports[f.Package] = map[string]bool{}
			}
			for _, spec := range f.AST.Imports {
				if p := strings.Trim(spec.Path.Value, `"`); strings.HasPrefix(p, archtest.Module) {
					imports[f.Package][p] = true
				}
			}
		}
		for _, d := range f.AST.Decls {
			h.declaration(t, f, d)
		}
	}
	for name, n := range lines {
		h.packages = append(h.packages, size{n, name})
		h.imports = append(h.imports, size{len(imports[name]), name})
	}
	return h, nil
}

func (h *habits) commented(t *archtest.Tree, f *archtest.File) (n int) {
	for _, group := range f.AST.Comments {
		n += t.Fset.Position(group.End()).Line - t.Fset.Position(group.Pos()).Line + 1
	}
	return n
}

func (h *habits) declaration(t *archtest.Tree, f *archtest.File, d ast.Decl) {
	documented := func(name *ast.Ident, docs ...*ast.CommentGroup) {
		if f.Test || !name.IsExported() {
			return
		}
		h.exported++
		if !slices.ContainsFunc(docs, func(d *ast.CommentGroup) bool { return d != nil }) {
			h.undocumented++
		}
	}
	switch d := d.(type) {
	case *ast.FuncDecl:
		n := size{t.Fset.Position(d.End()).Line - t.Fset.Position(d.Pos()).Line + 1, f.Path + " " + d.Name.Name}
		if f.Test {
			if strings.HasPrefix(d.Name.Name, "Test") {
				h.tests = append(h.tests, n)
			}
			return
		}
		h.funcs = append(h.funcs, n)
		if d.Body != nil && depth(d.Body) >= 5 {
			h.deep++
		}
		if d.Recv == nil {
			documented(d.Name, d.Doc)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.TypeSpec:
				documented(s.Name, d.Doc, s.Doc, s.Comment)
				if i, ok := s.Type.(*ast.InterfaceType); ok && !f.Test {
					h.interfaces++
					if i.Methods.NumFields() <= 3 {
						h.small++
					}
				}
			case *ast.ValueSpec:
				for _, name := range s.Names {
					documented(name, d.Doc, s.Doc, s.Comment)
					if d.Tok.String() == "var" && !f.Test && name.Name != "_" {
						h.globals++
					}
				}
			}
		}
	}
}

// depth tells how deep blocks are nested: 0 for a function without any.
func depth(n ast.Node) (deepest int) {
	level := -1
	var open []bool
	ast.Inspect(n, func(n ast.Node) bool {
		if n == nil {
			if open[len(open)-1] {
				level--
			}
			open = open[:len(open)-1]
			return true
		}
		_, block := n.(*ast.BlockStmt)
		open = append(open, block)
		if block {
			level++
			deepest = max(deepest, level)
		}
		return true
	})
	return deepest
}

// at gives the value below which a share of all lies.
func at(all []size, percent int) int {
	if len(all) == 0 {
		return 0
	}
	slices.SortFunc(all, func(a, b size) int { return a.lines - b.lines })
	return all[min(len(all)*percent/100, len(all)-1)].lines
}

// most names the greatest.
func most(all []size) string {
	if len(all) == 0 {
		return "none"
	}
	m := slices.MaxFunc(all, func(a, b size) int { return a.lines - b.lines })
	return fmt.Sprintf("%d %s", m.lines, m.name)
}

func percent(part, of int) string {
	return fmt.Sprintf("%.1f %%", 100*float64(part)/float64(max(of, 1)))
}

func (h *habits) print(out io.Writer) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	row := func(habit, here, models, talk string) { fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", habit, here, models, talk) }
	spread := func(all []size) string { return fmt.Sprintf("%d / %d / %d", at(all, 50), at(all, 90), at(all, 99)) }
	row("habit", "here", "models", "talk about it when")
	row("file lines p50/p90/p99", spread(h.files), "71–164 / 287–693", "a file passes 500")
	row("  longest file", most(h.files), "497–3,025", "")
	row("function lines p50/p90/p99", spread(h.funcs), "8–12 / 35–56 / 76–255", "one passes 80")
	row("  longest function", most(h.funcs), "", "")
	row("functions nested 5 and deeper", percent(h.deep, len(h.funcs)), "0–1.5 %", "any new one")
	row("package lines p50/p90", fmt.Sprintf("%d / %d", at(h.packages, 50), at(h.packages, 90)), "145–405 / 850–1,660", "a room passes 1,500")
	row("  largest package", most(h.packages), "", "")
	row("own packages imported p90", fmt.Sprint(at(h.imports, 90)), "3–9", "a room imports more than 8")
	row("  importing most", most(h.imports), "", "")
	row("interfaces of at most 3 methods", percent(h.small, h.interfaces), "63–100 %", "one has more than 5")
	row("exported without comment", percent(h.undocumented, h.exported), "6–54 %", "above 5 %")
	row("comment lines", percent(h.comments, h.code), "7–24 %", "it drifts, either way")
	row("test lines : code lines", fmt.Sprintf("%.2f", float64(h.testLines)/float64(max(h.code, 1))), "0.29–1.41", "below 0.8 in rooms")
	row("test functions p50/p90", fmt.Sprintf("%d / %d", at(h.tests, 50), at(h.tests, 90)), "23–50 / 51–208", "one passes 100")
	row("package variables per 1,000 lines", fmt.Sprintf("%.1f", 1000*float64(h.globals)/float64(max(h.code, 1))), "1.5–7", "anything but errors, templates, embeds")
	row("code, tests", fmt.Sprintf("%d, %d lines in %d packages", h.code, h.testLines, len(h.packages)), "", "")
	_ = w.Flush() // a terminal that went away needs no table
}
