package inbox

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-message"
	"github.com/emersion/go-message/charset"
	"github.com/emersion/go-message/mail"
)

// Letter is a letter as it arrived, and as a reader sees it.
type Letter struct {
	Raw        []byte
	Sender     string   // of the envelope
	Recipients []string // of the envelope
	At         time.Time

	Subject   string
	From      string // address alone
	FromName  string
	To        []string // addresses alone
	Date      time.Time
	MessageID string
	Number    string // notice number; empty if it has none
	Text      string
	HTML      string
	Links     []string // in the order of the text, then those only in the HTML; each once
}

// Bounds of what Parse looks at: a letter may be made to cost.
const (
	maxParts = 64
	maxDepth = 8
	maxPart  = 1 << 20
)

var errTooDeep = errors.New("inbox: the letter has too many parts inside one another")

// Parse reads a letter of any kind: several parts, other letters attached, in
// any charset, ISO-2022-JP among them. What cannot be decoded is left as it came.
func Parse(raw []byte) (l Letter, err error) {
	e, err := message.Read(bytes.NewReader(raw))
	if err != nil && !message.IsUnknownCharset(err) && !message.IsUnknownEncoding(err) {
		return Letter{}, fmt.Errorf("inbox: %w", err)
	}
	l.Raw = slices.Clone(raw)
	h := mail.Header{Header: e.Header}
	l.Subject = decoded(h.Get("Subject"))
	if from := addresses(h, "From"); len(from) > 0 {
		l.From, l.FromName = from[0].Address, from[0].Name
	}
	for _, a := range addresses(h, "To") {
		l.To = append(l.To, a.Address)
	}
	l.Date, _ = h.Date() // a letter without a good date is still a letter
	l.MessageID = strings.TrimSpace(h.Get("Message-ID"))
	l.Number = strings.TrimSpace(h.Get("X-Takeback-Notice"))
	parts := maxParts
	if err := l.read(e, maxDepth, &parts); err != nil {
		return Letter{}, err
	}
	l.Links = links(l.Text, l.HTML)
	return l, nil
}

// read takes the first text and the first HTML of a part and those inside it.
func (l *Letter) read(e *message.Entity, depth int, parts *int) error {
	*parts--
	if depth == 0 || *parts < 0 {
		return errTooDeep
	}
	if many := e.MultipartReader(); many != nil {
		for {
			p, err := many.NextPart()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil && !message.IsUnknownCharset(err) && !message.IsUnknownEncoding(err) {
				return nil // a letter cut short: what came is what there is
			}
			if err := l.read(p, depth-1, parts); err != nil {
				return err
			}
		}
	}
	kind, _, err := e.Header.ContentType()
	if err != nil {
		kind = "text/plain"
	}
	if how, _, _ := e.Header.ContentDisposition(); how == "attachment" {
		return nil
	}
	into := &l.Text
	if kind == "text/html" {
		into = &l.HTML
	} else if kind != "text/plain" {
		return nil
	}
	if *into == "" {
		body, _ := io.ReadAll(io.LimitReader(e.Body, maxPart)) // damaged encoding: what came is what there is
		*into = strings.ReplaceAll(strings.ToValidUTF8(string(body), "\uFFFD"), "\r\n", "\n")
	}
	return nil
}

// IsTo tells whether the letter went to an address.
func (l Letter) IsTo(address string) bool {
	for _, to := range append(slices.Clone(l.Recipients), l.To...) {
		if strings.EqualFold(to, address) {
			return true
		}
	}
	return false
}

// Link gives the first link whose text contains part; empty if there is none.
func (l Letter) Link(part string) string {
	for _, link := range l.Links {
		if strings.Contains(link, part) {
			return link
		}
	}
	return ""
}

// Header gives a header field, decoded.
func (l Letter) Header(name string) string {
	e, _ := message.Read(bytes.NewReader(l.Raw))
	if e == nil {
		return ""
	}
	return decoded(e.Header.Get(name))
}

var decoder = mime.WordDecoder{CharsetReader: charset.Reader}

func decoded(s string) string {
	if d, err := decoder.DecodeHeader(s); err == nil {
		s = d
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

func addresses(h mail.Header, field string) []*mail.Address {
	list, err := h.AddressList(field)
	if err != nil {
		return nil // a letter with a broken sender is still a letter
	}
	return list
}

var (
	inText = regexp.MustCompile(`https?://[^\s<>"'（）「」、。，]+`)
	inHTML = regexp.MustCompile(`(?i)href\s*=\s*"(https?://[^"]+)"`)
)

func links(text, html string) []string {
	var all []string
	add := func(link string) {
		if !slices.Contains(all, link) {
			all = append(all, link)
		}
	}
	for _, link := range inText.FindAllString(text, -1) {
		add(strings.TrimRight(link, ".,;:!?)"))
	}
	for _, m := range inHTML.FindAllStringSubmatch(html, -1) {
		add(strings.NewReplacer("&amp;", "&", "&#43;", "+", "&#39;", "'", "&#34;", `"`).Replace(m[1]))
	}
	return all
}
