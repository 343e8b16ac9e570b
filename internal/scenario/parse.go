package scenario

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"takeback/internal/account"
)

func contains(all []string, one string) bool { return slices.Contains(all, one) }

// Parse reads a file: one scenario in YAML, or one a line in JSON if the name
// ends in ".jsonl" or is "-". It returns a Malformed if it is wrong anywhere.
// Without mustExpect a scenario may leave out what must come out.
func Parse(file string, text []byte, kinds account.Kinds, mustExpect bool) ([]Scenario, error) {
	if line := badLine(text); line > 0 {
		return nil, Malformed{file, line, "", "is no UTF-8"}
	}
	if file != "-" && !strings.HasSuffix(file, ".jsonl") {
		if !strings.HasSuffix(file, ".yaml") {
			return nil, Malformed{file, 1, "", "the name of a scenario file ends in .yaml or .jsonl"}
		}
		top, err := readYAML(file, text)
		if err != nil {
			return nil, err
		}
		s, err := parseScenario(top, kinds, mustExpect)
		return []Scenario{s}, err
	}
	var all []Scenario
	for i, line := range bytes.Split(text, []byte("\n")) {
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		top, err := readJSON(file, i+1, line)
		if err != nil {
			return nil, err
		}
		s, err := parseScenario(top, kinds, mustExpect)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	if len(all) == 0 {
		return nil, Malformed{file, 1, "", "there is no scenario in it"}
	}
	return all, nil
}

// badLine gives the first line that is no UTF-8. Read on, it would become other text in silence.
func badLine(text []byte) int {
	for i, line := range bytes.Split(text, []byte("\n")) {
		if !utf8.Valid(line) {
			return i + 1
		}
	}
	return 0
}

// parser knows what the steps so far have brought into being.
type parser struct {
	kinds    account.Kinds
	sessions map[string]bool
	versions map[string]account.Algebra // of the slot each was set in
	ids      map[string]bool
	agents   map[string]bool
}

func parseScenario(top node, kinds account.Kinds, mustExpect bool) (s Scenario, err error) {
	f, err := top.fields([]string{"scenario", "story", "devices", "history", "seeds", "clears", "expect"})
	if err != nil {
		return s, err
	}
	for _, key := range []string{"scenario", "history"} {
		if _, ok := f[key]; !ok {
			return s, Malformed{top.file, top.Line, key, "is missing"}
		}
	}
	if _, ok := f["expect"]; !ok && mustExpect {
		return s, Malformed{top.file, top.Line, "expect", "is missing (it may be left out with --json)"}
	}
	if s.Title, err = f["scenario"].name(); err != nil {
		return s, err
	}
	if story, ok := f["story"]; ok {
		if _, err := story.text(); err != nil {
			return s, err
		}
	}
	if s.Devices, err = parseDevices(f["devices"]); err != nil {
		return s, err
	}
	p := parser{kinds, map[string]bool{}, map[string]account.Algebra{}, map[string]bool{}, map[string]bool{}}
	if s.Steps, err = p.history(f["history"]); err != nil {
		return s, err
	}
	if seeds, ok := f["seeds"]; ok {
		if s.Seeds, err = p.seeds(seeds); err != nil {
			return s, err
		}
	}
	if clears, ok := f["clears"]; ok {
		if s.Clears, err = p.clears(clears); err != nil {
			return s, err
		}
	}
	if expect, ok := f["expect"]; ok {
		s.Expect, err = p.expect(expect)
	}
	return s, err
}

func parseDevices(n node) (map[string]bool, error) {
	if n.Node == nil {
		return nil, nil
	}
	f, err := n.fields(nil)
	if err != nil {
		return nil, err
	}
	devices := map[string]bool{}
	for name, d := range f {
		word, err := d.text()
		if err != nil || word != "established" && word != "new" {
			return nil, d.wrong("must be established or new")
		}
		devices[name] = word == "established"
	}
	return devices, nil
}

// keys are those of one kind of step: the required ones and the others.
type keys struct{ need, may []string }

// stepKeys is what each step says, besides do, id and at.
var stepKeys = map[string]keys{
	"open":       {[]string{"session"}, []string{"with", "device"}},
	"recover":    {[]string{"session", "via"}, []string{"device"}},
	"derive":     {[]string{"session", "from"}, []string{"device"}},
	"step-up":    {[]string{"by", "with"}, nil},
	"handover":   {[]string{"by"}, []string{"device"}},
	"set":        {[]string{"by", "path", "to"}, nil},
	"patch":      {[]string{"by", "path", "part", "to"}, nil},
	"add":        {[]string{"by", "path", "value"}, nil},
	"remove":     {[]string{"by", "path"}, nil},
	"credential": {[]string{"by", "path", "version"}, []string{"secret"}},
	"drop":       {[]string{"by", "path"}, nil},
	"contact":    {[]string{"by", "path", "version", "value"}, nil},
	"view":       {[]string{"by", "path"}, nil},
	"move":       {[]string{"by", "path", "amount"}, nil},
	"order":      {[]string{"by", "path", "effect"}, []string{"ship_to", "amount", "until"}},
	"agent":      {[]string{"agent", "act"}, []string{"verified_with"}},
	"freeze":     {nil, nil},
}

// algebras is what each step may write.
var algebras = map[string][]account.Algebra{
	"set":        {account.Register, account.Group, account.Element},
	"patch":      {account.Group, account.Element},
	"add":        {account.Element},
	"remove":     {account.Element},
	"credential": {account.SecretOf},
	"drop":       {account.SecretOf, account.ContactOf},
	"contact":    {account.ContactOf},
	"move":       {account.Ledger},
	"order":      {account.Effect},
}

func (p *parser) history(n node) ([]Step, error) {
	items, err := n.items()
	if err != nil {
		return nil, err
	}
	if len(items) == 0 {
		return nil, n.wrong("is empty")
	}
	steps := make([]Step, 0, len(items))
	for i, item := range items {
		s := Step{ID: fmt.Sprintf("s%d", i+1), line: item.Line}
		if i > 0 {
			s.At = steps[i-1].At + time.Minute
		}
		if err := p.step(item, &s, true); err != nil {
			return nil, err
		}
		if i > 0 && s.At < steps[i-1].At {
			return nil, item.child(item.Node, "at").wrong("is before the step before it; the oldest step comes first")
		}
		if p.ids[s.ID] {
			return nil, item.child(item.Node, "id").wrong("there is another step %s", s.ID)
		}
		p.ids[s.ID] = true
		steps = append(steps, s)
	}
	return steps, nil
}

// step reads one step, or what an agent does in one (top is false then).
func (p *parser) step(n node, s *Step, top bool) (err error) {
	f, err := n.fields(nil)
	if err != nil {
		return err
	}
	do, ok := f["do"]
	if !ok {
		return n.child(n.Node, "do").wrong("is missing")
	}
	if s.Do, err = do.text(); err != nil {
		return err
	}
	k, ok := stepKeys[s.Do]
	if !ok || !top && !contains(k.need, "path") {
		return do.wrong("no step %q here", s.Do)
	}
	known := slices.Concat([]string{"do"}, k.need, k.may)
	if top {
		known = append(known, "id", "at")
	} else {
		known = slices.DeleteFunc(known, func(key string) bool { return key == "by" })
	}
	if f, err = n.fields(known); err != nil {
		return err
	}
	for _, key := range k.need {
		if _, ok := f[key]; !ok && contains(known, key) {
			return n.child(n.Node, key).wrong("is missing in a step %q", s.Do)
		}
	}
	if err := p.words(f, s); err != nil {
		return err
	}
	if err := p.authority(n, f, s); err != nil {
		return err
	}
	return p.value(n, f, s)
}

// most is the largest amount: no thousand of them leave what a balance can count.
const most = 1 << 53

// words reads what is plain in a step.
func (p *parser) words(f map[string]node, s *Step) (err error) {
	for key, into := range map[string]*string{"id": &s.ID, "by": &s.By, "session": &s.Session, "from": &s.From, "device": &s.Device,
		"via": &s.Via, "path": &s.Path, "part": &s.Part, "version": &s.Version, "ship_to": &s.ShipTo, "effect": &s.Effect, "agent": &s.Agent} {
		if v, ok := f[key]; ok {
			if *into, err = v.name(); err != nil {
				return err
			}
		}
	}
	for key, into := range map[string]*time.Duration{"at": &s.At, "until": &s.Until} {
		if v, ok := f[key]; ok {
			if *into, err = v.offset(); err != nil {
				return err
			}
		}
	}
	for key, into := range map[string]*[]string{"with": &s.With, "verified_with": &s.With} {
		if v, ok := f[key]; ok {
			if *into, err = v.names(); err != nil {
				return err
			}
		}
	}
	if v, ok := f["amount"]; ok {
		if s.Amount, err = v.integer(); err == nil && (s.Amount > most || s.Amount < -most) {
			err = v.wrong("must be between %d and %d", -most, most)
		}
	}
	return err
}

// authority checks who acts and what was presented, and brings sessions into being.
func (p *parser) authority(n node, f map[string]node, s *Step) error {
	for key, name := range map[string]string{"by": s.By, "from": s.From} {
		if v, ok := f[key]; ok && !p.sessions[name] {
			return v.wrong("no session %s was opened before", name)
		}
	}
	for _, key := range []string{"with", "verified_with"} {
		for _, version := range s.With {
			if _, ok := p.versions[version]; f[key].Node != nil && !ok {
				return f[key].wrong("no version %s was set before", version)
			}
		}
	}
	if v, ok := f["via"]; ok && p.versions[s.Via] != account.ContactOf {
		return v.wrong("no contact version %s was set before", s.Via)
	}
	if _, ok := f["with"]; s.Do == "open" && len(s.With) == 0 && (ok || len(p.sessions) > 0) {
		return n.child(n.Node, "with").wrong("only the first session of a history is opened without any version")
	}
	if s.Do == "agent" {
		p.agents[s.Agent] = true
		s.Act = &Step{line: n.Line}
		return p.step(f["act"], s.Act, false)
	}
	if s.Session != "" {
		if p.sessions[s.Session] {
			return f["session"].wrong("there is a session %s already", s.Session)
		}
		p.sessions[s.Session] = true
	}
	return nil
}

// value checks the path of a step and reads what is written there.
func (p *parser) value(n node, f map[string]node, s *Step) (err error) {
	path, ok := f["path"]
	if !ok {
		return nil
	}
	kind, known := p.kinds.Of(s.Path)
	if !known {
		return path.wrong("nobody knows what %s is", s.Path)
	}
	if may, ok := algebras[s.Do]; ok && !slices.Contains(may, kind.Algebra) {
		return path.wrong("%s is a %s, which no step %q writes", s.Path, kind.Algebra, s.Do)
	}
	if s.Version != "" {
		if _, twice := p.versions[s.Version]; twice {
			return f["version"].wrong("there is a version %s already", s.Version)
		}
		p.versions[s.Version] = kind.Algebra
	}
	if s.Do == "order" {
		return p.effect(n, f, s)
	}
	if s.Do == "credential" {
		secret, ok := f["secret"]
		if s.Unique = !ok; ok {
			s.Secret, err = secret.text()
		}
		return err
	}
	return p.written(kind, f, s)
}

// written reads the value itself: text, or parts.
func (p *parser) written(kind account.Kind, f map[string]node, s *Step) (err error) {
	v, ok := f["to"]
	if !ok {
		if v, ok = f["value"]; !ok {
			return nil
		}
	}
	whole := kind.Algebra == account.Group || kind.Algebra == account.Element
	if s.Do == "patch" {
		if kind.Parts != nil && !contains(kind.Parts, s.Part) {
			return f["part"].wrong("%s has no part %s", s.Path, s.Part)
		}
		whole = false
	}
	if !whole {
		if s.Text, err = v.text(); err == nil && kind.Algebra == account.ContactOf {
			s.Text, err = v.name()
		}
		return err
	}
	if s.Parts, err = v.texts(); err != nil {
		return err
	}
	for part := range s.Parts {
		if kind.Parts != nil && !contains(kind.Parts, part) {
			return v.wrong("%s has no part %s", s.Path, part)
		}
	}
	return nil
}

func (p *parser) effect(n node, f map[string]node, s *Step) error {
	if !contains([]string{"undo", "window", "compensate", "claim", "final"}, s.Effect) {
		return f["effect"].wrong("must be undo, window, compensate, claim or final")
	}
	_, s.hasUntil = f["until"]
	if s.hasUntil != (s.Effect == "window") {
		return n.child(n.Node, "until").wrong("belongs to the effect window, and only to it")
	}
	if _, known := p.kinds.Of(s.ShipTo); s.ShipTo != "" && !known {
		return f["ship_to"].wrong("nobody knows what %s is", s.ShipTo)
	}
	return nil
}
