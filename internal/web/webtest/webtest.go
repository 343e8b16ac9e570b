package webtest

import (
	"html/template"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/template/parse"

	"takeback/internal/access"
	"takeback/internal/web"

	"github.com/jba/templatecheck"
)

// Templates fails the test if a page has no view, does not fit it, or says a key
// that the catalogue has not.
func Templates(t *testing.T, set *web.Templates) {
	t.Helper()
	set.Each(func(name string, page *template.Template, view reflect.Type) {
		if view == nil {
			t.Errorf("template %s: no view is tied to it", name)
			return
		}
		if err := templatecheck.CheckHTML(page, reflect.Zero(view).Interface()); err != nil {
			t.Errorf("template %s does not fit %v: %v", name, view, err)
		}
		for _, tmpl := range page.Templates() {
			if tmpl.Tree != nil {
				keys(tmpl.Tree.Root, func(key string) {
					if !set.Words().Has("en", key) {
						t.Errorf("template %s, block %s: no words for key %q", name, tmpl.Name(), key)
					}
				})
			}
		}
	})
}

// Words fails the test if the languages of a catalogue differ in keys or arguments.
func Words(t *testing.T, set *web.Templates) {
	t.Helper()
	for _, d := range set.Words().Differences() {
		t.Error(d)
	}
}

// keys finds the keys that a template names: .T "key", .Field "name", .Submit "key".
func keys(n parse.Node, found func(string)) {
	v := reflect.ValueOf(n)
	if !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() {
		return
	}
	switch n := n.(type) {
	case *parse.ListNode:
		for _, c := range n.Nodes {
			keys(c, found)
		}
	case *parse.ActionNode:
		keys(n.Pipe, found)
	case *parse.TemplateNode:
		keys(n.Pipe, found)
	case *parse.IfNode:
		branch(&n.BranchNode, found)
	case *parse.RangeNode:
		branch(&n.BranchNode, found)
	case *parse.WithNode:
		branch(&n.BranchNode, found)
	case *parse.PipeNode:
		for _, c := range n.Cmds {
			keys(c, found)
		}
	case *parse.CommandNode:
		for _, a := range n.Args {
			keys(a, found)
		}
		called(n, found)
	}
}

func branch(b *parse.BranchNode, found func(string)) {
	keys(b.Pipe, found)
	keys(b.List, found)
	keys(b.ElseList, found)
}

// called reports the key of a command such as .T "key", if it is written out.
func called(n *parse.CommandNode, found func(string)) {
	if len(n.Args) < 2 {
		return
	}
	text, ok := n.Args[1].(*parse.StringNode)
	if !ok {
		return
	}
	name := n.Args[0].String()
	switch name[strings.LastIndexByte(name, '.')+1:] {
	case "T", "Submit":
		found(text.Text)
	case "Field":
		key := "field." + text.Text
		for _, a := range n.Args[2:] {
			if s, ok := a.(*parse.StringNode); ok {
				if label, ok := strings.CutPrefix(s.Text, "label="); ok {
					key = label
				}
			}
		}
		found(key)
	case "Empty":
		found(text.Text + ".title")
	}
}

// Site builds a site for a test, with a known actor and no log.
func Site(set *web.Templates, actor access.Actor, routes ...web.Route) *web.Site {
	return web.NewSite(web.Config{Face: "test", Brand: "Kumo Store", SignIn: "/sign-in", Templates: set,
		Who: func(r *http.Request) (access.Actor, error) { return actor, nil },
		Log: slog.New(slog.NewTextHandler(io.Discard, nil))}, routes...)
}

var newFault = regexp.MustCompile(`fault\.New\(fault\.\w+, "([^"]+)"`)

// Faults fails the test for every code that the package in one of the folders
// gives an error, and that a Japanese page has no words for.
func Faults(t *testing.T, set *web.Templates, folders ...string) {
	t.Helper()
	for _, code := range Unsaid(t, set, folders...) {
		t.Errorf("no Japanese words for the fault %q", code)
	}
}

// Unsaid gives the codes of which Faults speaks, in order.
func Unsaid(t *testing.T, set *web.Templates, folders ...string) (codes []string) {
	t.Helper()
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.IsDir() && path != folder {
				return fs.SkipDir // a package of its own, with words of its own
			}
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			for _, m := range newFault.FindAllSubmatch(text, -1) {
				if code := string(m[1]); !set.Words().Has("ja", "fault."+code) {
					codes = append(codes, code)
				}
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
	slices.Sort(codes)
	return codes
}
