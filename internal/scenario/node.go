package scenario

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// Malformed says where a file is wrong.
type Malformed struct {
	File string
	Line int
	Key  string
	What string
}

// Error gives file, line, key and what is wrong there.
func (m Malformed) Error() string {
	if m.Key == "" {
		return fmt.Sprintf("%s:%d: %s", m.File, m.Line, m.What)
	}
	return fmt.Sprintf("%s:%d: %s: %s", m.File, m.Line, m.Key, m.What)
}

// node is a value in a file, which knows where it stands.
type node struct {
	*yaml.Node
	file string
	key  string // path of keys from the top: "history[3].path"
}

func (n node) wrong(format string, args ...any) error {
	return Malformed{n.file, n.Line, n.key, fmt.Sprintf(format, args...)}
}

func (n node) child(v *yaml.Node, key string) node {
	if v.Kind == yaml.AliasNode {
		v = v.Alias
	}
	if n.key != "" && !strings.HasPrefix(key, "[") {
		key = "." + key
	}
	return node{v, n.file, n.key + key}
}

// fields gives the values of a map by key. Keys must be unique and known;
// known is nil where any key may stand.
func (n node) fields(known []string) (map[string]node, error) {
	if n.Kind != yaml.MappingNode {
		return nil, n.wrong("must be a map")
	}
	all := make(map[string]node, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.child(n.Content[i], n.Content[i].Value)
		if k.Kind != yaml.ScalarNode {
			return nil, n.wrong("a key must be a word")
		}
		if _, twice := all[k.Value]; twice {
			return nil, k.wrong("stands there twice")
		}
		if known != nil && !contains(known, k.Value) {
			return nil, k.wrong("no such key here; there are %s", strings.Join(known, ", "))
		}
		all[k.Value] = n.child(n.Content[i+1], n.Content[i].Value)
	}
	return all, nil
}

func (n node) items() ([]node, error) {
	if n.Kind != yaml.SequenceNode {
		return nil, n.wrong("must be a list")
	}
	all := make([]node, len(n.Content))
	for i, v := range n.Content {
		all[i] = n.child(v, "["+strconv.Itoa(i)+"]")
	}
	return all, nil
}

func (n node) text() (string, error) {
	if n.Kind != yaml.ScalarNode {
		return "", n.wrong("must be text")
	}
	switch n.ShortTag() {
	case "!!str", "!!timestamp":
		return n.Value, nil
	}
	return "", n.wrong("must be text: put %s in quotes", n.Value)
}

// name is a text that is not empty.
func (n node) name() (string, error) {
	s, err := n.text()
	if err == nil && s == "" {
		err = n.wrong("must not be empty")
	}
	return s, err
}

func (n node) integer() (int64, error) {
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!int" {
		if i, err := strconv.ParseInt(n.Value, 0, 64); err == nil {
			return i, nil
		}
	}
	return 0, n.wrong("must be an integer")
}

func (n node) names() ([]string, error) {
	items, err := n.items()
	if err != nil {
		return nil, err
	}
	all := make([]string, len(items))
	for i, item := range items {
		if all[i], err = item.name(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// texts gives a map of texts.
func (n node) texts() (map[string]string, error) {
	fields, err := n.fields(nil)
	if err != nil {
		return nil, err
	}
	all := make(map[string]string, len(fields))
	for key, f := range fields {
		if all[key], err = f.text(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

var units = map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour}

// offset reads a time from the start such as 90m, 6w or 1d12h.
func (n node) offset() (time.Duration, error) {
	s, err := n.text()
	if err != nil || s == "" {
		return 0, n.wrong(`must be an offset from the start, such as "90m" or "6w"`)
	}
	var sum time.Duration
	for s != "" {
		digits := 0
		for digits < len(s) && s[digits] >= '0' && s[digits] <= '9' {
			digits++
		}
		count, err := strconv.ParseInt(s[:digits], 10, 32)
		if err != nil || digits == len(s) || units[s[digits]] == 0 {
			return 0, n.wrong(`must be an offset from the start, such as "90m" or "6w", not %q`, n.Value)
		}
		sum += time.Duration(count) * units[s[digits]]
		s = s[digits+1:]
	}
	if sum < 0 || sum > 200*365*24*time.Hour {
		return 0, n.wrong("is too far from the start")
	}
	return sum, nil
}

// readYAML reads a file that holds one document.
func readYAML(file string, text []byte) (node, error) {
	d := yaml.NewDecoder(bytes.NewReader(text))
	var doc, more yaml.Node
	if err := d.Decode(&doc); err != nil {
		return node{}, malformedYAML(file, err)
	}
	switch err := d.Decode(&more); {
	case err == nil:
		return node{}, Malformed{file, more.Line, "", "a file holds one scenario"}
	case !errors.Is(err, io.EOF):
		return node{}, malformedYAML(file, err)
	}
	return node{file: file}.child(doc.Content[0], ""), nil
}

// malformedYAML finds the line in an error of the parser, which says it only in words.
func malformedYAML(file string, err error) error {
	if errors.Is(err, io.EOF) {
		return Malformed{file, 1, "", "the file is empty"}
	}
	what, line := strings.TrimPrefix(err.Error(), "yaml: "), 1
	if n, rest, ok := strings.Cut(strings.TrimPrefix(what, "line "), ": "); ok {
		if l, err := strconv.Atoi(n); err == nil {
			line, what = l, rest
		}
	}
	return Malformed{file, line, "", what}
}

// readJSON reads one line of a file of lines.
func readJSON(file string, line int, text []byte) (node, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	v, err := jsonNode(d, line, 0)
	if err == nil {
		if _, more := d.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("a line holds one scenario")
		}
	}
	if err != nil {
		return node{}, Malformed{file, line, "", strings.TrimPrefix(err.Error(), "json: ")}
	}
	return node{file: file}.child(v, ""), nil
}

// jsonNode reads the next value as a node, keeping repeated keys so that they are refused.
func jsonNode(d *json.Decoder, line, depth int) (*yaml.Node, error) {
	t, err := token(d)
	if err != nil {
		return nil, err
	}
	if depth > 20 {
		return nil, errors.New("is nested too deeply")
	}
	n := &yaml.Node{Kind: yaml.ScalarNode, Line: line}
	switch v := t.(type) {
	case json.Delim:
		n.Kind = yaml.SequenceNode
		if v == '{' {
			n.Kind = yaml.MappingNode
		}
		for d.More() {
			child, err := jsonNode(d, line, depth+1)
			if err != nil {
				return nil, err
			}
			n.Content = append(n.Content, child)
		}
		_, err = token(d)
	case string:
		n.Tag, n.Value = "!!str", v
	case json.Number:
		n.Tag, n.Value = "!!int", v.String()
	case bool:
		n.Tag, n.Value = "!!bool", strconv.FormatBool(v)
	case nil:
		n.Tag, n.Value = "!!null", "null"
	}
	return n, err
}

func token(d *json.Decoder) (json.Token, error) {
	t, err := d.Token()
	if errors.Is(err, io.EOF) {
		err = errors.New("the line ends in the middle of a value")
	}
	return t, err
}
