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
				commands(tmpl.Tree.Root, func(n *parse.CommandNode) {
					called(n, func(key string) {
						if !set.Words().Has("en", key) {
							t.Errorf("template %s, block %s: no words for key %q", name, tmpl.Name(), key)
						}
					})
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

// commands finds what a template calls, such as .T "key" or .Field "name".
func commands(n parse.Node, found func(*parse.CommandNode)) {
	v := reflect.ValueOf(n)
	if !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() {
		return
	}
	switch n := n.(type) {
	case *parse.ListNode:
		for _, c := range n.Nodes {
			commands(c, found)
		}
	case *parse.ActionNode:
		commands(n.Pipe, found)
	case *parse.TemplateNode:
		commands(n.Pipe, found)
	case *parse.IfNode:
		branch(&n.BranchNode, found)
	case *parse.RangeNode:
		branch(&n.BranchNode, found)
	case *parse.WithNode:
		branch(&n.BranchNode, found)
	case *parse.PipeNode:
		for _, c := range n.Cmds {
			commands(c, found)
		}
	case *parse.CommandNode:
		for _, a := range n.Args {
			commands(a, found)
		}
		found(n)
	}
}

func branch(b *parse.BranchNode, found func(*parse.CommandNode)) {
	commands(b.Pipe, found)
	commands(b.List, found)
	commands(b.ElseList, found)
}

// Secrets fails the test if a field for a password shows what is typed, does not
// tell a password manager which one is meant, or is shorter than a password may be. It gives the pages that have one.
func Secrets(t *testing.T, set *web.Templates) (pages []string) {
	t.Helper()
	set.Each(func(name string, page *template.Template, _ reflect.Type) {
		for _, tmpl := range page.Templates() {
			if tmpl.Tree == nil {
				continue
			}
			commands(tmpl.Tree.Root, func(n *parse.CommandNode) {
				field, options := fieldOf(n)
				hidden := slices.Contains(options, "type=password")
				known := slices.Contains(options, "autocomplete=current-password") || slices.Contains(options, "autocomplete=new-password")
				if !hidden && !known && !slices.Contains([]string{"password", "old", "new"}, field) {
					return
				}
				pages = append(pages, name)
				if !hidden || !known || slices.ContainsFunc(options, func(o string) bool { return strings.HasPrefix(o, "max=") }) {
					t.Errorf("template %s: the field %s has %q; a password is masked, named to password managers and as long as people like", name, field, options)
				}
			})
			for _, hinders := range []string{`type="password"`, "onpaste", "oncopy", "oninput"} { // written out, past the block "field"
				if strings.Contains(tmpl.Tree.Root.String(), hinders) {
					t.Errorf("template %s, block %s: %s", name, tmpl.Name(), hinders)
				}
			}
		}
	})
	slices.Sort(pages)
	return slices.Compact(pages)
}

// fieldOf gives name and options of .Field "name" "option"…; nothing of other commands.
func fieldOf(n *parse.CommandNode) (name string, options []string) {
	if len(n.Args) < 2 || !strings.HasSuffix(n.Args[0].String(), ".Field") {
		return "", nil
	}
	for _, a := range n.Args[1:] {
		if s, ok := a.(*parse.StringNode); ok {
			options = append(options, s.Text)
		}
	}
	if len(options) == 0 {
		return "", nil
	}
	return options[0], options[1:]
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
