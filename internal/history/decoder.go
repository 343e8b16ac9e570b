package history

import (
	"encoding/json"
	"slices"
	"strings"

	"takeback/internal/access"
	"takeback/internal/db"
)

// decoder reads changes, one after another. A history says the same few words
// again and again: a decoder keeps each once, so that a long one takes less memory
// and whoever compares its words finds them close by. The zero decoder is ready.
//
// What it gives is shared among the changes that it read, and may not be changed.
type decoder struct {
	words   map[string]string
	factors map[string][]Factor // by their JSON: somebody signs in with the same password for years
	reads   map[string][]Read
	clients
}

func (d *decoder) scan(s db.Scanner) (c Change, err error) {
	var client, factors, reads string
	err = s.Scan(&c.Account, &c.Seq, &c.Epoch, db.At(&c.At), &c.Verb, &c.Path, &c.Part, &c.Session, &c.Segment, &c.Role, &c.Actor,
		&client, &factors, db.JSON(&c.Before), db.JSON(&c.After), &c.Total, &c.Base, &reads, &c.Version,
		&c.SecretID, &c.Amount, &c.Parent, &c.Device, &c.Case, &c.Request, &c.Hash, &c.Commit, &c.Nonce, &c.Grant.Path, &c.Grant.Seq, &c.Erased)
	if err == nil {
		err = d.decode(&c, client, factors, reads)
	}
	return c, err
}

// scanRuled reads the columns that rules go by.
func (d *decoder) scanRuled(s db.Scanner) (c Change, err error) {
	var client, factors, reads string
	err = s.Scan(&c.Account, &c.Seq, db.At(&c.At), &c.Verb, &c.Path, &c.Part, &c.Session, &c.Segment, &c.Role, &c.Actor,
		&client, &factors, db.JSON(&c.After), &reads, &c.Version, &c.SecretID, &c.Amount, &c.Parent, &c.Device,
		&c.Grant.Path, &c.Grant.Seq, &c.Erased)
	if err == nil {
		err = d.decode(&c, client, factors, reads)
	}
	return c, err
}

// decode puts into a change what is kept as JSON, and shares its words with the changes before.
func (d *decoder) decode(c *Change, client, factors, reads string) (err error) {
	if d.words == nil {
		d.words, d.factors, d.reads = map[string]string{}, map[string][]Factor{}, map[string][]Read{}
	}
	for _, word := range []*string{&c.Account, (*string)(&c.Verb), &c.Path, &c.Part, &c.Session, (*string)(&c.Role), &c.Actor, &c.Parent, &c.Device, &c.Case} {
		*word = d.once(*word)
	}
	if c.Factors, err = shared(d.factors, factors); err != nil {
		return err
	}
	if c.Reads, err = shared(d.reads, reads); err != nil {
		return err
	}
	return d.read(client, &c.Client)
}

// once gives the word that equals this one and was read first.
func (d *decoder) once(word string) string {
	if word == "" {
		return ""
	}
	first, known := d.words[word]
	if !known {
		d.words[word] = word
		return word
	}
	return first
}

// shared gives the list of a JSON text; equal texts have one list.
func shared[T any](known map[string][]T, text string) (list []T, err error) {
	if text == "" || text == "null" {
		return nil, nil
	}
	list, there := known[text]
	if !there {
		if err := json.Unmarshal([]byte(text), &list); err != nil {
			return nil, err
		}
		list = slices.Clip(list) // who appends gets a list of his own
		known[text] = list
	}
	return list, nil
}

// clients decodes the clients of one change after another. But for its request
// a client is nearly always that of the change before, whose JSON ends alike.
type clients struct {
	rest string // of the text, after the request
	last access.Client
}

const requestFirst, requestEnd = `{"Request":"`, `","IP":`

func (d *clients) read(text string, into *access.Client) error {
	request, rest, cut := strings.Cut(strings.TrimPrefix(text, requestFirst), requestEnd)
	if plain := cut && len(text) == len(requestFirst)+len(request)+len(requestEnd)+len(rest) && !strings.ContainsAny(request, `"\`); !plain {
		return json.Unmarshal([]byte(text), into)
	}
	if rest != d.rest {
		if err := json.Unmarshal([]byte(text), &d.last); err != nil {
			return err
		}
		d.rest = strings.Clone(rest)
	}
	*into = d.last
	into.Request = request
	return nil
}
