package api

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"mime"
	"net/http"
	"net/url"
	"runtime/debug"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"takeback/internal/access"
	"takeback/internal/fault"
	"takeback/internal/seal"
	"takeback/internal/session"
)

// maxBody is how many bytes a request may have.
const maxBody = 64 << 10

// SessionHeader names the holder's session on whose behalf a service acts.
const SessionHeader = "Takeback-Session"

// GrantHeader names the grant by which somebody else acts for the holder.
const GrantHeader = "Takeback-Grant"

// The faults of requests that no room ever sees.
var (
	errForbidden = fault.New(fault.Forbidden, "key.forbidden", "This key may not do this.")
	errTooLarge  = fault.New(fault.TooLarge, "body.too-large", "The request has more than 64 KiB.").On("body")
	errCut       = fault.New(fault.Invalid, "body.cut", "The request ended before its body did.").On("body")
	errNoText    = fault.New(fault.Invalid, "body.not-utf8", "The request is not valid UTF-8.").On("body")
	errPath      = fault.New(fault.Invalid, "path.characters", "The address has characters that no address of ours has.").On("path")
	errQuery     = fault.New(fault.Invalid, "query.malformed", "What stands behind the question mark is malformed.").On("query")
	errTwoActors = fault.New(fault.Invalid, "grant.session", "Either the holder acts in a session, or somebody else by a grant: send one of the two.").On("header." + GrantHeader)
	errSessionID = fault.New(fault.Unauthenticated, "session.id", "This is the id of a session. Its token is needed: an id can be read in a history and proves nothing.")
)

// rescue answers for a broken program: one call fails, with a problem like any other.
func (a *API) rescue(ctx huma.Context, next func(huma.Context)) {
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		if r == http.ErrAbortHandler {
			panic(r) // the server knows what it means
		}
		_, w := humago.Unwrap(ctx)
		a.refuse(w, fmt.Errorf("panic: %v\n%s", r, debug.Stack()))
	}()
	next(ctx)
}

// refuse answers a request that no operation gets to see.
func (a *API) refuse(w http.ResponseWriter, err error) {
	p := problem(err, asItIs)
	if p.Status >= http.StatusInternalServerError {
		a.Log.Error("api call failed", "error", err)
	}
	write(w, p)
}

type actorKey struct{}

// authenticate lets a call through if its key may do what the operation needs.
func (a *API) authenticate(ctx huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(ctx)
	who, err := a.who(r)
	if err == nil {
		if need, named := ctx.Operation().Metadata["permission"].(access.Permission); !named || !who.May(need) {
			err = errForbidden
		}
	}
	if err != nil {
		a.refuse(w, err)
		return
	}
	next(huma.WithValue(ctx, actorKey{}, who))
}

func (a *API) who(r *http.Request) (access.Actor, error) {
	scheme, key, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return access.Actor{}, access.ErrNoKey
	}
	who, err := a.Keys.Check(r.Context(), key)
	if err != nil {
		return who, err
	}
	ip := a.Proxies.Client(r.RemoteAddr, r.Header.Values("X-Forwarded-For"))
	who.Client = access.Client{Request: seal.ID("req"), IP: ip, UserAgent: access.UserAgent(r.UserAgent()), Language: "en"}
	return who, nil
}

// sound refuses what is too large or no text before anybody reads it: a JSON
// decoder would put other characters in place of broken ones, and a database
// chokes on a NUL.
func sound(ctx huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(ctx)
	err := soundAddress(r.URL)
	if err == nil && r.Method != http.MethodGet && r.Method != http.MethodHead {
		err = soundBody(w, r)
	}
	if err != nil {
		write(w, problem(err, asItIs))
		return
	}
	if r.ContentLength != 0 && !isJSON(r.Header.Get("Content-Type")) {
		write(w, &Problem{Type: blank, Title: http.StatusText(http.StatusUnsupportedMediaType), Status: http.StatusUnsupportedMediaType,
			Detail: "The body must be JSON: Content-Type: application/json.", Code: "body.not-json", Errors: []ProblemField{{Location: "header.Content-Type", Message: "This is not application/json.", Code: "body.not-json"}}})
		return
	}
	next(ctx)
}

func soundAddress(u *url.URL) error {
	if !plain(u.Path) {
		return errPath
	}
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return errQuery
	}
	for name, values := range q {
		for _, v := range append(values, name) {
			if !plain(v) {
				return errQuery
			}
		}
	}
	return nil
}

func soundBody(w http.ResponseWriter, r *http.Request) error {
	var b bytes.Buffer
	b.Grow(int(min(max(r.ContentLength, 0), maxBody)) + bytes.MinRead) // whoever announces much and sends nothing costs 64 KiB
	_, err := b.ReadFrom(http.MaxBytesReader(w, r.Body, maxBody))
	body := b.Bytes()
	switch err.(type) {
	case nil:
	case *http.MaxBytesError:
		return errTooLarge
	default:
		return errCut
	}
	if !utf8.Valid(body) {
		return errNoText
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return nil
}

func isJSON(contentType string) bool {
	if contentType == "" {
		return true
	}
	kind, of, err := mime.ParseMediaType(contentType)
	return err == nil && kind == "application/json" && (of["charset"] == "" || strings.EqualFold(of["charset"], "utf-8"))
}

// behalf is the actor of a call: the holder whose session is named, or the
// service itself, perhaps for somebody who acts by a grant. That it stands in the
// account is checked where it is used, in the transaction of the change. A
// session of another account is as unknown as a wrong one, and an id is no
// token: whoever reads histories knows ids.
func (a *API) behalf(ctx context.Context, accountID string, of OnBehalf) (access.Actor, error) {
	service, _ := ctx.Value(actorKey{}).(access.Actor)
	if of.Session == "" {
		service.Account, service.Grant = accountID, of.Grant
		return service, nil
	}
	if of.Grant != "" {
		return access.Actor{}, errTwoActors
	}
	if strings.HasPrefix(of.Session, "ses_") {
		return access.Actor{}, errSessionID.On("header." + SessionHeader)
	}
	s, err := a.Sessions.Check(ctx, of.Session)
	if err == nil && (s.Account != accountID || s.Limited) {
		err = session.ErrOver
	}
	if fault.KindOf(err) == fault.Unauthenticated {
		err = fault.Public(err).On("header." + SessionHeader)
	}
	if err != nil {
		return access.Actor{}, err
	}
	// Where the holder is, not where the service is: this is what he is told of the change.
	return s.Actor(access.Client{Request: service.Client.Request, IP: s.IP, UserAgent: s.UserAgent, Device: s.Device, Language: service.Client.Language}), nil
}

func retryAfter(e *fault.Error) string { return strconv.Itoa(int(math.Ceil(e.RetryAfter.Seconds()))) }
