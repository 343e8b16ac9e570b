package demo

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/PuerkitoBio/goquery"
)

// Page is what a player sees.
type Page struct {
	Status int
	URL    *url.URL
	*goquery.Selection
}

// nothing is the page of a player who has not opened one, or met trouble.
func nothing() *Page { return &Page{URL: &url.URL{}, Selection: &goquery.Selection{}} }

func readPage(r *http.Response) (*Page, error) {
	doc, err := goquery.NewDocumentFromReader(io.LimitReader(r.Body, 8<<20))
	if err != nil {
		return nothing(), err
	}
	return &Page{Status: r.StatusCode, URL: r.Request.URL, Selection: doc.Selection}, nil
}

// Says gives the text of what a CSS selector finds first, in one line; empty if it finds nothing.
func (p *Page) Says(css string) string {
	return strings.Join(strings.Fields(p.Find(css).First().Text()), " ")
}

// Has tells whether the words stand on the page, wherever its lines break.
func (p *Page) Has(words string) bool {
	return strings.Contains(strings.Join(strings.Fields(p.Text()), " "), words)
}

// Problems gives what the page says is wrong, in one line; empty if nothing is.
func (p *Page) Problems() string {
	if s := p.Says("#problems ul"); s != "" {
		return s
	}
	return p.Says(".error-page .lead")
}

// Link gives the path of the first link on the page whose address has the part; empty if there is none.
func (p *Page) Link(part string) string {
	found := ""
	p.Find("a[href]").EachWithBreak(func(_ int, a *goquery.Selection) bool {
		if href := a.AttrOr("href", ""); strings.Contains(href, part) {
			found = href
		}
		return found == ""
	})
	return found
}

// Form finds the form that posts to an address ending in action, or to the
// page itself if action is empty; of several such forms the first one that has
// all the named fields. It gives its address and what it would send if nobody
// touched it.
func (p *Page) Form(action string, fields ...string) (to *url.URL, filled url.Values, err error) {
	var form *goquery.Selection
	p.Find("form").EachWithBreak(func(_ int, f *goquery.Selection) bool {
		u, err := p.URL.Parse(f.AttrOr("action", p.URL.Path))
		if err != nil || !strings.EqualFold(f.AttrOr("method", "get"), "post") || !strings.HasSuffix(u.Path, action) || action == "" && u.Path != p.URL.Path {
			return true
		}
		for _, name := range fields {
			if f.Find(fmt.Sprintf("[name=%q]", name)).Length() == 0 {
				return true
			}
		}
		form, to = f, u
		return false
	})
	if form == nil {
		return nil, nil, fmt.Errorf("%s has no form that posts to …%s with %s", p.URL.Path, action, strings.Join(fields, ", "))
	}
	return to, untouched(form), nil
}

// untouched is what a form sends as it stands.
func untouched(form *goquery.Selection) url.Values {
	sent := url.Values{}
	form.Find("input[name], textarea[name], select[name]").Each(func(_ int, e *goquery.Selection) {
		name, value := e.AttrOr("name", ""), e.AttrOr("value", "")
		_, checked := e.Attr("checked")
		switch kind := e.AttrOr("type", ""); {
		case goquery.NodeName(e) == "textarea":
			value = e.Text()
		case goquery.NodeName(e) == "select":
			option := e.Find("option[selected]").First()
			if option.Length() == 0 {
				option = e.Find("option").First()
			}
			value = option.AttrOr("value", option.Text())
		case (kind == "checkbox" || kind == "radio") && !checked, kind == "file", kind == "submit":
			return
		}
		sent.Add(name, value)
	})
	return sent
}
