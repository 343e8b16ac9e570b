package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"net/http"
	"path"
	"reflect"
	"strings"
	"text/template/parse"
)

//go:embed templates words.en.txt words.ja.txt
var shared embed.FS

// Templates are the pages of one face: the layout, the shared blocks, the face's
// own blocks (files that begin with "_"), and one template per page.
type Templates struct {
	layout string
	words  *Words
	pages  map[string]*template.Template
	own    map[string]map[string]bool // page, blocks it defines itself: these may be asked for as fragments
	views  map[string]reflect.Type
}

// NewTemplates reads templates/*.html and the catalogues of a face; layout is
// "holder" or "console". It panics if one does not parse, because they are part
// of the program.
func NewTemplates(layout string, face fs.FS) *Templates {
	t := &Templates{layout: "layout-" + layout, words: LoadWords(shared, face), pages: map[string]*template.Template{},
		own: map[string]map[string]bool{}, views: map[string]reflect.Type{}}
	base := template.Must(template.New("base").ParseFS(shared, "templates/*.html"))
	var names []string
	for _, file := range must(fs.Glob(face, "templates/*.html")) {
		text := string(must(fs.ReadFile(face, file)))
		if strings.HasPrefix(path.Base(file), "_") {
			template.Must(base.New(path.Base(file)).Parse(text))
		} else {
			names = append(names, file)
		}
	}
	for _, file := range names {
		t.add(base, strings.TrimSuffix(path.Base(file), ".html"), string(must(fs.ReadFile(face, file))))
	}
	t.add(base, "error", `{{define "main"}}{{template "error" .}}{{end}}`)
	t.views["error"] = reflect.TypeFor[ErrorView]()
	return t
}

func (t *Templates) add(base *template.Template, name, text string) {
	file := name + ".html" // a page may have a block of its own name
	page := template.Must(template.Must(base.Clone()).New(file).Parse(text))
	own := map[string]bool{}
	for block := range must(parse.Parse(file, text, "", "", builtins)) {
		own[block] = block != file && block != "main"
	}
	t.pages[name], t.own[name] = page, own
}

// builtins only has to know the names of html/template's functions, so that the parser lets them pass.
var builtins = func() map[string]any {
	m := map[string]any{}
	for _, n := range strings.Fields("and or not len index slice print printf println html js urlquery call eq ne lt le gt ge") {
		m[n] = true
	}
	return m
}()

func must[T any](v T, err error) T {
	if err != nil {
		panic("web: " + err.Error())
	}
	return v
}

func (t *Templates) execute(w io.Writer, page, block string, view any) error {
	set := t.pages[page]
	if set == nil {
		return fmt.Errorf("no template %q", page)
	}
	return set.ExecuteTemplate(w, block, view)
}

// Viewer is any struct that embeds Page.
type Viewer interface{ page() Page }

// View is a page's template together with the type of what it shows.
type View[T Viewer] struct {
	set  *Templates
	name string
}

// NewView ties a template to its view. It panics if there is no such template.
// Views are package variables, so a missing file is found at start.
func NewView[T Viewer](set *Templates, name string) View[T] {
	if set.pages[name] == nil || set.views[name] != nil {
		panic(fmt.Sprintf("web: no template %q, or it has a view already", name))
	}
	set.views[name] = reflect.TypeFor[T]()
	return View[T]{set, name}
}

// Render shows the view: the whole page, or the one block that the header
// Fragment asks for. Nothing is written if the template fails.
func (v View[T]) Render(w http.ResponseWriter, r *http.Request, view T) error {
	block, status := v.set.layout, http.StatusOK
	if id := r.Header.Get("Fragment"); id != "" {
		if !v.set.own[v.name][id] {
			return errNoPage
		}
		block = id
	}
	if st := stateOf(r); st.trouble != nil {
		status = st.trouble.status
	}
	var b bytes.Buffer
	if err := v.set.execute(&b, v.name, block, view); err != nil {
		return fmt.Errorf("template %s: %w", v.name, err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = b.WriteTo(w) // the person is gone: nobody is left to tell
	return nil
}

// Words gives the catalogue.
func (t *Templates) Words() *Words { return t.words }

// Each calls f with every page: its name, its layout's template, and the type of
// its view (nil if none was tied to it). Tests use it.
func (t *Templates) Each(f func(name string, page *template.Template, view reflect.Type)) {
	for name, page := range t.pages {
		f(name, must(page.Clone()).Lookup(t.layout), t.views[name])
	}
}
