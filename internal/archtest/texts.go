package archtest

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

var (
	token_     = regexp.MustCompile("`([^`\\s]+)`")
	link       = regexp.MustCompile(`\]\(([^)#\s]+)(?:#[^)]*)?\)`)
	makeWord   = regexp.MustCompile("`make ([a-z-]+)[^`]*`")
	ourFolder  = regexp.MustCompile(`^(cmd|internal|docs|scripts|\.ci)/`)
	lineNumber = regexp.MustCompile(`:\d+$`)
	pageName   = regexp.MustCompile(`[\w./-]*\w\.md\b`)
	testName   = regexp.MustCompile("`((?:Test|Fuzz)[A-Z]\\w*)`")
	target     = regexp.MustCompile(`(?m)^([a-z-]+):`)
)

// Named checks that what our documents name exists: paths in backticks that
// begin with one of our folders, relative links, tests, and targets of make. A path with
// a star must match something; one with … or NNNN or <name> in it is a pattern for
// people. What a comment in Go calls a page (.md) must be one of ours, too.
func Named(t *Tree) (broken []string, err error) {
	makefile, err := fs.ReadFile(t.FS, "Makefile")
	if err != nil {
		return nil, err
	}
	targets := map[string]bool{}
	for _, m := range target.FindAllStringSubmatch(string(makefile), -1) {
		targets[m[1]] = true
	}
	tests := t.tests()
	for _, name := range t.Other {
		if path.Ext(name) != ".md" || strings.Contains(name, "/testdata/") {
			continue
		}
		text, err := fs.ReadFile(t.FS, name)
		if err != nil {
			return nil, err
		}
		for _, m := range token_.FindAllStringSubmatch(string(text), -1) {
			p := strings.TrimRight(lineNumber.ReplaceAllString(m[1], ""), "/.,")
			if ourFolder.MatchString(p) && !strings.ContainsAny(p, "…<{") && !strings.Contains(p, "NNNN") && !exists(t.FS, p) {
				broken = append(broken, fmt.Sprintf("%s names `%s`, which does not exist", name, m[1]))
			}
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			if !strings.Contains(m[1], ":") && !exists(t.FS, path.Join(path.Dir(name), m[1])) {
				broken = append(broken, fmt.Sprintf("%s links to %s, which does not exist", name, m[1]))
			}
		}
		for _, m := range testName.FindAllStringSubmatch(string(text), -1) {
			if !tests[m[1]] {
				broken = append(broken, fmt.Sprintf("%s names the test %s, which does not exist", name, m[1]))
			}
		}
		for _, m := range makeWord.FindAllStringSubmatch(string(text), -1) {
			if !targets[m[1]] {
				broken = append(broken, fmt.Sprintf("%s says make %s, which the Makefile does not know", name, m[1]))
			}
		}
	}
	for _, f := range t.Go {
		for _, group := range f.AST.Comments {
			for _, page := range pageName.FindAllString(group.Text(), -1) {
				if !f.Test && !within(f.Package, "internal/archtest") && !exists(t.FS, page) {
					broken = append(broken, fmt.Sprintf("%s names %s, which does not exist", t.at(group), page))
				}
			}
		}
	}
	return broken, nil
}

// tests has the names of all tests.
func (t *Tree) tests() map[string]bool {
	all := map[string]bool{}
	for _, f := range t.Go {
		for _, d := range f.AST.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && strings.HasSuffix(f.Path, "_test.go") {
				all[fn.Name.Name] = true
			}
		}
	}
	return all
}

var decisionName = regexp.MustCompile(`^(\d{4})-[a-z0-9-]+\.md$`)

