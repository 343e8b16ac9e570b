package mail

import (
	"bytes"
	"embed"
	"fmt"
	htmltemplate "html/template"
	"reflect"
	"strings"
	texttemplate "text/template"
	"time"
	_ "time/tzdata" // readers' zones must be known on machines that have no zone files

	"takeback/internal/fault"
)

//go:embed templates
var files embed.FS

// languages are those every kind is written in; the first is the one for
// readers of whom nothing is known.
var languages = []string{"en", "ja"}

// kinds lists every letter there is. Templates are parsed for all of them at
// start, so that a broken one stops the program and not a letter.
var kinds = []Body{
	ConfirmAddress{}, AlreadyRegistered{}, ConfirmChange{}, Notice{}, Frozen{}, Code{}, Reset{}, Recover{}, Recovering{}, ResetDone{},
	CallbackBooked{}, Answer{}, FalseAlarm{}, Undone{}, Questions{}, HandBack{}, Invitation{}, Closing{},
}

// sheet is one kind in one language, as text and as HTML.
type sheet struct {
	text *texttemplate.Template
	html *htmltemplate.Template
}

var sheets = parseSheets()

func parseSheets() map[string]sheet {
	all := map[string]sheet{}
	for _, b := range kinds {
		for _, language := range languages {
			name := string(b.Kind()) + "." + language
			all[name] = sheet{
				text: texttemplate.Must(texttemplate.ParseFS(files,
					"templates/layout."+language+".txt", "templates/"+name+".txt")),
				html: htmltemplate.Must(htmltemplate.ParseFS(files,
					"templates/style.html", "templates/layout."+language+".html", "templates/"+name+".html")),
			}
		}
	}
	return all
}

// view is what a template sees.
type view struct {
	Service string // who writes
	Name    string // who reads; empty if we may not say
	Number  string
	Body    Body
	site    string
	zone    *time.Location
	words   words
	kept    bool // it is the copy that is kept: Body has no secrets
}

// rendered is a letter before it is put into an envelope.
type rendered struct{ subject, text, html string }

func (v view) render(language string) (_ rendered, err error) {
	defer fault.Wrap(&err, "mail: %s.%s", v.Body.Kind(), language)
	s, ok := sheets[string(v.Body.Kind())+"."+language]
	if !ok {
		return rendered{}, fmt.Errorf("there is no such letter")
	}
	subject, err := v.subject(language)
	if err != nil {
		return rendered{}, err
	}
	text, err := v.text(s)
	if err != nil {
		return rendered{}, err
	}
	var html bytes.Buffer
	if err := s.html.ExecuteTemplate(&html, "letter", v); err != nil {
		return rendered{}, err
	}
	return rendered{
		subject: subject,
		text:    text,
		html:    strings.TrimSpace(html.String()) + "\n",
	}, nil
}

func (v view) text(s sheet) (string, error) {
	var text bytes.Buffer
	err := s.text.ExecuteTemplate(&text, "letter", v)
	return tidy(text.String()), err
}

// copied renders what is kept of a letter when it is sent: the same template, to
// which the secrets of the letter were never given. Nothing is looked for in a finished
// text, so nothing can be overlooked there.
func (v view) copied(language string) (_ string, err error) {
	defer fault.Wrap(&err, "mail: copy of %s.%s", v.Body.Kind(), language)
	s, ok := sheets[string(v.Body.Kind())+"."+language]
	if !ok {
		return "", fmt.Errorf("there is no such letter")
	}
	v.Body, v.kept = withoutSecrets(v.Body, v.words), true
	return v.text(s)
}

// withoutSecrets gives a body in which words stand for what carries authority.
func withoutSecrets(b Body, w words) Body {
	c := reflect.New(reflect.TypeOf(b)).Elem()
	c.Set(reflect.ValueOf(b))
	for i := range c.NumField() {
		instead, secret := map[string]string{"link": w.link, "code": w.code}[c.Type().Field(i).Tag.Get("letter")]
		if secret && c.Field(i).String() != "" {
			c.Field(i).SetString(instead)
		}
	}
	return c.Interface().(Body) // unreachable to fail: it is a copy of a Body
}

