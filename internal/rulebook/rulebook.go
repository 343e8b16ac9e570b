package rulebook

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/checker"
)

// Written is a rule as the configuration has it.
type Written struct {
	Name   string `yaml:"name"`
	When   string `yaml:"when"`
	Do     string `yaml:"do"`     // tell, step-up, hold, end-session, freeze
	Shadow bool   `yaml:"shadow"` // count it, and do nothing
}

// Rule is a rule that can be asked.
type Rule struct {
	Written
	program cel.Program
}

// Rules are all rules of an installation, in the order they were written in.
type Rules []Rule

// Limits of what a rule may cost. A step is one operation of the language.
const (
	maxCost   = 1000
	maxLength = 2000 // characters of an expression
	maxRules  = 200
	textSize  = 100 // how long the estimate takes a text to be
)

// Acts are what a rule may ask for, mildest first.
var Acts = []string{"tell", "step-up", "hold", "end-session", "freeze"}

var name = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,59}$`)

// Compile makes rules of what was written. It names every fault, with the rule,
// the line and the column.
func Compile(written []Written) (Rules, error) {
	if len(written) > maxRules {
		return nil, fmt.Errorf("rules: there are %d, at most %d are allowed", len(written), maxRules)
	}
	options := []cel.EnvOption{
		cel.CrossTypeNumericComparisons(true), // else a number without a point cannot be compared with distance_km
		cel.ASTValidators(cel.ValidateRegexLiterals()),
	}
	for word, of := range words() {
		options = append(options, cel.Variable(word, of.kind))
	}
	env, err := cel.NewEnv(options...)
	if err != nil {
		return nil, fmt.Errorf("rulebook: %w", err)
	}
	rules, seen, errs := make(Rules, 0, len(written)), map[string]bool{}, []error(nil)
	for i, w := range written {
		switch {
		case !name.MatchString(w.Name):
			errs = append(errs, fmt.Errorf("rules[%d].name: %q is not 1 to 60 small letters, digits and dashes", i, clip(w.Name)))
		case seen[w.Name]:
			errs = append(errs, fmt.Errorf("rules[%d].name: there is a rule %q already", i, w.Name))
		case !acts(w.Do):
			errs = append(errs, fmt.Errorf("rule %q: do: %q is none of %s", w.Name, clip(w.Do), strings.Join(Acts, ", ")))
		default:
			p, err := program(env, w.When)
			if err != nil {
				errs = append(errs, inRule(w.Name, err))
			}
			rules = append(rules, Rule{w, p})
		}
		seen[w.Name] = true
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return rules, nil
}

func acts(do string) bool {
	for _, a := range Acts {
		if a == do {
			return true
		}
	}
	return false
}

// program compiles one expression and refuses what could cost too much.
func program(env *cel.Env, when string) (cel.Program, []error) {
	when = strings.TrimRightFunc(when, unicode.IsSpace) // else it ends a line later than people see
	if when == "" {
		return nil, whole("the rule is empty: write what must be so for it to fire, as in event.kind == 'exported' && event.hour < 5")
	}
	if n := utf8.RuneCountInString(when); n > maxLength {
		return nil, whole("the rule has %d characters, at most %d are allowed", n, maxLength)
	}
	ast, issues := env.Compile(when)
	if issues.Err() != nil {
		return nil, faults(when, issues)
	}
	if of := ast.OutputType(); !of.IsExactType(cel.BoolType) {
		return nil, whole("a rule must be true or false, and this is %s: compare it with something", kind(of.String()))
	}
	cost, err := env.EstimateCost(ast, sizes{})
	if err != nil {
		return nil, whole("what it may cost cannot be told: %v", err)
	}
	if cost.Max > maxCost {
		return nil, whole("the rule may take %d steps, at most %d are allowed: lists within lists, and matches on long texts, cost most", cost.Max, maxCost)
	}
	// The bound holds for texts of textSize, and Fired is asked with none longer:
	// counting the steps once more at each question would double its time.
	p, err := env.Program(ast, cel.EvalOptions(cel.OptOptimize))
	if err != nil {
		return nil, whole("%v", err)
	}
	return p, nil
}

// Fired gives the rules that an event meets, in their order. A rule that cannot
// be decided (it divides by nothing) does not fire, and is in the error.
func (r Rules) Fired(f Facts) (fired []Rule, err error) {
	if len(r) == 0 {
		return nil, nil
	}
	f.bound()
	var errs []error
	for _, rule := range r {
		answer, _, err := rule.program.Eval(&f)
		if err != nil {
			errs = append(errs, fmt.Errorf("rule %q: %w", rule.Name, err))
			continue
		}
		if yes, ok := answer.Value().(bool); ok && yes {
			fired = append(fired, rule)
		}
	}
	return fired, errors.Join(errs...)
}

func clip(s string) string {
	if len(s) > 80 {
		return strings.ToValidUTF8(s[:80], "") + "…"
	}
	return s
}

// sizes tells the estimate how long a text can be.
type sizes struct{}

// EstimateSize implements checker.CostEstimator.
func (sizes) EstimateSize(checker.AstNode) *checker.SizeEstimate {
	return &checker.SizeEstimate{Max: textSize}
}

// EstimateCallCost implements checker.CostEstimator: the language's own costs will do.
func (sizes) EstimateCallCost(string, string, *checker.AstNode, []checker.AstNode) *checker.CallEstimate {
	return nil
}
