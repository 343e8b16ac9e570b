package demo

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Stage is where players act: one site, one time after which nobody waits any
// longer, and the first thing that went wrong. After it nobody acts any more,
// so that a script can be read from top to bottom without a word about errors;
// who runs it asks Err.
type Stage struct {
	Site string // http://…
	ctx  context.Context
	err  error
}

// NewStage makes a stage for the site at an address.
func NewStage(ctx context.Context, site string) *Stage {
	return &Stage{Site: strings.TrimSuffix(site, "/"), ctx: ctx}
}

// Err is the first thing that went wrong; nil if nothing did.
func (s *Stage) Err() error { return s.err }

// Fail says that something went wrong. Only the first one is kept.
func (s *Stage) Fail(format string, args ...any) {
	if s.err == nil {
		s.err = fmt.Errorf(format, args...)
	}
}

// Player is somebody at a browser of his own.
type Player struct {
	Name     string // for what is said about him
	Language string // what his browser asks for
	IP       string // where he comes from, as a proxy would say; only a site that trusts us believes it
	Agent    string // his browser
	Page     *Page  // what he looks at

	stage   *Stage
	client  *http.Client
	cookies map[string]string
}

// Player lets somebody come in.
func (s *Stage) Player(name, language, ip, agent string) *Player {
	p := &Player{Name: name, Language: language, IP: ip, Agent: agent, Page: nothing(), stage: s, cookies: map[string]string{}}
	p.client = &http.Client{Transport: p, CheckRedirect: func(r *http.Request, before []*http.Request) error {
		if len(before) >= 5 || !strings.HasPrefix(r.URL.String(), s.Site+"/") {
			return errors.New("redirected in circles, or to another site")
		}
		return nil
	}}
	return p
}

// RoundTrip does with cookies what a browser does, but for one thing: cookies
// that are marked Secure go to our own machine without TLS, too. Browsers make
// the same exception for it; the standard library's jar does not.
func (p *Player) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("User-Agent", p.Agent)
	r.Header.Set("Accept-Language", p.Language)
	if p.IP != "" {
		r.Header.Set("X-Forwarded-For", p.IP)
	}
	for _, name := range slices.Sorted(maps.Keys(p.cookies)) {
		r.AddCookie(&http.Cookie{Name: name, Value: p.cookies[name]})
	}
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	for _, c := range answer.Cookies() {
		if c.MaxAge < 0 || c.Value == "" {
			delete(p.cookies, c.Name)
		} else {
			p.cookies[c.Name] = c.Value
		}
	}
	return answer, nil
}

// Cookie gives the value of one of his cookies: what a thief of it would have.
func (p *Player) Cookie(name string) string { return p.cookies[name] }

// Opens goes to a page, given by its path or by a link from a letter, which must show itself.
func (p *Player) Opens(path string) *Page {
	p.Tries(path)
	if p.stage.err == nil && p.Page.Status >= 400 {
		p.fail("opened %s and saw %d: %s", p.Page.URL.Path, p.Page.Status, p.Page.Problems())
	}
	return p.Page
}

// Tries goes to a page that may be refused.
func (p *Player) Tries(path string) *Page {
	p.ask(http.MethodGet, strings.TrimPrefix(path, p.stage.Site), "", nil)
	return p.Page
}

// Sends fills in fields ("name=value") of the form on his page that posts to an
// address ending in action, and sends it. It must be taken.
func (p *Player) Sends(action string, fields ...string) *Page {
	p.Submits(action, fields...)
	if p.stage.err == nil && p.Page.Status >= 400 {
		p.fail("sent the form %s and heard %d: %s", action, p.Page.Status, p.Page.Problems())
	}
	return p.Page
}

// Presses sends a form that has only a button.
func (p *Player) Presses(action string) *Page { return p.Sends(action) }

// Submits is Sends for a form that may be refused.
func (p *Player) Submits(action string, fields ...string) *Page {
	if p.stage.err != nil {
		return p.Page
	}
	var names []string
	for _, f := range fields {
		name, _, _ := strings.Cut(f, "=")
		names = append(names, name)
	}
	to, filled, err := p.Page.Form(action, names...)
	if err != nil {
		p.fail("%v", err)
		return p.Page
	}
	for _, f := range fields {
		name, v, _ := strings.Cut(f, "=")
		filled.Set(name, v)
	}
	p.ask(http.MethodPost, to.RequestURI(), "application/x-www-form-urlencoded", strings.NewReader(filled.Encode()))
	return p.Page
}

// Posts sends fields to an address although no form on his page does: what a
// forger would.
func (p *Player) Posts(path string, fields ...string) *Page {
	sent := url.Values{}
	for _, f := range fields {
		name, v, _ := strings.Cut(f, "=")
		sent.Set(name, v)
	}
	p.ask(http.MethodPost, path, "application/x-www-form-urlencoded", strings.NewReader(sent.Encode()))
	return p.Page
}