// Decisions checks that the decisions in docs/adr are numbered 1, 2, 3 … once
// each, begin with their number, and are listed where people look for them.
func Decisions(t *Tree) (broken []string, err error) {
	const folder, list = "docs/adr", "docs/adr/README.md"
	numbered, highest := map[string]string{}, 0
	listed, err := fs.ReadFile(t.FS, list)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, name := range t.Other {
		if path.Dir(name) != folder || name == list {
			continue
		}
		base := path.Base(name)
		m := decisionName.FindStringSubmatch(base)
		if m == nil {
			broken = append(broken, name+": the name is not NNNN-words.md")
			continue
		}
		if other, twice := numbered[m[1]]; twice {
			broken = append(broken, fmt.Sprintf("%s has the number of %s", base, other))
		}
		numbered[m[1]] = base
		if n, err := strconv.Atoi(m[1]); err == nil {
			highest = max(highest, n)
		}
		text, err := fs.ReadFile(t.FS, name)
		if err != nil {
			return nil, err
		}
		if begin := "# " + m[1] + " "; !strings.HasPrefix(string(text), begin) {
			broken = append(broken, fmt.Sprintf("%s does not begin with %q", name, begin))
		}
		if !strings.Contains(string(listed), "("+base+")") {
			broken = append(broken, list+" does not list "+base)
		}
	}
	for n := 1; n <= highest; n++ {
		if numbered[fmt.Sprintf("%04d", n)] == "" {
			broken = append(broken, fmt.Sprintf("there is no decision %04d", n))
		}
	}
	return broken, nil
}

func exists(fsys fs.FS, name string) bool {
	if strings.Contains(name, "*") {
		found, err := fs.Glob(fsys, name)
		return err == nil && len(found) > 0
	}
	_, err := fs.Stat(fsys, name)
	return err == nil
}

// credentials are forms that real secrets have and made-up ones need not.
var credentials = regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY-----|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{30,}|` +
	`\bxox[abprs]-[A-Za-z0-9-]{10,}|\b[sr]k_live_[A-Za-z0-9]{10,}|\bAIza[A-Za-z0-9_-]{30,}|` +
	`\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.|\bBearer [A-Za-z0-9_-]{24,}`)

// machines are paths that exist on somebody's machine and nowhere else.
var machines = regexp.MustCompile(`(^|[\s"'=(:` + "`" + `])/(home|Users|root|work|workspace)/[A-Za-z0-9_.-]+`)

// Private checks that no file gives away a credential or a path of the machine
// it was written on. Go files may hold keys made for tests; others may not.
func Private(t *Tree) (broken []string, err error) {
	names := append([]string(nil), t.Other...)
	for _, f := range t.Go {
		if !within(f.Package, "internal/archtest") { // where the forms themselves stand
			names = append(names, f.Path)
		}
	}
	for _, name := range names {
		text, err := fs.ReadFile(t.FS, name)
		if err != nil {
			return nil, err
		}
		if !utf8.Valid(text) || bytes.IndexByte(text, 0) >= 0 {
			continue // a picture, a font
		}
		if found := credentials.Find(text); found != nil && path.Ext(name) != ".go" {
			broken = append(broken, fmt.Sprintf("%s: %.20q… looks like a credential", name, found))
		}
		if found := machines.Find(text); found != nil {
			broken = append(broken, fmt.Sprintf("%s: %q is a path of one machine", name, found))
		}
	}
	return broken, nil
}

var requirement = regexp.MustCompile(`(?m)^(?:require )?\s*(\S+\.\S+/\S+) v\S+$`)

// Licensed checks that THIRD_PARTY.md names every module we require ourselves.
func Licensed(t *Tree) (broken []string, err error) {
	mod, err := fs.ReadFile(t.FS, "go.mod")
	if err != nil {
		return nil, err
	}
	list, err := fs.ReadFile(t.FS, "THIRD_PARTY.md")
	if err != nil {
		return nil, err
	}
	for _, m := range requirement.FindAllStringSubmatch(string(mod), -1) {
		if !strings.Contains(string(list), "`"+m[1]+"`") {
			broken = append(broken, "THIRD_PARTY.md does not name "+m[1]+", its use and its licence")
		}
	}
	return broken, nil
}
