package holder

import (
	"archive/zip"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/history"
	"takeback/internal/mail"
	"takeback/internal/seal"
	"takeback/internal/session"
	"takeback/internal/signin"
	"takeback/internal/web"
)

func (p *Pages) dataRoutes() []web.Route {
	return slices.Concat(p.careful("/security/data", signin.ActExport, p.showData, p.askData),
		[]web.Route{{Method: "POST", Path: "/security/data/copy", Permission: access.OwnAccount, Handler: p.first(p.copyData), Back: "/security/data"}})
}

var dataPage = web.NewView[dataView](pages, "data")

type dataView struct {
	web.Page
	Pending []waitView
	Until   time.Time // a copy may be fetched until then; zero: none may
	Guarded time.Time
	Ask     bool // for the password
}

func (p *Pages) showData(w http.ResponseWriter, r *http.Request) error {
	who, ctx := web.ActorOf(r), r.Context()
	v := dataView{Page: web.NewPage(r, "data.title")}
	a, _, err := p.Life.Facts(ctx, who)
	if err != nil {
		return err
	}
	if a.State == account.Guarded {
		v.Guarded = a.GuardedUntil
	}
	if v.Pending, err = p.waiting(r, v.Page, "export"); err != nil {
		return err
	}
	if v.Until, err = p.Life.ExportUntil(ctx, who); err != nil {
		return err
	}
	if v.Until.IsZero() {
		v.Ask, err = p.asks(r, signin.ActExport)
	} else {
		v.Ask, err = p.Life.Proved(ctx, who)
		v.Ask = !v.Ask
	}
	if err != nil {
		return err
	}
	return dataPage.Render(w, r, v)
}

func (p *Pages) askData(w http.ResponseWriter, r *http.Request) error {
	f := web.FormOf(r)
	password, err := p.password(r, f, signin.ActExport, "password")
	if err != nil {
		return err
	}
	if err := f.Err(); err != nil {
		return err
	}
	waits, err := p.Life.AskExport(r.Context(), web.ActorOf(r), password)
	if err != nil {
		return err
	}
	return web.Done(w, r, "/security/data", map[bool]string{true: "data.waits", false: "data.allowed"}[waits])
}

// copyData sends the copy while it is read: however long the history is, little
// of it lies in memory. What fails after the first byte ends the connection, so
// that nobody takes half a copy for a whole one.
func (p *Pages) copyData(w http.ResponseWriter, r *http.Request) error {
	f, who := web.FormOf(r), web.ActorOf(r)
	proved, err := p.Life.Proved(r.Context(), who)
	if err != nil {
		return err
	}
	var password seal.Secret
	if !proved {
		password = f.Secret("password")
	}
	if err := f.Err(); err != nil {
		return err
	}
	all, err := p.Life.Export(r.Context(), who, password)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/zip")
	w.Header().Set("Content-Disposition", `attachment; filename="account.zip"`)
	z := zip.NewWriter(w)
	c := copying{p, web.NewPage(r, "data.title"), r, all}
	for _, part := range []struct {
		name  string
		write func(io.Writer) error
	}{{"account.json", c.json}, {"history.csv", c.csv}} {
		to, err := z.Create(part.name)
		if err == nil {
			err = part.write(to)
		}
		if err != nil {
			panic(http.ErrAbortHandler)
		}
	}
	if z.Close() != nil {
		panic(http.ErrAbortHandler)
	}
	return nil
}

// copying writes a copy of what an account holds. What is written is named here,
// thing by thing: no secret, no token of a card, no cookie of a device.
type copying struct {
	p    *Pages
	page web.Page
	r    *http.Request
	all  signin.Copied
}

type copiedFact struct {
	Path  string          `json:"path"`
	Value json.RawMessage `json:"value,omitempty"`
	Since time.Time       `json:"since"`
}

type copiedSession struct {
	Opened time.Time  `json:"opened"`
	Seen   time.Time  `json:"last_used"`
	Ended  *time.Time `json:"ended,omitempty"`
	IP     string     `json:"ip"`
	Client string     `json:"client"`
}

type copiedDevice struct {
	First  time.Time `json:"first_used"`
	Last   time.Time `json:"last_used"`
	Client string    `json:"client"`
	Keyed  bool      `json:"held_by_a_key"`
}

type copiedLetter struct {
	At      time.Time  `json:"at"`
	To      string     `json:"to"`
	Subject string     `json:"subject"`
	Number  string     `json:"number"`
	State   mail.State `json:"state"`
	Text    string     `json:"text,omitempty"`
	NoText  string     `json:"no_text_because,omitempty"`
}

type copiedChange struct {
	Seq    int64           `json:"seq"`
	At     time.Time       `json:"at"`
	What   history.Verb    `json:"what"`
	Path   string          `json:"path,omitempty"`
	Before json.RawMessage `json:"before,omitempty"`
	After  json.RawMessage `json:"after,omitempty"`
	Amount int64           `json:"amount,omitempty"`
	By     access.Role     `json:"by"`
	IP     string          `json:"ip,omitempty"`
	Client string          `json:"client,omitempty"`
}

