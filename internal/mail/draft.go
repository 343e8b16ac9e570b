package mail

import (
	"encoding/json"
	"fmt"
	"reflect"

	"takeback/internal/jobs"
)

// draft is what is kept of a letter until it is rendered, besides what its row
// says in the clear. It is sealed: there are links in it.
type draft struct {
	Name string
	Zone string
	Body any
}

func draftOf(l Letter) draft { return draft{l.Name, l.Zone, l.Body} }

func (d draft) text() (string, error) {
	text, err := json.Marshal(d)
	return string(text), err
}

// bodies tells the type of a kind's body.
var bodies = func() map[Kind]reflect.Type {
	all := map[Kind]reflect.Type{}
	for _, b := range kinds {
		all[b.Kind()] = reflect.TypeOf(b)
	}
	return all
}()

// rendered gives the letter of a draft as it travels, and what is kept of it.
func (p *Post) rendered(s *stored, text string) (raw []byte, copied string, err error) {
	kind, known := bodies[s.kind]
	if !known {
		return nil, "", jobs.Permanent(fmt.Errorf("there is no letter of kind %q", s.kind))
	}
	body := reflect.New(kind)
	d := draft{Body: body.Interface()}
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		return nil, "", jobs.Permanent(err)
	}
	to, err := ParseAddress(s.address)
	if err != nil {
		return nil, "", jobs.Permanent(err)
	}
	e, v, err := p.address(s.id, s.at, Letter{To: to, Name: d.Name, Language: s.language, Zone: d.Zone, Number: s.number,
		Body: body.Elem().Interface().(Body)}) // unreachable to fail: bodies holds nothing else
	if err != nil {
		return nil, "", jobs.Permanent(err)
	}
	r, err := v.render(e.language)
	if err != nil {
		return nil, "", jobs.Permanent(err)
	}
	copied, err = v.copied(e.language)
	if err != nil {
		return nil, "", jobs.Permanent(err)
	}
	return compose(e, r), copied, nil
}
