package story

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"takeback/internal/demo"
	"takeback/internal/passkey/keytest"
)

// cast is who may come into a script, at a browser of his own: from where, and
// with which one. Their names are commands: `hana opens /security`.
var cast = map[string]struct{ ip, agent string }{
	"hana":      {"203.0.113.24", windows},
	"new-phone": {"203.0.113.24", iPhone}, // hana again, with nothing of what she had
	"sister":    {"203.0.113.99", mac},
	"eve":       {"198.51.100.66", windows},
	"naomi":     {"192.0.2.13", mac}, // staff
	"kenta":     {"192.0.2.12", windows},
}

// acts are what they may do. An error says that they were refused, or that it is not so.
var acts = map[string]func(ts *testscript.TestScript, p *play, who *demo.Player, args []string) error{
	// opens PATH
	"opens": func(_ *testscript.TestScript, _ *play, who *demo.Player, args []string) error {
		return answered(who.Tries(args[0]))
	},
	// sends ACTION FIELD=VALUE… fills in the form that posts there; "." is the page itself.
	"sends": func(_ *testscript.TestScript, _ *play, who *demo.Player, args []string) error {
		return answered(who.Submits(strings.TrimPrefix(args[0], "."), args[1:]...))
	},
	// sees WORDS…
	"sees": func(_ *testscript.TestScript, _ *play, who *demo.Player, args []string) error {
		for _, words := range args {
			if !who.Page.Has(words) {
				return fmt.Errorf("%s does not say %q: %s", who.Page.URL, words, who.Page.Says("main"))
			}
		}
		return nil
	},
	// finds CSS
	"finds": func(_ *testscript.TestScript, _ *play, who *demo.Player, args []string) error {
		if who.Page.Find(args[0]).Length() == 0 {
			return fmt.Errorf("%s has no %s", who.Page.URL, args[0])
		}
		return nil
	},
	// is PATH, or below it, with what comes after the path if it is given
	"is": func(_ *testscript.TestScript, _ *play, who *demo.Player, args []string) error {
		if at := who.Page.URL.RequestURI(); at != args[0] && (args[0] == "/" || !strings.HasPrefix(at, args[0])) {
			return fmt.Errorf("the page is %s: %s", at, who.Page.Says("main"))
		}
		return nil
	},
	// keeps NAME CSS puts what an element says, or a field has in it, into $NAME.
	"keeps": func(ts *testscript.TestScript, _ *play, who *demo.Player, args []string) error {
		text := who.Page.Find(args[1]).First().AttrOr("value", strings.ReplaceAll(who.Page.Says(args[1]), " ", ""))
		if text == "" {
			return fmt.Errorf("%s says nothing at %s", who.Page.URL, args[1])
		}
		ts.Setenv(args[0], text)
		return nil
	},
	// solves: the digits of the picture puzzle go into $ANSWER. The script has the operator's key; nobody else does.
	"solves": func(ts *testscript.TestScript, p *play, who *demo.Player, _ []string) error {
		digits, err := solved(p.key, who.Page.Find("[name=puzzle]").AttrOr("value", ""))
		ts.Setenv("ANSWER", digits)
		return err
	},
	// waits ACTION: until the page has a form that posts there, and no longer.
	"waits": func(_ *testscript.TestScript, _ *play, who *demo.Player, args []string) error {
		who.Waits("a form to "+args[0], func(page *demo.Page) bool { _, _, err := page.Form(args[0]); return err == nil })
		return nil
	},
	// shows ACTION FIELD=VALUE… answers a form that asks for a passkey: with a new one, or with the one that he has.
	"shows": func(_ *testscript.TestScript, p *play, who *demo.Player, args []string) error {
		return p.shows(who, args[0], args[1:])
	},
}

// acting is the command that is somebody's name. With ! before it he must be
// refused, or it must not be so; a page that lacks the form is a failure either way.
func acting(name string) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		p := playOf(ts)
		if p.stage == nil || len(args) == 0 || acts[args[0]] == nil {
			ts.Fatalf("%s does what? Nothing like %q, or there is no house yet", name, args)
		}
		if p.people[name] == nil {
			p.people[name] = p.stage.Player(name, "en", cast[name].ip, cast[name].agent)
		}
		err := acts[args[0]](ts, p, p.people[name], args[1:])
		switch {
		case p.stage.Err() != nil:
			ts.Fatalf("%v", p.stage.Err())
		case err != nil && !neg:
			ts.Fatalf("%s: %v", name, err)
		case err == nil && neg:
			ts.Fatalf("%s %s, and should not", name, strings.Join(args, " "))
		}
	}
}

func answered(page *demo.Page) error {
	if page.Status >= http.StatusBadRequest {
		return fmt.Errorf("%s was answered %d: %s", page.URL, page.Status, page.Problems())
	}
	return nil
}

// shows does what the script of our pages and an authenticator do. Each person has one authenticator.
func (p *play) shows(who *demo.Player, action string, fields []string) error {
	_, filled, err := who.Page.Form(action, "answer")
	form := who.Page.Find(fmt.Sprintf("form[data-passkey][action$=%q]", action)).First()
	if err != nil || form.Length() == 0 {
		p.stage.Fail("%s asks for no passkey for …%s", who.Page.URL, action)
		return nil
	}
	for _, f := range fields {
		name, value, _ := strings.Cut(f, "=")
		filled.Set(name, value)
	}
	options, err := p.asks(who, form.AttrOr("data-ask", ""), filled)
	if err != nil {
		return err
	}
	if p.keys[who.Name] == nil {
		p.keys[who.Name] = keytest.New(p.t, p.stage.Site)
	}
	answer := p.keys[who.Name].Present
	if form.AttrOr("data-passkey", "") == "create" {
		answer = p.keys[who.Name].Make
	}
	return answered(who.Submits(action, slices.Concat(fields, []string{"answer=" + answer(options)})...))
}

// asks asks the site, with somebody's cookies, what to ask the authenticator.
func (p *play) asks(who *demo.Player, path string, form url.Values) (json.RawMessage, error) {
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, p.stage.Site+path, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", p.stage.Site)
	answer, err := who.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s was answered %d: %s", path, answer.StatusCode, text)
	}
	return text, err
}
