package archtest

import (
	"fmt"
	"go/ast"
	"path"
	"strings"
)

// Comments checks that every package says in doc.go what it is.
func Comments(t *Tree) (broken []string) {
	said, all := map[string]bool{}, map[string]bool{}
	for _, f := range t.Go {
		if strings.HasSuffix(f.Path, "_test.go") {
			continue
		}
		all[f.Package] = true
		if path.Base(f.Path) != "doc.go" {
			continue
		}
		begin := "Package " + f.AST.Name.Name + " "
		if f.AST.Name.Name == "main" {
			begin = "Command " + path.Base(f.Package) + " "
		}
		said[f.Package] = true
		if !strings.HasPrefix(f.AST.Doc.Text(), begin) {
			broken = append(broken, fmt.Sprintf("%s: the package comment does not begin with %q", f.Path, begin))
		}
	}
	for dir := range all {
		if !said[dir] {
			broken = append(broken, dir+" has no doc.go with a package comment")
		}
	}
	return broken
}

// Pure checks that rules.go files decide and do nothing else: no clock, no
// context, no database, no files, no network.
func Pure(t *Tree) (broken []string) {
	for _, f := range t.Go {
		if path.Base(f.Path) != "rules.go" {
			continue
		}
		for _, imported := range f.imports() {
			switch imported {
			case "context", "os", "net", "net/http", "database/sql", "math/rand", "math/rand/v2", "crypto/rand", Module + "internal/db":
				broken = append(broken, fmt.Sprintf("%s imports %s: a rule decides from what it is given", f.Path, imported))
			}
		}
		f.names(func(n ast.Node, pkg, name string) {
			if pkg == "time" && (name == "Now" || name == "Since" || name == "Until") {
				broken = append(broken, t.at(n)+": a rule is told the time, it does not ask for it")
			}
		})
	}
	return broken
}

// OneWay checks that an account changes through its history and in no other
// way: who may call what makes a change true, and who may write those tables.
func OneWay(t *Tree) (broken []string) {
	for _, f := range t.Go {
		if f.Test || within(f.Package, "internal/account") || within(f.Package, "internal/history") {
			continue
		}
		f.names(func(n ast.Node, pkg, name string) {
			if pkg == "account" && (name == "Store" || name == "StoreConfirmed" || name == "Advance") {
				broken = append(broken, fmt.Sprintf("%s: account.%s is for history alone; call history's Append", t.at(n), name))
			}
		})
		if within(f.Package, "internal/bench") {
			continue // it fills databases of its own, which are gone with the measurement, and verifies what it wrote
		}
		for _, q := range t.queries(f) {
			if table := writesTable.FindStringSubmatch(q.text); table != nil {
				broken = append(broken, fmt.Sprintf("%s: only account and history write the table %s", q.at, table[1]))
			}
		}
	}
	return broken
}

// Unfinished checks that nothing was left for later.
func Unfinished(t *Tree) (broken []string) {
	for _, f := range t.Go {
		if within(f.Package, "internal/archtest") {
			continue
		}
		for _, group := range f.AST.Comments {
			for _, word := range []string{"TODO", "FIXME"} {
				if strings.Contains(group.Text(), word) {
					broken = append(broken, t.at(group)+": "+word+" in the tree; do it or open an issue")
				}
			}
		}
	}
	return broken
}
