package web

import (
	"errors"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"takeback/internal/fault"
	"takeback/internal/seal"
)

// The faults of forms. They name the field.
var (
	errMissing    = fault.New(fault.Invalid, "form.missing", "Please fill this in.")
	errLong       = fault.New(fault.Invalid, "form.long", "This is too long.")
	errCharacters = fault.New(fault.Invalid, "form.characters", "This has characters that cannot be used here.")
	errRepeated   = fault.New(fault.Invalid, "form.repeated", "This was sent more than once.")
	errNumber     = fault.New(fault.Invalid, "form.number", "Please enter a whole number in the allowed range.")
	errChoice     = fault.New(fault.Invalid, "form.choice", "Please choose one of the answers offered.")
	errEncoding   = fault.New(fault.Invalid, "form.encoding", "This form could not be read.")
	errBody       = fault.New(fault.TooLarge, "form.too-large", "This is more than can be sent here.")
	errFileLarge  = fault.New(fault.TooLarge, "form.file-large", "This file is too large.")
)

const (
	maxFields = 400  // of one form: more is an attack on us, not a form
	maxSecret = 2048 // bytes of a password: 128 characters, however they are put together; more is work for a flood
)

// Form reads what a person sent, field by field, and collects what is wrong
// with it. Read all fields first, then ask Err once: so a person hears of all
// mistakes together.
type Form struct {
	values url.Values
	files  map[string][]*multipart.FileHeader
	typed  map[string]string // what may be shown again: fields read as text, never secrets
	faults []error
}

// File is an uploaded file.
type File struct {
	Name string // as the client calls it: show it, never open it
	Type string // as the client calls it
	Data []byte
}

// FormOf gives the form of a POST, or the query of a GET.
func FormOf(r *http.Request) *Form {
	if st := stateOf(r); st.form != nil && st.trouble == nil {
		return st.form
	}
	return &Form{values: r.URL.Query(), typed: map[string]string{}}
}

// readForm parses a body that is already limited.
func readForm(r *http.Request, limit int64) (*Form, error) {
	f := &Form{values: url.Values{}, typed: map[string]string{}}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil && r.Header.Get("Content-Type") != "" {
		return nil, errEncoding.Because(err)
	}
	switch kind {
	case "":
		if n, err := io.Copy(io.Discard, r.Body); err != nil || n > 0 {
			return nil, bodyFault(err)
		}
		return f, nil
	case "application/x-www-form-urlencoded":
		err = r.ParseForm()
	case "multipart/form-data":
		err = r.ParseMultipartForm(limit + 1) // held in memory: a route that takes files sets its own limit
	default:
		return nil, errEncoding
	}
	if err != nil {
		return nil, bodyFault(err)
	}
	f.values = r.PostForm
	if r.MultipartForm != nil {
		f.files = r.MultipartForm.File
	}
	return f, f.check()
}

func bodyFault(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) || errors.Is(err, multipart.ErrMessageTooLarge) {
		return errBody.Because(err)
	}
	return errEncoding.Because(err)
}

// check refuses what no browser sends from a form of ours, also in fields that nobody reads.
func (f *Form) check() error {
	if len(f.values)+len(f.files) > maxFields {
		return errEncoding
	}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(f.values)) {
		if !clean(name) {
			return errEncoding
		}
		for _, v := range f.values[name] {
			if !utf8.ValidString(v) || strings.ContainsFunc(v, func(c rune) bool { return forbidden(c) && c != '\n' && c != '\r' && c != '\t' }) {
				errs = append(errs, errCharacters.On(name))
				f.values.Del(name) // not even shown again
				break
			}
		}
	}
	return errors.Join(errs...)
}

// forbidden tells characters that only serve to deceive a reader or a program:
// controls, and those that turn the direction of writing.
func forbidden(c rune) bool {
	return unicode.IsControl(c) || c == '\u2028' || c == '\u2029' || c == '\ufeff' ||
		c == '\u061c' || c == '\u200e' || c == '\u200f' || c >= '\u202a' && c <= '\u202e' || c >= '\u2066' && c <= '\u2069'
}

// clean tells whether s is valid text of one line.
func clean(s string) bool { return utf8.ValidString(s) && !strings.ContainsFunc(s, forbidden) }

// Fail says what is wrong with a field.
func (f *Form) Fail(field string, why *fault.Error) { f.faults = append(f.faults, why.On(field)) }

// Err gives all that was wrong, or nil.
func (f *Form) Err() error { return errors.Join(f.faults...) }

