package restore

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"takeback/internal/account"
)

// Shape gives what a plan does and asks without any value: phases, operations
// and kinds of paths, each once. Plans of one shape do the same to the same kinds of things.
func (p Plan) Shape(kinds account.Kinds) (lines []string) {
	for _, s := range p.Steps {
		lines = append(lines, fmt.Sprintf("%d %s %s", s.Phase, s.Op, patternOf(kinds, s.Path)))
	}
	for _, q := range p.Questions {
		lines = append(lines, fmt.Sprintf("? %s %s", q.Why, patternOf(kinds, q.Path)))
	}
	slices.Sort(lines)
	return slices.Compact(lines)
}

func patternOf(kinds account.Kinds, path string) string {
	if kind, ok := kinds.Of(path); ok {
		return kind.Pattern
	}
	return "session" // the name of one stands where a path would
}

// Deadline gives when the first effect that a plan cancels can be cancelled no
// longer; zero if there is none whose time runs out.
func (p Plan) Deadline() (first time.Time) {
	for _, s := range p.Steps {
		var e Effect
		if s.Op != Cancel || json.Unmarshal(s.Pre, &e) != nil || e.Until.IsZero() {
			continue
		}
		if first.IsZero() || e.Until.Before(first) {
			first = e.Until
		}
	}
	return first
}
