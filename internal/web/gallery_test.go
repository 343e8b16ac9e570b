package web_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"takeback/internal/access"
	"takeback/internal/seal"
	"takeback/internal/story/browser"
	"takeback/internal/web"
	"takeback/internal/web/webtest"
)

// The gallery shows every block and class on pages that exist only here.
var (
	holderPages  = web.NewTemplates("holder", os.DirFS("testdata/holder"))
	consolePages = web.NewTemplates("console", os.DirFS("testdata/console"))

	homePage  = web.NewView[homeView](holderPages, "home")
	formPage  = web.NewView[formView](holderPages, "form")
	stopPage  = web.NewView[homeView2](holderPages, "stop")
	queuePage = web.NewView[queueView](consolePages, "queue")
	casePage  = web.NewView[caseView](consolePages, "case")
)

type homeView struct {
	web.Page
	Past time.Time
}

type homeView2 struct{ web.Page }

type formView struct {
	web.Page
	Gate web.GateView
}

type queueView struct {
	web.Page
	Cases []queueRow
}

type queueRow struct {
	ID, Name, State, Story, By, Wait string
	Hot                              bool
}

type caseView struct {
	web.Page
	Labels  []string
	Entries []entry
}

type entry struct {
	Label, What, Lane, Why string
	At                     time.Time
}

func show(render func(http.ResponseWriter, *http.Request, web.Page) error, title string) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error { return render(w, r, web.NewPage(r, title)) }
}

// openStore lets nothing be used twice, in the gallery, where nobody answers.
type openStore struct{}

func (openStore) Spend(context.Context, string, time.Time) (bool, error) { return false, nil }

func holderSite(t *testing.T) http.Handler {
	t.Helper()
	keeper, err := seal.NewKeeper([]byte(strings.Repeat("k", 32)))
	if err != nil {
		t.Fatal(err)
	}
	puzzle := &web.Puzzle{Spent: openStore{}, Seal: keeper}
	form := func(w http.ResponseWriter, r *http.Request) error {
		p, err := puzzle.Ask("form")
		if err != nil {
			return err
		}
		return formPage.Render(w, r, formView{web.NewPage(r, "form.title"), p})
	}
	save := func(w http.ResponseWriter, r *http.Request) error {
		f := web.FormOf(r)
		f.Text("email", 12)
		f.Secret("password")
		f.Optional("note", 100)
		f.Choice("channel", "phone", "chat")
		if err := f.Err(); err != nil {
			return err
		}
		return web.Done(w, r, "/", "saved")
	}
	routes := append(puzzle.Routes(),
		web.Route{Method: "GET", Path: "/{$}", Permission: access.Public, Handler: show(func(w http.ResponseWriter, r *http.Request, p web.Page) error {
			return homePage.Render(w, r, homeView{p, p.Now.Add(-50 * time.Hour)})
		}, "home.title")},
		web.Route{Method: "GET", Path: "/stop", Permission: access.Public, Handler: show(func(w http.ResponseWriter, r *http.Request, p web.Page) error {
			return stopPage.Render(w, r, homeView2{p})
		}, "stop.title")},
		web.Route{Method: "GET", Path: "/form", Permission: access.Public, Handler: form},
		web.Route{Method: "POST", Path: "/form", Permission: access.Public, Handler: save},
	)
	site := webtest.Site(holderPages, access.Actor{Role: access.Holder, ID: "acc_1"}, routes...)
	site.Frame = func(*http.Request, access.Actor) web.Frame {
		return web.Frame{Name: "佐藤 花子", SignOut: "/sign-out",
			Nav: []web.NavItem{{Path: "/", Key: "nav.home", Icon: "home"}, {Path: "/form", Key: "nav.security", Icon: "lock"}, {Path: "/history", Key: "nav.history", Icon: "history"},
				{Path: "/messages", Key: "nav.messages", Icon: "mail", Count: 2}, {Path: "/account/orders", Key: "nav.orders", Icon: "box"}},
			Foot: []web.NavItem{{Path: "/help", Key: "foot.help"}, {Path: "/check-letter", Key: "foot.letter"}, {Path: "/report-phishing", Key: "foot.phishing"}}}
	}
	return withAssets(site)
}

func holderGallery(t *testing.T) http.Handler { return showing(holderSite(t)) }

