package web

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"takeback/internal/access"
	"takeback/internal/fault"
)

// Page is the part that all views have in common; every view embeds it.
// Templates reach all of its methods: {{.T "home.title"}}.
type Page struct {
	Lang    string // "ja" or "en"
	Title   string // in the reader's language
	Brand   string
	Request string // id of the request, to name on the phone
	Path    string
	Actor   access.Actor
	Frame   Frame
	Now     time.Time
	Zone    *time.Location
	Wide    bool // let the page use the whole width: tables, columns
	words   *Words
	instead map[string]string
	form    *Form
	trouble *trouble
	kept    map[string]string
	query   url.Values
}

// zones are the reader's clock, by language, until an account says otherwise.
var zones = map[string]*time.Location{"ja": time.FixedZone("JST", 9*3600), "en": time.UTC}

// NewPage begins a view. Its title is said by a key of the catalogue.
func NewPage(r *http.Request, titleKey string, args ...any) Page {
	st := stateOf(r)
	p := Page{Lang: st.lang, Brand: st.site.Brand, Request: st.id, Path: r.URL.Path, Actor: st.actor, Now: st.now,
		Zone: zones[st.lang], words: st.site.Templates.words, instead: st.site.Instead, form: st.form, trouble: st.trouble, kept: st.kept, query: r.URL.Query()}
	if st.site.Frame != nil {
		p.Frame = st.site.Frame(r, st.actor)
	}
	p.Title = p.T(titleKey, args...)
	return p
}

func (p Page) page() Page { return p }

// T says a key in the reader's language. Arguments fill the %s.
func (p Page) T(key string, args ...any) string { return p.words.Say(p.Lang, p.said(key), args...) }

// said is the key of what this installation says.
func (p Page) said(key string) string {
	if other, ok := p.instead[key]; ok {
		return other
	}
	return key
}

// Or says a key if the catalogue has it, else the fallback: for values that come from configuration.
func (p Page) Or(key, fallback string) string {
	if p.words.Has(p.Lang, p.said(key)) {
		return p.T(key)
	}
	return fallback
}

// Fault says what a fault means, in the reader's language if the catalogue has its code.
func (p Page) Fault(f *fault.Error) string { return p.Or("fault."+f.Code, f.Words) }

// Err says all that is wrong with a field; empty if nothing is.
func (p Page) Err(field string) string {
	var all []string
	if p.trouble != nil {
		for _, f := range p.trouble.faults {
			if f.Field == field {
				all = append(all, p.Fault(f))
			}
		}
	}
	between := " "
	if p.Lang == "ja" {
		between = ""
	}
	return strings.Join(all, between)
}

// Problem is a line of the summary above a form that was not taken.
type Problem struct{ Field, Label, Words string }

// Problems lists what is wrong with the form that was sent.
func (p Page) Problems() (out []Problem) {
	if p.trouble == nil {
		return nil
	}
	for _, f := range p.trouble.faults {
		pr := Problem{Field: f.Field, Words: p.Fault(f)}
		if f.Field != "" {
			pr.Label = p.Or("field."+f.Field, f.Field)
		}
		out = append(out, pr)
	}
	return out
}

// Typed gives what the person typed into a field, while the form is shown again or after he had to do something else first; else now.
func (p Page) Typed(field, now string) string {
	if p.trouble != nil && p.form != nil {
		if v, ok := p.form.typed[field]; ok {
			return v
		}
	}
	if v, ok := p.kept[field]; ok {
		return v
	}
	return now
}

// Done says what was just done, after a redirect: Done in live.go. The address can
// only choose among sentences of the catalogue.
func (p Page) Done() string {
	if code := p.query.Get("done"); code != "" {
		return p.Or("done."+code, "")
	}
	return ""
}

// Why says why the person was sent here; empty if he came by himself.
func (p Page) Why() string {
	if code := p.query.Get("why"); code != "" {
		return p.Or("fault."+code, "")
	}
	return ""
}

// ReturnTo is where to go after signing in: local, or empty.
func (p Page) ReturnTo() string { return p.Typed("return", local(p.query.Get("return"), "")) }