// subject renders what the list of letters shows, too.
func (v view) subject(language string) (_ string, err error) {
	defer fault.Wrap(&err, "mail: %s.%s", v.Body.Kind(), language)
	s, ok := sheets[string(v.Body.Kind())+"."+language]
	if !ok {
		return "", fmt.Errorf("there is no such letter")
	}
	var subject bytes.Buffer
	if err := s.text.ExecuteTemplate(&subject, "subject", v); err != nil {
		return "", err
	}
	return fmt.Sprintf(v.words.subject, v.Service, strings.TrimSpace(subject.String())), nil
}

// tidy leaves at most one empty line between paragraphs, whatever the branches
// of a template left out.
func tidy(s string) string {
	var lines []string
	for line := range strings.Lines(strings.TrimSpace(s)) {
		line = strings.TrimRight(line, " \t\r\n")
		if line == "" && len(lines) > 0 && lines[len(lines)-1] == "" {
			continue
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n") + "\n"
}

// URL makes a link absolute. A link to any other site is refused: whatever a
// room was talked into, no letter of ours leads elsewhere.
func (v view) URL(link string) (string, error) {
	switch {
	case v.kept && link == v.words.link:
		return link, nil
	case strings.HasPrefix(link, "//"), strings.ContainsAny(link, "\\\"<> \t\r\n"):
		return "", fmt.Errorf("%.40q is no link", link)
	case strings.HasPrefix(link, "/"):
		return v.site + link, nil
	case strings.HasPrefix(link, v.site+"/"):
		return link, nil
	}
	return "", fmt.Errorf("%.40q does not lead to %s", link, v.site)
}

// checkLinks refuses what URL will refuse, before the letter is taken in.
func (v view) checkLinks() error {
	body := reflect.ValueOf(v.Body)
	for i := range body.NumField() {
		tag, link := body.Type().Field(i).Tag.Get("letter"), body.Field(i)
		if (tag == "link" || tag == "page") && link.String() != "" {
			if _, err := v.URL(link.String()); err != nil {
				return err
			}
		}
	}
	return nil
}

// When gives a time in the reader's zone and, where they differ, in UTC.
func (v view) When(t time.Time) string {
	local, utc := t.In(v.zone), t.UTC()
	s := v.words.date(local) + v.words.clock(local)
	if _, offset := local.Zone(); offset == 0 {
		return s
	}
	other := utc.Format("15:04")
	if local.Day() != utc.Day() {
		other = v.words.shortDate(utc) + other
	}
	return s + fmt.Sprintf(v.words.utc, other)
}

// Moment gives a time in the reader's zone alone, for lists.
func (v view) Moment(t time.Time) string {
	return v.words.shortDate(t.In(v.zone)) + t.In(v.zone).Format("15:04")
}

// Hold gives how long things wait after a hand-back.
func (v view) Hold() string {
	if b, ok := v.Body.(HandBack); ok && b.Hold != 0 {
		return v.words.span(b.Hold)
	}
	return v.words.span(72 * time.Hour)
}

// Day gives a date in the reader's zone.
func (v view) Day(t time.Time) string { return strings.TrimSpace(v.words.date(t.In(v.zone))) }

// Span gives a length of time in words.
func (v view) Span(d time.Duration) string { return v.words.span(d) }

// Stranger tells whether the reader may never have heard of us: somebody typed
// this address into a form.
func (v view) Stranger() bool {
	k := v.Body.Kind()
	return k == KindConfirmAddress || k == KindConfirmChange || k == KindInvitation
}

// Paragraphs parts a text at its empty lines. What is written as a link leads
// to our own site or is none.
func (v view) Paragraphs(text string) []string {
	const ours = "\x00" // cannot be in a cleaned text
	text = strings.ReplaceAll(defang(strings.ReplaceAll(text, v.site+"/", ours)), ours, v.site+"/")
	var all []string
	for p := range strings.SplitSeq(text, "\n\n") {
		if p = strings.TrimSpace(p); p != "" {
			all = append(all, p)
		}
	}
	return all
}
