package archtest

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

var (
	createTable = regexp.MustCompile(`(?m)^CREATE TABLE (\w+)`)
	dropTable   = regexp.MustCompile(`(?m)^DROP TABLE (\w+)`)
	usesTable   = regexp.MustCompile(`(?i)\b(FROM|JOIN|INTO|UPDATE)\s+(\w+)`)
	deletes     = regexp.MustCompile(`(?i)^\s*DELETE\b`)
	saysOwned   = regexp.MustCompile(`\b(?:owns\s+the\s+tables?|[Ii]ts\s+tables?\s+(?:is|are))\s+([\w\s,]+)`)
	word        = regexp.MustCompile(`\w+`)
)

// Owned checks that every table has one owner, the package whose doc.go says so
// ("owns the tables a and b", "its table is a"), that nobody else writes it, and
// that no room reads it: what others want to know of it, the owner tells by a
// function. A noun may read another's table, for one statement instead of two.
func Owned(t *Tree) (broken []string, err error) {
	owner := map[string]string{}
	for _, name := range t.Other {
		if !within(name, "internal/db/migrations") {
			continue
		}
		text, err := fs.ReadFile(t.FS, name)
		if err != nil {
			return nil, err
		}
		for _, m := range createTable.FindAllStringSubmatch(string(text), -1) {
			owner[m[1]] = ""
		}
		for _, m := range dropTable.FindAllStringSubmatch(string(text), -1) {
			delete(owner, m[1]) // migrations come in their order
		}
	}
	for _, f := range t.Go {
		if path.Base(f.Path) != "doc.go" || f.Test {
			continue
		}
		for _, table := range tablesOf(f.AST.Doc.Text()) {
			other, known := owner[table]
			switch {
			case known && other == "":
				owner[table] = f.Package
			case known && other != f.Package:
				broken = append(broken, fmt.Sprintf("%s and %s both say that the table %s is theirs", other, f.Package, table))
			}
		}
	}
	for table, pkg := range owner {
		if pkg == "" {
			broken = append(broken, "no doc.go says whose the table "+table+" is")
		}
	}
	for _, f := range t.Go {
		floor, _, _ := stand(strings.TrimPrefix(f.Package, "internal/"))
		if f.Test || house[floor].name == "builders" || !within(f.Package, "internal") {
			continue // who builds the house may look into every drawer
		}
		for _, q := range t.queries(f) {
			for _, m := range usesTable.FindAllStringSubmatch(q.text, -1) {
				reads := strings.EqualFold(m[1], "FROM") && !deletes.MatchString(q.text) || strings.EqualFold(m[1], "JOIN")
				if pkg := owner[m[2]]; pkg != "" && !within(f.Package, pkg) && !(reads && house[floor].name == "nouns") {
					broken = append(broken, fmt.Sprintf("%s: the table %s belongs to %s", q.at, m[2], pkg))
				}
			}
		}
	}
	slices.Sort(broken)
	return slices.Compact(broken), nil
}

// tablesOf lists the words in which a package says what tables are its own.
func tablesOf(doc string) (words []string) {
	for _, m := range saysOwned.FindAllStringSubmatch(doc, -1) {
		words = append(words, word.FindAllString(m[1], -1)...)
	}
	return words
}