// Once is a fresh name for one sending of a form.
func (p Page) Once() string { return rand.Text() }

// Other is the language that the page could be read in instead.
func (p Page) Other() string {
	if p.Lang == "ja" {
		return "en"
	}
	return "ja"
}

// InLang is this page in another language.
func (p Page) InLang(lang string) string {
	q := url.Values{}
	for k, v := range p.query {
		if k != "done" {
			q[k] = v
		}
	}
	q.Set("lang", lang)
	return (&url.URL{Path: p.Path, RawQuery: q.Encode()}).String()
}

// Asset gives the address of a file of ours, which changes when the file does.
func (p Page) Asset(name string) string { return assetURL(name) }

// Here tells whether a link of the navigation leads to this page or a part of it.
func (p Page) Here(item NavItem) bool {
	best, at := "", false
	for _, n := range p.Frame.Nav {
		inside := n.Path != "/" && strings.HasPrefix(p.Path, n.Path+"/")
		if (p.Path == n.Path || inside) && len(n.Path) > len(best) {
			best, at = n.Path, n.Path == item.Path
		}
	}
	return at && best == item.Path
}

// Time is a moment as a page shows it.
type Time struct{ ISO, Text, Short string }

// At makes a moment for the block "time".
func (p Page) At(t time.Time) Time {
	if t.IsZero() {
		return Time{}
	}
	return Time{ISO: t.UTC().Format(time.RFC3339), Text: p.When(t), Short: p.Clock(t)}
}

// When says a moment in the reader's language and zone, and names the zone.
func (p Page) When(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	l := t.In(p.Zone)
	if p.Lang == "ja" {
		return l.Format("2006年1月2日 15:04 ") + l.Format("(MST)")
	}
	return l.Format("2 Jan 2006, 15:04 MST")
}

// Day says a date.
func (p Page) Day(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	if p.Lang == "ja" {
		return t.In(p.Zone).Format("2006年1月2日")
	}
	return t.In(p.Zone).Format("2 Jan 2006")
}

// Clock says the time of day to the second, for timelines whose head names day and zone.
func (p Page) Clock(t time.Time) string { return t.In(p.Zone).Format("15:04:05") }

// Span says a length of time, roughly, as a person would.
func (p Page) Span(d time.Duration) string {
	switch {
	case d < 90*time.Second:
		return p.T("span.seconds", max(int(d.Seconds()), 0))
	case d < 90*time.Minute:
		return p.T("span.minutes", int((d + 30*time.Second).Minutes()))
	case d < 36*time.Hour:
		return p.T("span.hours", int((d + 30*time.Minute).Hours()))
	}
	return p.T("span.days", int((d+12*time.Hour).Hours()/24))
}

// Ago says how long ago a moment was.
func (p Page) Ago(t time.Time) string { return p.T("span.ago", p.Span(p.Now.Sub(t))) }

// Field is what the block "field" shows.
type Field struct {
	Page
	Name, Label, Hint, Type, Value, Error string
	Autocomplete, Inputmode, Placeholder  string
	Max, Rows                             int
	Required, Autofocus, Readonly         bool
	Options                               []Option
}

// Option is one answer of a select, radio group or list of checkboxes.
type Option struct {
	Value, Label, Hint string
	Chosen             bool
}

// Describe names what a screen reader reads after the label.
func (f Field) Describe() string {
	var ids []string
	if f.Hint != "" {
		ids = append(ids, f.Name+"-hint")
	}
	if f.Error != "" {
		ids = append(ids, f.Name+"-error")
	}
	return strings.Join(ids, " ")
}

