package archtest

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// tier is a floor of the house. What stands on it may use everything on the
// floors below, and on its own floor what stands before it; rooms may not use
// one another at all.
type tier struct {
	name     string
	packages []string
	apart    bool
}

// The house, from the ground up.
var house = []tier{
	{"ground", []string{"fault", "db", "seal", "passkey", "jobs", "mail", "sms", "knowledge", "breach", "draw"}, false},
	{"nouns", []string{"access", "proof", "account", "history", "session", "risk", "rulebook", "finding", "casefile", "connector"}, false},
	{"rooms", []string{"judge", "wave", "signin", "notice", "report", "desk", "freeze", "verify", "investigate", "restore", "ask", "handback", "campaign", "pass"}, true},
	{"faces", []string{"web", "web/holder", "web/console", "api", "oidc"}, false},
	{"builders", []string{"app", "scenario", "demo", "bench", "trial"}, false},
}

// stand tells the floor and the place on it of a package below internal. A
// package that is not named stands where its nearest parent does.
func stand(dir string) (floor, place int, ok bool) {
	for ; dir != "."; dir = path.Dir(dir) {
		for i, t := range house {
			if j := slices.Index(t.packages, dir); j >= 0 {
				return i, j, true
			}
		}
	}
	return 0, 0, false
}

// Imports checks that imports go down only.
func Imports(t *Tree) (broken []string) {
	for _, f := range t.Go {
		from, below := strings.CutPrefix(f.Package, "internal/")
		if !below {
			continue // cmd sees all
		}
		if testOnly(f.Package) {
			continue // it may look at everything from outside
		}
		floor, place, known := stand(from)
		if !known {
			broken = append(broken, f.Path+": the package stands on no floor of the house; give it one in internal/archtest")
			continue
		}
		for _, imported := range f.imports() {
			to, ours := strings.CutPrefix(imported, Module+"internal/")
			if !ours || to == from || f.Test && to == "app" && house[floor].name == "faces" {
				continue // a face may be tested in the whole house
			}
			if testOnly("internal/" + to) {
				if !f.Test {
					broken = append(broken, fmt.Sprintf("%s imports %s, which is for tests only", f.Path, to))
				}
				continue
			}
			toFloor, toPlace, known := stand(to)
			switch {
			case !known: // told where that package stands
			case toFloor > floor:
				broken = append(broken, fmt.Sprintf("%s imports %s: %s may not use %s", f.Path, to, house[floor].name, house[toFloor].name))
			case toFloor == floor && toPlace != place && house[floor].apart:
				broken = append(broken, fmt.Sprintf("%s imports %s: rooms do not use one another; declare an interface that app fills", f.Path, to))
			case toFloor == floor && toPlace > place:
				broken = append(broken, fmt.Sprintf("%s imports %s, which stands after it among the %s", f.Path, to, house[floor].name))
			}
		}
	}
	return broken
}

// keep says which packages alone may import something.
type keep struct {
	prefix  string // of the import path
	for_    []string
	tests   bool // tests of others may import it too
	because string
}

var keeps = []keep{
	{"database/sql", []string{"internal/db", "internal/bench"}, false, "the seam is db"},
	{"modernc.org/", []string{"internal/db", "internal/bench"}, false, "the seam is db"},
	{"github.com/jackc/pgx", []string{"internal/db", "internal/bench"}, false, "the seam is db"},
	{"github.com/pressly/goose", []string{"internal/db"}, false, "the seam is db"},
	{"html/template", []string{"internal/web", "internal/mail"}, false, "only pages and letters are HTML"},
	{"github.com/zitadel/oidc", []string{"internal/oidc"}, false, "the protocol is spoken by one face"},
	{"github.com/chromedp", []string{"internal/story/browser"}, true, "only tests drive a browser"},
	{"github.com/go-webauthn", []string{"internal/passkey"}, false, "one package reads what authenticators say"},
}

// forbidden says what a package may not import.
type forbidden struct {
	from    string
	imports []string
	because string
}

var forbiddens = []forbidden{
	{"internal/web", []string{Module + "internal/db"}, "pages ask rooms, never the database"},
	{"internal/api", []string{Module + "internal/db"}, "the API asks rooms, never the database"},
	{"internal/oidc", []string{Module + "internal/db"}, "OpenID asks rooms, never the database"},
}

// Keeps checks what only some packages may import, and what some may not.
func Keeps(t *Tree) (broken []string) {
	for _, f := range t.Go {
		for _, imported := range f.imports() {
			for _, k := range keeps {
				if within(imported, k.prefix) && !(f.Test && k.tests) &&
					!slices.ContainsFunc(k.for_, func(p string) bool { return within(f.Package, p) }) {
					broken = append(broken, fmt.Sprintf("%s imports %s: %s", f.Path, imported, k.because))
				}
			}
			for _, x := range forbiddens {
				if !f.Test && within(f.Package, x.from) && slices.Contains(x.imports, imported) {
					broken = append(broken, fmt.Sprintf("%s imports %s: %s", f.Path, imported, x.because))
				}
			}
		}
	}
	return broken
}

// within tells whether a path is root or below it.
func within(p, root string) bool {
	root = strings.TrimSuffix(root, "/")
	return p == root || strings.HasPrefix(p, root+"/")
}