// one gives the value of a field that may be there once.
func (f *Form) one(name string) (string, bool) {
	v := f.values[name]
	if len(v) > 1 {
		f.Fail(name, errRepeated)
		return "", false
	}
	if len(v) == 0 {
		return "", true
	}
	return v[0], true
}

// Text reads a line that must be there, of at most max characters, without the spaces around it.
func (f *Form) Text(name string, max int) string {
	v, ok := f.line(name, max)
	if ok && v == "" {
		f.Fail(name, errMissing)
	}
	return v
}

// Optional reads a line that may be absent.
func (f *Form) Optional(name string, max int) string {
	v, _ := f.line(name, max)
	return v
}

func (f *Form) line(name string, max int) (string, bool) {
	v, ok := f.one(name)
	if !ok {
		return "", false
	}
	v = strings.TrimSpace(v)
	if !clean(v) {
		f.Fail(name, errCharacters)
		return "", false
	}
	return f.fit(name, v, max)
}

// Lines reads text of several lines that must be there.
func (f *Form) Lines(name string, max int) string {
	v, ok := f.lines(name, max)
	if ok && v == "" {
		f.Fail(name, errMissing)
	}
	return v
}

// OptionalLines reads text of several lines that may be absent.
func (f *Form) OptionalLines(name string, max int) string {
	v, _ := f.lines(name, max)
	return v
}

func (f *Form) lines(name string, max int) (string, bool) {
	v, ok := f.one(name)
	if !ok {
		return "", false
	}
	return f.fit(name, strings.TrimSpace(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(v)), max)
}

// fit refuses what is too long, and keeps what was typed for the form's page.
func (f *Form) fit(name, v string, max int) (string, bool) {
	f.typed[name] = v
	if utf8.RuneCountInString(v) > max {
		f.Fail(name, errLong)
		return "", false
	}
	return v, true
}

// Secret reads a password: as it was typed, spaces and all, and never shown again.
func (f *Form) Secret(name string) seal.Secret {
	if v, ok := f.one(name); ok && v == "" {
		f.Fail(name, errMissing)
		return seal.Secret{}
	}
	return f.OptionalSecret(name)
}

// OptionalSecret is Secret for a field that may be empty.
func (f *Form) OptionalSecret(name string) seal.Secret {
	v, ok := f.one(name)
	switch {
	case !ok:
		return seal.Secret{}
	case len(v) > maxSecret:
		f.Fail(name, errLong)
		v = ""
	case !clean(v):
		f.Fail(name, errCharacters)
		v = ""
	}
	return seal.NewSecret(v)
}

// Int reads a whole number from least to most.
func (f *Form) Int(name string, least, most int64) int64 {
	v := f.Text(name, 20)
	if v == "" {
		return 0
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || n < least || n > most {
		f.Fail(name, errNumber)
		return 0
	}
	return n
}

// Choice reads one of the values offered.
func (f *Form) Choice(name string, offered ...string) string {
	v := f.Text(name, 100)
	if v != "" && !slices.Contains(offered, v) {
		f.Fail(name, errChoice)
		return ""
	}
	return v
}

// Check reads a checkbox.
func (f *Form) Check(name string) bool {
	v := f.Optional(name, 20)
	return v != "" && v != "off" && v != "false" && v != "0"
}

// All reads a field that may be there several times, such as a list of checkboxes.
func (f *Form) All(name string, max, most int) []string {
	values := f.values[name]
	if len(values) > most {
		f.Fail(name, errLong)
		return nil
	}
	for _, v := range values {
		if !clean(v) || utf8.RuneCountInString(v) > max {
			f.Fail(name, errCharacters)
			return nil
		}
	}
	return slices.Clone(values)
}

// File reads an uploaded file of at most max bytes; nil if none was chosen.
func (f *Form) File(name string, max int64) *File {
	h := f.files[name]
	if len(h) > 1 {
		f.Fail(name, errRepeated)
	}
	if len(h) != 1 || h[0].Filename == "" && h[0].Size == 0 {
		return nil
	}
	if h[0].Size > max {
		f.Fail(name, errFileLarge)
		return nil
	}
	if !clean(h[0].Filename) {
		f.Fail(name, errCharacters)
		return nil
	}
	part, err := h[0].Open()
	if err != nil {
		f.faults = append(f.faults, err)
		return nil
	}
	defer part.Close()
	data, err := io.ReadAll(part)
	if err != nil {
		f.faults = append(f.faults, err)
	}
	return &File{Name: shorten(h[0].Filename, 200), Type: shorten(h[0].Header.Get("Content-Type"), 100), Data: data}
}