// Field makes an input for the block "field". Its label is the key "field.NAME",
// its hint "field.NAME.hint" if the catalogue has it, its error and typed value
// come from the form. Options: type=…, value=…, label=KEY, hint=KEY,
// autocomplete=…, inputmode=…, max=N, rows=N (makes a textarea), optional,
// autofocus, readonly.
func (p Page) Field(name string, options ...string) (Field, error) {
	f := Field{Page: p, Name: name, Type: "text", Required: true, Error: p.Err(name)}
	label, hint := "field."+name, "field."+name+".hint"
	for _, o := range options {
		k, v, _ := strings.Cut(o, "=")
		switch k {
		case "type":
			f.Type = v
		case "value":
			f.Value = v
		case "label":
			label, hint = v, v+".hint"
		case "hint":
			hint = v
		case "autocomplete":
			f.Autocomplete = v
		case "inputmode":
			f.Inputmode = v
		case "max", "rows":
			n, err := strconv.Atoi(v)
			if err != nil {
				return f, fmt.Errorf("field %s: %s", name, o)
			}
			if k == "max" {
				f.Max = n
			} else {
				f.Rows = n
			}
		case "optional":
			f.Required = false
		case "autofocus":
			f.Autofocus = true
		case "readonly":
			f.Readonly = true
		default:
			return f, fmt.Errorf("field %s: unknown option %q", name, o)
		}
	}
	f.Label, f.Hint = p.T(label), p.Or(hint, "")
	if f.Type == "password" {
		f.Value = "" // a secret never travels back
	} else {
		f.Value = p.Typed(name, f.Value)
	}
	f.Autofocus = f.Autofocus && p.trouble == nil
	return f, nil
}

// Choose makes a group of answers for the block "choices", or a select for "select".
func (p Page) Choose(name, now string, options []Option) Field {
	f := Field{Page: p, Name: name, Label: p.T("field." + name), Hint: p.Or("field."+name+".hint", ""),
		Error: p.Err(name), Value: p.Typed(name, now), Required: true}
	for _, o := range options {
		o.Chosen = o.Value == f.Value
		f.Options = append(f.Options, o)
	}
	return f
}

// Offer makes the options of Choose from values; each says the key PREFIX.VALUE.
func (p Page) Offer(prefix string, values ...string) (out []Option) {
	for _, v := range values {
		out = append(out, Option{Value: v, Label: p.T(prefix + "." + v), Hint: p.Or(prefix+"."+v+".hint", "")})
	}
	return out
}

// Badge is what the block "badge" shows: a state in a word, a sign and a colour.
type Badge struct{ Kind, Words string }

// Badge makes one; its words are the key PREFIX.VALUE, its look is VALUE's.
func (p Page) Badge(prefix, value string) Badge {
	return Badge{Kind: value, Words: p.T(prefix + "." + value)}
}

// Submit is what the block "submit" shows.
type Submit struct {
	Page
	Words, Kind string
}

// Submit makes a button; Kind is "", "quiet", "stop" or "plain".
func (p Page) Submit(key string, kind ...string) Submit {
	return Submit{Page: p, Words: p.T(key), Kind: strings.Join(kind, " ")}
}

// Pager is what the block "pager" shows.
type Pager struct {
	Page
	Newer, Older string // addresses; empty if there is no more
}

// Pager makes one for lists that continue by a query parameter.
func (p Page) Pager(param, newer, older string) Pager {
	link := func(v string) string {
		if v == "" {
			return ""
		}
		return (&url.URL{Path: p.Path, RawQuery: url.Values{param: {v}}.Encode()}).String()
	}
	return Pager{Page: p, Newer: link(newer), Older: link(older)}
}

// Empty is what the block "empty" shows where a list has nothing.
type Empty struct{ Title, Text string }

// Empty makes one from KEY.title and KEY.text.
func (p Page) Empty(key string) Empty {
	return Empty{Title: p.T(key + ".title"), Text: p.Or(key+".text", "")}
}

// Step is one of the steps that the block "steps" shows.
type Step struct {
	Words string
	State string // "done", "now", "next"
}

// Steps shows how far a story has come; now counts from 0. Each says the key PREFIX.NAME.
func (p Page) Steps(prefix string, now int, names ...string) (out []Step) {
	for i, n := range names {
		s := Step{Words: p.T(prefix + "." + n), State: "next"}
		if i < now {
			s.State = "done"
		} else if i == now {
			s.State = "now"
		}
		out = append(out, s)
	}
	return out
}