// json writes everything, the long lists one by one.
func (c copying) json(w io.Writer) error {
	head := struct {
		Account  string          `json:"account"`
		State    account.State   `json:"state"`
		Since    time.Time       `json:"since"`
		Facts    []copiedFact    `json:"facts"`
		Sessions []copiedSession `json:"sessions"`
		Devices  []copiedDevice  `json:"devices"`
	}{Account: c.all.Account.ID, State: c.all.Account.State, Since: c.all.Account.CreatedAt}
	for _, f := range c.all.Facts {
		head.Facts = append(head.Facts, copiedFact{f.Path, c.value(f.Path, f.Value), f.Since})
	}
	for _, s := range c.all.Sessions {
		one := copiedSession{Opened: s.OpenedAt, Seen: s.SeenAt, IP: s.IP, Client: session.Describe(s.UserAgent)}
		if !s.EndedAt.IsZero() {
			one.Ended = &s.EndedAt
		}
		head.Sessions = append(head.Sessions, one)
	}
	for _, d := range c.all.Devices {
		head.Devices = append(head.Devices, copiedDevice{d.FirstAt, d.LastAt, session.Describe(d.UserAgent), d.Key != ""})
	}
	text, err := json.Marshal(head)
	if err != nil {
		return err
	}
	if _, err := w.Write(text[:len(text)-1]); err != nil {
		return err
	}
	who := web.ActorOf(c.r)
	err = list(w, "letters", func(give func(any) error) error {
		return c.p.Life.EachLetter(c.r.Context(), who, func(l signin.Letter) error {
			return give(copiedLetter{l.At, l.To, l.Subject, l.Number, l.State, l.Text, string(l.Reading)})
		})
	})
	if err != nil {
		return err
	}
	err = list(w, "history", func(give func(any) error) error {
		return c.p.Life.EachChange(c.r.Context(), who, func(h history.Change) error { return give(c.change(h)) })
	})
	if err == nil {
		_, err = io.WriteString(w, "}\n")
	}
	return err
}

// list writes a list of an object under way.
func list(w io.Writer, name string, each func(give func(any) error) error) error {
	if _, err := fmt.Fprintf(w, ",\n%q:[", name); err != nil {
		return err
	}
	between := "\n"
	err := each(func(v any) error {
		text, err := json.Marshal(v)
		if err == nil {
			_, err = io.WriteString(w, between+string(text))
		}
		between = ",\n"
		return err
	})
	if err == nil {
		_, err = io.WriteString(w, "]")
	}
	return err
}

func (c copying) change(h history.Change) copiedChange {
	one := copiedChange{Seq: h.Seq, At: h.At, What: h.Verb, Path: h.Path, Before: c.value(h.Path, h.Before), After: c.value(h.Path, h.After), Amount: h.Amount, By: h.Role}
	if !h.Role.Staff() { // where our own people sit is nobody's business
		one.IP, one.Client = h.Client.IP, session.Describe(h.Client.UserAgent)
	}
	return one
}

// value is a value as it may leave the house: a secret has none, a card no
// token, and what stands at no path (which device was forgotten) is for us alone.
func (c copying) value(path string, value json.RawMessage) json.RawMessage {
	kind, known := c.p.Life.Book.Kinds.Of(path)
	if value == nil || !known || kind.Algebra == account.SecretOf || path == "export" {
		return nil
	}
	var parts map[string]json.RawMessage
	if strings.HasPrefix(path, "card/") && json.Unmarshal(value, &parts) == nil {
		delete(parts, "token")
		value, _ = json.Marshal(parts) // what was read from JSON has a form in JSON
	}
	return value
}

// csv writes the history in the reader's words, as the page says it.
func (c copying) csv(w io.Writer) error {
	if _, err := io.WriteString(w, "\ufeff"); err != nil { // else spreadsheets take Japanese for something else
		return err
	}
	out := csv.NewWriter(w)
	if err := out.Write([]string{c.page.T("data.when"), c.page.T("data.what"), c.page.T("data.before"), c.page.T("data.after"), c.page.T("data.who")}); err != nil {
		return err
	}
	err := c.p.Life.EachChange(c.r.Context(), web.ActorOf(c.r), func(h history.Change) error {
		l := c.p.line(c.page, h, nil)
		return out.Write([]string{h.At.In(c.page.Zone).Format("2006-01-02 15:04:05 MST"), cell(l.Words), cell(l.From), cell(l.To), cell(l.Where)})
	})
	out.Flush()
	if err == nil {
		err = out.Error()
	}
	return err
}

// cell keeps a spreadsheet from taking text that an intruder wrote for a formula.
func cell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}