// Uploads sends a form with a file.
func (p *Player) Uploads(action, field, file string, data []byte, fields ...string) *Page {
	if p.stage.err != nil {
		return p.Page
	}
	to, filled, err := p.Page.Form(action, field)
	if err != nil {
		p.fail("%v", err)
		return p.Page
	}
	for _, f := range fields {
		name, v, _ := strings.Cut(f, "=")
		filled.Set(name, v)
	}
	body, kind, err := multipartOf(filled, field, file, data)
	if err != nil {
		p.fail("%v", err)
		return p.Page
	}
	p.ask(http.MethodPost, to.RequestURI(), kind, body)
	return p.Page
}

func (p *Player) ask(method, path, kind string, body io.Reader) {
	if p.stage.err != nil {
		return
	}
	r, err := http.NewRequestWithContext(p.stage.ctx, method, p.stage.Site+path, body)
	if err != nil {
		p.fail("%v", err)
		return
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
		r.Header.Set("Origin", p.stage.Site)
	}
	answer, err := p.client.Do(r)
	if err != nil {
		p.fail("%s %s: %v", method, r.URL.Path, err)
		return
	}
	defer answer.Body.Close()
	if p.Page, err = readPage(answer); err != nil {
		p.fail("%s %s: %v", method, r.URL.Path, err)
	}
}

// Waits stays on his page until it shows what he waits for: he listens to the
// page's own event stream and looks again whenever it says "changed", as the
// script of the page does.
func (p *Player) Waits(what string, until func(*Page) bool) *Page {
	path := p.Page.URL.RequestURI()
	if p.stage.err != nil || until(p.Opens(path)) {
		return p.Page
	}
	live, ok := p.Page.Find("[data-live]").Attr("data-live")
	if !ok {
		p.fail("%s does not show %s, and says nothing when it changes", path, what)
		return p.Page
	}
	r, err := http.NewRequestWithContext(p.stage.ctx, http.MethodGet, p.stage.Site+live, nil)
	if err != nil {
		p.fail("%v", err)
		return p.Page
	}
	answer, err := p.client.Do(r)
	if err != nil {
		p.fail("%s: %v", live, err)
		return p.Page
	}
	defer answer.Body.Close()
	for events := bufio.NewScanner(answer.Body); events.Scan(); {
		if events.Text() == "event: changed" && until(p.Opens(path)) {
			return p.Page
		}
	}
	p.fail("waited in vain at %s for %s", path, what)
	return p.Page
}

func (p *Player) fail(format string, args ...any) {
	p.stage.Fail("%s: %s", p.Name, fmt.Sprintf(format, args...))
}

// Service is the protected shop, which speaks with the API.
type Service struct {
	Key   string // as made by `takeback key create`
	stage *Stage
}

// Service lets the shop come in.
func (s *Stage) Service(key string) *Service { return &Service{Key: key, stage: s} }

// Asks calls the API, on behalf of the holder's session whose token is given
// (empty for the shop itself), puts the answer into out if it is not nil, and
// gives the status.
func (s *Service) Asks(method, path, session string, in, out any) int {
	if s.stage.err != nil {
		return 0
	}
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			s.stage.Fail("shop: %v", err)
			return 0
		}
		body = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(s.stage.ctx, method, s.stage.Site+path, body)
	if err != nil {
		s.stage.Fail("shop: %v", err)
		return 0
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+s.Key)
	if session != "" {
		r.Header.Set("Takeback-Session", session)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		s.stage.Fail("shop: %s %s: %v", method, path, err)
		return 0
	}
	defer answer.Body.Close()
	if out != nil && answer.StatusCode < 300 {
		if err := json.NewDecoder(answer.Body).Decode(out); err != nil {
			s.stage.Fail("shop: %s %s: %v", method, path, err)
		}
	}
	return answer.StatusCode
}

// MayAct tells whether the session of a token may act, as the shop asks at every request.
func (s *Service) MayAct(token string) bool {
	return s.Asks(http.MethodGet, "/v1/session", token, nil, nil) == http.StatusOK
}

// Facts gives what is true of an account, by path.
func (s *Service) Facts(account string) map[string]Fact {
	var answer struct{ Facts []Fact }
	if status := s.Asks(http.MethodGet, "/v1/accounts/"+account+"/facts", "", nil, &answer); status != http.StatusOK {
		s.stage.Fail("shop: asked for the facts of %s and heard %d", account, status)
	}
	facts := map[string]Fact{}
	for _, f := range answer.Facts {
		facts[f.Path] = f
	}
	return facts
}

// Fact is a fact as the API shows it.
type Fact struct {
	Path   string          `json:"path"`
	Value  json.RawMessage `json:"value"`
	Since  time.Time       `json:"since"`
	Usable *bool           `json:"usable"`
	Held   *bool           `json:"held"`
}
