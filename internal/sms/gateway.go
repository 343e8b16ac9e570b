package sms

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"takeback/internal/seal"
)

// patience is how long a gateway may take to answer.
const patience = 10 * time.Second

// Settings are a gateway as the configuration file describes it. In the texts of
// Headers, JSON and Form these stand for what is sent: {number}, {text},
// {sender}, {key} (the idempotency key) and, in Headers alone, {secret}.
type Settings struct {
	URL       string            `yaml:"url"`
	Method    string            `yaml:"method"`          // POST (if absent) or PUT
	Headers   map[string]string `yaml:"headers"`         //
	Secret    string            `yaml:"secret_file"`     // a file; Authorization: Bearer, unless a header says {secret}
	Key       string            `yaml:"idempotency_key"` // name of its header; Idempotency-Key if absent
	JSON      any               `yaml:"json"`            // what the gateway takes, as a tree; or
	Form      map[string]string `yaml:"form"`            // as a form
	Sender    string            `yaml:"sender"`
	Country   string            `yaml:"country"`   // of numbers that begin with 0; 81 if absent
	Countries []string          `yaml:"countries"` // that texts may go to; the own one if absent
}

// Gateway is a provider of text messages that is asked over HTTP.
type Gateway struct {
	s      Settings
	secret seal.Secret
	client *http.Client
}

// NewGateway checks settings and gives the gateway they describe. secret is what stands in the secret file.
func NewGateway(s Settings, secret seal.Secret) (*Gateway, error) {
	at, err := url.Parse(s.URL)
	switch {
	case err != nil || at.Host == "" || at.Scheme != "https" && !(at.Scheme == "http" && loopback(at.Hostname())):
		return nil, errors.New("url: give https://…; plain http:// goes to this machine only")
	case s.Method != "" && s.Method != http.MethodPost && s.Method != http.MethodPut:
		return nil, fmt.Errorf("method: %q is neither POST nor PUT: a number has no place in an address", s.Method)
	case (s.JSON == nil) == (len(s.Form) == 0):
		return nil, errors.New("json, form: give one of the two")
	}
	body, _ := json.Marshal(s.JSON) // what YAML read has a JSON form
	all := string(body) + strings.Join(slices.Collect(maps.Values(s.Form)), " ")
	for _, needed := range []string{"{number}", "{text}"} {
		if !strings.Contains(all, needed) {
			return nil, fmt.Errorf("json, form: %s stands nowhere in it", needed)
		}
	}
	if s.Method == "" {
		s.Method = http.MethodPost
	}
	if s.Key == "" {
		s.Key = "Idempotency-Key"
	}
	return &Gateway{s, secret, &http.Client{Timeout: patience, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse // a number and a code are not carried to another house
	}}}, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Send implements Texter.
func (g *Gateway) Send(ctx context.Context, t Text) error {
	fill := strings.NewReplacer("{number}", t.Number, "{text}", t.Words, "{sender}", g.s.Sender, "{key}", t.Key)
	kind, body := "application/x-www-form-urlencoded", []byte(nil)
	if g.s.JSON != nil {
		kind = "application/json"
		tree, err := json.Marshal(filled(g.s.JSON, fill))
		if err != nil {
			return refusal("the tree under json has no JSON form")
		}
		body = tree
	} else {
		form := url.Values{}
		for name, v := range g.s.Form {
			form.Set(name, fill.Replace(v))
		}
		body = []byte(form.Encode())
	}
	r, err := http.NewRequestWithContext(ctx, g.s.Method, g.s.URL, bytes.NewReader(body))
	if err != nil {
		return bare(err)
	}
	r.Header.Set("Content-Type", kind)
	g.headers(r, t.Key)
	answer, err := g.client.Do(r)
	if err != nil {
		return bare(err)
	}
	defer func() { _ = answer.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 64<<10)) // so that the connection is used again; never read: it may repeat the number
	said := fmt.Sprintf("the gateway answered %d", answer.StatusCode)
	switch verdictOf(answer.StatusCode) {
	case taken:
		return nil
	case refused:
		return refusal(said)
	}
	return errors.New(said)
}

func (g *Gateway) headers(r *http.Request, key string) {
	r.Header.Set(g.s.Key, key)
	if !g.secret.Empty() {
		r.Header.Set("Authorization", "Bearer "+g.secret.Reveal())
	}
	for name, v := range g.s.Headers {
		if strings.Contains(v, "{secret}") {
			r.Header.Del("Authorization") // the secret goes where the file says, and nowhere else
		}
		r.Header.Set(name, strings.NewReplacer("{secret}", g.secret.Reveal(), "{key}", key).Replace(v))
	}
}

// filled gives a tree with its texts filled in.
func filled(tree any, fill *strings.Replacer) any {
	switch v := tree.(type) {
	case string:
		return fill.Replace(v)
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, x := range v {
			out[name] = filled(x, fill)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, x := range v {
			out[i] = filled(x, fill)
		}
		return out
	}
	return tree
}

// bare takes the address out of an error: it may hold a secret of the operator's.
func bare(err error) error {
	var in *url.Error
	if errors.As(err, &in) {
		err = in.Err
	}
	return fmt.Errorf("the gateway could not be asked: %w", err)
}

// refusal is an answer that trying again cannot mend.
type refusal string

// Error implements error.
func (r refusal) Error() string { return string(r) }
