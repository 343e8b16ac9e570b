package demo

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"time"

	"takeback/internal/fault"
	"takeback/internal/mail/inbox"
	"takeback/internal/web"
)

var (
	inboxPage  = web.NewView[inboxView](pages, "inbox")
	letterPage = web.NewView[letterView](pages, "letter")
)

var errNoLetter = fault.New(fault.NotFound, "letter.none", "There is no such letter in this inbox.")

// shownAtOnce is how many letters a page of the inbox lists.
const shownAtOnce = 40

// mailbox is an addressee with the number of letters to him.
type mailbox struct {
	Address string
	Letters int
	Latest  time.Time
	Chosen  bool
}

// lettered is a letter in a list.
type lettered struct {
	ID, To, Subject, Number string
	At                      time.Time
}

type inboxView struct {
	web.Page
	To        string // whose letters; empty for everybody's
	All       int
	Mailboxes []mailbox
	Letters   []lettered
	Older     bool // there are more than the page lists
}

func (p *Pages) showInbox(w http.ResponseWriter, r *http.Request) error {
	f := web.FormOf(r)
	v := inboxView{To: f.Optional("to", 254)}
	if err := f.Err(); err != nil {
		return err
	}
	v.Page = web.NewPage(r, "inbox.title")
	v.Wide = true
	all := p.Inbox.Letters()
	v.All, v.Mailboxes = len(all), mailboxesOf(all, v.To)
	for _, l := range slices.Backward(all) {
		if v.To != "" && !l.IsTo(v.To) {
			continue
		}
		if v.Older = len(v.Letters) == shownAtOnce; v.Older {
			break
		}
		v.Letters = append(v.Letters, lettered{idOf(l), to(l), l.Subject, l.Number, l.Date})
	}
	return inboxPage.Render(w, r, v)
}

// mailboxesOf lists the addressees, the one with the latest letter first.
func mailboxesOf(all []inbox.Letter, chosen string) []mailbox {
	at := map[string]int{}
	var boxes []mailbox
	for _, l := range all {
		address := to(l)
		i, known := at[address]
		if !known {
			i = len(boxes)
			at[address] = i
			boxes = append(boxes, mailbox{Address: address, Chosen: strings.EqualFold(address, chosen)})
		}
		boxes[i].Letters++
		boxes[i].Latest = l.At
	}
	slices.SortStableFunc(boxes, func(a, b mailbox) int { return cmp.Compare(b.Latest.UnixNano(), a.Latest.UnixNano()) })
	return boxes
}

func to(l inbox.Letter) string { return strings.ToLower(strings.Join(l.Recipients, ", ")) }

// idOf names a letter as it arrived: one that was delivered twice is two.
func idOf(l inbox.Letter) string {
	sum := sha256.Sum256([]byte(l.MessageID + l.At.Format(time.RFC3339Nano) + to(l)))
	return hex.EncodeToString(sum[:8])
}

type letterView struct {
	web.Page
	ID     string
	Letter inbox.Letter
	To     string
	Links  []string
	Size   string // short, middle or long: how high its window is, since no script measures it
	Part   string // html or text
	Lines  []textLine
}

// textLine is a line of the text part: words, or a link alone.
type textLine struct{ Words, Link string }

func (p *Pages) letter(r *http.Request) (inbox.Letter, error) {
	for _, l := range p.Inbox.Letters() {
		if idOf(l) == r.PathValue("id") {
			return l, nil
		}
	}
	return inbox.Letter{}, errNoLetter
}

func (p *Pages) showLetter(w http.ResponseWriter, r *http.Request) error {
	l, err := p.letter(r)
	if err != nil {
		return err
	}
	v := letterView{Page: web.NewPage(r, "letter.title", l.Subject), ID: idOf(l), Letter: l, To: to(l), Part: "html", Size: "middle"}
	if web.FormOf(r).Optional("part", 10) == "text" || l.HTML == "" {
		v.Part = "text"
	}
	switch n := len([]rune(l.Text)); {
	case n < 700:
		v.Size = "short"
	case n > 1800:
		v.Size = "long"
	}
	for _, line := range strings.Split(strings.TrimSpace(l.Text), "\n") {
		at := strings.Index(line, "http")
		if at < 0 || !slices.Contains(l.Links, strings.TrimSpace(line[at:])) {
			v.Lines = append(v.Lines, textLine{Words: line})
			continue
		}
		v.Lines = append(v.Lines, textLine{Words: line[:at], Link: strings.TrimSpace(line[at:])})
	}
	// The letter is shown in a frame of our own, which the policy of all other pages forbids.
	w.Header().Set("Content-Security-Policy", w.Header().Get("Content-Security-Policy")+"; frame-src 'self'")
	return letterPage.Render(w, r, v)
}

// showHTML serves the HTML of a letter to the frame and to nothing else. What
// came by mail is a stranger's: it may show colours and lead to pages when
// somebody clicks, and nothing else.
func (p *Pages) showHTML(w http.ResponseWriter, r *http.Request) error {
	l, err := p.letter(r)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; "+
		"sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation")
	w.Header().Set("X-Frame-Options", "SAMEORIGIN")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, err = w.Write([]byte(strings.Replace(l.HTML, "<head>", `<head><base target="_top">`, 1)))
	return err
}

func (p *Pages) inboxEvents(w http.ResponseWriter, r *http.Request) error {
	changed := make(chan string, 1)
	go p.tellNews(r, changed)
	return web.Stream(w, r, changed)
}

// tellNews says "changed" at every letter, until the reader goes.
func (p *Pages) tellNews(r *http.Request, changed chan<- string) {
	for {
		news := p.Inbox.News()
		select {
		case <-news:
			say(changed)
		case <-r.Context().Done():
			return
		}
	}
}

// say says "changed"; many at once are one.
func say(changed chan<- string) {
	select {
	case changed <- "":
	default:
	}
}
