package scenario

import (
	"takeback/internal/account"
)

// refer reads a list of names of which each must be known.
func refer[T any](n node, known map[string]T, what string) ([]string, error) {
	names, err := n.names()
	if err != nil {
		return nil, err
	}
	for i, name := range names {
		if _, ok := known[name]; !ok {
			items, _ := n.items() // names has read them
			return nil, items[i].wrong("there is no %s %s", what, name)
		}
	}
	return names, nil
}

func (p *parser) seeds(n node) (s Seeds, err error) {
	f, err := n.fields([]string{"sessions", "from", "steps", "credentials", "agents"})
	if err != nil {
		return s, err
	}
	if v, ok := f["sessions"]; ok && err == nil {
		s.Sessions, err = refer(v, p.sessions, "session")
	}
	if v, ok := f["steps"]; ok && err == nil {
		s.Steps, err = refer(v, p.ids, "step")
	}
	if v, ok := f["credentials"]; ok && err == nil {
		s.Credentials, err = refer(v, p.versions, "version")
	}
	if v, ok := f["agents"]; ok && err == nil {
		s.Agents, err = refer(v, p.agents, "agent")
	}
	if v, ok := f["from"]; ok && err == nil {
		s.From, err = p.known(v, p.sessions, "session", func(word string) bool { return p.ids[word] }, "must be the id of a step")
	}
	return s, err
}

func (p *parser) clears(n node) (c Clears, err error) {
	f, err := n.fields([]string{"sessions", "steps"})
	if err != nil {
		return c, err
	}
	if v, ok := f["sessions"]; ok && err == nil {
		c.Sessions, err = refer(v, p.sessions, "session")
	}
	if v, ok := f["steps"]; ok && err == nil {
		c.Steps, err = refer(v, p.ids, "step")
	}
	return c, err
}

// known reads a map from known names to words that pass.
func (p *parser) known(n node, names map[string]bool, what string, pass func(string) bool, must string) (map[string]string, error) {
	fields, err := n.fields(nil)
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	for name, v := range fields {
		word, err := v.text()
		if err != nil {
			return nil, err
		}
		if names != nil && !names[name] {
			return nil, v.wrong("there is no %s %s", what, name)
		}
		if !pass(word) {
			return nil, v.wrong("%s, not %q", must, word)
		}
		all[name] = word
	}
	return all, nil
}

func oneOf(words ...string) func(string) bool {
	return func(word string) bool { return contains(words, word) }
}

var whys = []string{"suspect-change", "partial-on-tainted-base", "added-then-edited", "uniqueness", "invalid-old-value", "drift",
	"deadline-passed", "affected-effect", "contact-exposed", "contradiction", "mixed-session", "erased-by-other"}

func (p *parser) expect(n node) (e *Expect, err error) {
	f, err := n.fields([]string{"sessions", "steps", "state", "asked", "effects", "untouched", "refused", "alive"})
	if err != nil {
		return nil, err
	}
	e = &Expect{}
	if v, ok := f["sessions"]; ok && err == nil {
		e.Sessions, err = p.known(v, p.sessions, "session", oneOf("tainted", "suspect", "clean"), "must be tainted, suspect or clean")
	}
	if v, ok := f["steps"]; ok && err == nil {
		e.Steps, err = p.known(v, p.ids, "step", oneOf("tainted", "suspect", "clean", "affected"), "must be tainted, suspect, clean or affected")
	}
	if v, ok := f["effects"]; ok && err == nil {
		e.Effects, err = p.known(v, nil, "", oneOf("kept", "cancelled", "refund", "claim", "correct-ship-to", "booked-loss"),
			"must be kept, cancelled, refund, claim, correct-ship-to or booked-loss")
		for path := range e.Effects {
			if kind, ok := p.kinds.Of(path); err == nil && (!ok || kind.Algebra != account.Effect) {
				err = v.child(v.Node, path).wrong("is no order")
			}
		}
	}
	if v, ok := f["untouched"]; ok && err == nil {
		e.Untouched, err = p.paths(v)
	}
	if v, ok := f["alive"]; ok && err == nil {
		e.Alive, err = refer(v, p.sessions, "session")
	}
	if v, ok := f["refused"]; ok && err == nil {
		e.Refused = new([]string)
		*e.Refused, err = refer(v, p.ids, "step")
	}
	if v, ok := f["asked"]; ok && err == nil {
		e.Asked = new([]Asked)
		*e.Asked, err = asked(v)
	}
	if v, ok := f["state"]; ok && err == nil {
		e.State, err = p.state(v)
	}
	return e, err
}

func (p *parser) paths(n node) ([]string, error) {
	paths, err := n.names()
	if err != nil {
		return nil, err
	}
	for i, path := range paths {
		if _, known := p.kinds.Of(path); !known {
			items, _ := n.items() // names has read them
			return nil, items[i].wrong("nobody knows what %s is", path)
		}
	}
	return paths, nil
}

func asked(n node) ([]Asked, error) {
	items, err := n.items()
	if err != nil {
		return nil, err
	}
	all := make([]Asked, 0, len(items))
	for _, item := range items {
		f, err := item.fields([]string{"why", "path"})
		if err != nil {
			return nil, err
		}
		var a Asked
		for key, into := range map[string]*string{"why": &a.Why, "path": &a.Path} {
			v, ok := f[key]
			if !ok {
				return nil, item.child(item.Node, key).wrong("is missing")
			}
			if *into, err = v.name(); err != nil {
				return nil, err
			}
		}
		if !contains(whys, a.Why) {
			return nil, f["why"].wrong("nobody is asked %q", a.Why)
		}
		all = append(all, a)
	}
	return all, nil
}

// state reads the values that must be there, each in the form of its kind.
func (p *parser) state(n node) (map[string]any, error) {
	fields, err := n.fields(nil)
	if err != nil {
		return nil, err
	}
	all := map[string]any{}
	for path, v := range fields {
		kind, known := p.kinds.Of(path)
		if !known {
			return nil, v.wrong("nobody knows what %s is", path)
		}
		word, textErr := v.text()
		switch {
		case kind.Algebra == account.Ledger:
			all[path], err = v.integer()
		case (kind.Algebra == account.Group || kind.Algebra == account.Element) && !(textErr == nil && word == absent):
			all[path], err = v.texts()
		default:
			all[path], err = word, textErr
		}
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}