// showing lets a browser look at answers to a POST and at errors without a word
// in its console, where any word fails the test.
func showing(site http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if path, wrong := strings.CutPrefix(r.URL.Path, "/wrong"); wrong {
			post := httptest.NewRequest("POST", path+"?"+r.URL.RawQuery, strings.NewReader("email=hanako@example.jp&password=&channel=phone"))
			post.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r = post
		}
		rec := httptest.NewRecorder()
		site.ServeHTTP(rec, r)
		maps.Copy(w.Header(), rec.Header())
		_, _ = rec.Body.WriteTo(w)
	})
}

func consoleGallery() http.Handler {
	site := webtest.Site(consolePages, access.Actor{Role: access.Supervisor, ID: "staff_1", Name: "Tanaka Yuki"},
		web.Route{Method: "GET", Path: "/{$}", Permission: access.DeskWork, Handler: show(func(w http.ResponseWriter, r *http.Request, p web.Page) error {
			v := queueView{Page: p}
			for i, state := range []string{"frozen", "restoring", "guarded", "frozen"} {
				v.Cases = append(v.Cases, queueRow{ID: fmt.Sprintf("case_01j9%d", i), Name: "佐藤 花子", State: state, Hot: i == 0, By: "Tanaka",
					Story: "I got a letter about a new address. パスワードも変わっています。", Wait: p.Span(time.Duration(i*i+1) * time.Minute)})
			}
			return queuePage.Render(w, r, v)
		}, "queue.title")},
		web.Route{Method: "GET", Path: "/case", Permission: access.DeskWork, Handler: show(func(w http.ResponseWriter, r *http.Request, p web.Page) error {
			v := caseView{Page: p, Labels: []string{"tainted", "suspect", "affected", "clean"}}
			for i, l := range []string{"clean", "clean", "suspect", "tainted", "tainted", "tainted", "affected", "clean"} {
				v.Entries = append(v.Entries, entry{Label: l, What: []string{"sign-in", "order/o7", "sign-in", "email", "password", "address/a1", "order/o8", "sign-in"}[i],
					Lane: "S" + fmt.Sprint(i/3+1) + " · Windows · Chrome", Why: "H1: password set at 21:04 by S2", At: p.Now.Add(time.Duration(i*7-60) * time.Minute)})
			}
			return casePage.Render(w, r, v)
		}, "case.title")},
		web.Route{Method: "GET", Path: "/events", Permission: access.DeskWork, Live: true, Handler: func(w http.ResponseWriter, r *http.Request) error {
			return web.Stream(w, r, make(chan string))
		}},
	)
	site.Frame = func(*http.Request, access.Actor) web.Frame {
		return web.Frame{Name: "Tanaka Yuki", SignOut: "/desk/sign-out", Nav: []web.NavItem{{Path: "/", Key: "nav.queue", Icon: "queue", Count: 7},
			{Path: "/wall", Key: "nav.wall", Icon: "wall"}, {Path: "/phishing", Key: "nav.phishing", Icon: "mail"}, {Path: "/audit", Key: "nav.audit", Icon: "search"}, {Path: "/staff", Key: "nav.staff", Icon: "users"}}}
	}
	return withAssets(site)
}

func withAssets(site http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/assets/", web.Assets())
	mux.Handle("/", site)
	return mux
}

func TestEveryTemplateFitsItsViewAndHasItsWords(t *testing.T) {
	for name, set := range map[string]*web.Templates{"holder": holderPages, "console": consolePages} {
		t.Run(name, func(t *testing.T) {
			webtest.Templates(t, set)
			webtest.Words(t, set)
		})
	}
}

func TestTheGalleryFitsItsWindowInChromium(t *testing.T) {
	for name, g := range map[string]struct {
		handler http.Handler
		pages   []string
	}{
		"holder":  {holderGallery(t), []string{"/", "/stop", "/form", "/wrong/form", "/nowhere", "/?done=saved"}},
		"console": {consoleGallery(), []string{"/", "/case"}},
	} {
		srv := httptest.NewServer(g.handler)
		t.Cleanup(func() { srv.CloseClientConnections(); srv.Close() })
		t.Run(name, func(t *testing.T) {
			browser.Windows(t, func(t *testing.T, tab *browser.Tab) {
				for _, page := range g.pages {
					tab.Navigate(srv.URL + page + map[bool]string{true: "&", false: "?"}[strings.Contains(page, "?")] + "lang=" + tab.Lang)
					tab.Look(name + strings.NewReplacer("/", "-", "?", "", "=", "-").Replace(page))
				}
			})
		})
	}
}
