package judge

import (
	"fmt"
	"os"
	"time"

	"takeback/internal/risk"
	"takeback/internal/rulebook"
)

// Settings are the operator's, under "risk" in the configuration file. The zero
// value is usable.
type Settings struct {
	Mode      Mode               `yaml:"mode"`      // "", shadow, act
	Challenge *Share             `yaml:"challenge"` // of sign-ins that may be asked for a second proof; 2 %
	Hold      *Share             `yaml:"hold"`      // of changes that may have to wait; 20 in 1000
	HoldFor   string             `yaml:"hold_for"`  // how long they wait; 24h
	Large     bool               `yaml:"large"`     // count more values than a service with a million accounts needs
	Weights   string             `yaml:"weights"`   // file of the score's weights, as risk fit writes it; the shipped ones if empty
	Rules     []rulebook.Written `yaml:"rules"`
}

// The budgets of an operator who names none, and how long a change waits.
const (
	usualChallenge = Share(.02)
	usualHold      = Share(.02)
	usualHoldFor   = 24 * time.Hour
)

// policy is what the settings come to.
type policy struct {
	mode            Mode
	challenge, hold Share
	holdFor         time.Duration
	rules           rulebook.Rules
	sizes           risk.Sizes
	tables          *risk.Tables
}

// tables are what the program brings along, or the operator's own fit.
func (s Settings) tables() (*risk.Tables, error) {
	t, err := risk.ShippedTables()
	if err != nil || s.Weights == "" {
		return t, err
	}
	f, err := os.Open(s.Weights)
	if err != nil {
		return nil, fmt.Errorf("risk.weights: %w", err)
	}
	defer f.Close()
	if t.Weights, err = risk.ReadWeights(f); err != nil {
		return nil, fmt.Errorf("risk.weights: %s: %w", s.Weights, err)
	}
	return t, nil
}

// Check tells what is wrong with the settings, before anything is opened or listens.
func (s Settings) Check() error {
	_, err := s.policy()
	return err
}

// policy checks the settings. Its error names the key.
func (s Settings) policy() (p policy, err error) {
	p = policy{mode: s.Mode, challenge: usualChallenge, hold: usualHold, holdFor: usualHoldFor}
	if !s.Large {
		p.sizes = risk.Sizes{Addresses: 1 << 17, Agents: 1 << 14, Values: 1 << 16, Sources: 1 << 13}
	}
	switch s.Mode {
	case Auto, Shadow, Act:
	default:
		return p, fmt.Errorf("risk.mode: %q is neither shadow nor act", s.Mode)
	}
	if s.Challenge != nil {
		p.challenge = *s.Challenge
	}
	if s.Hold != nil {
		p.hold = *s.Hold
	}
	if s.HoldFor != "" {
		if p.holdFor, err = time.ParseDuration(s.HoldFor); err != nil || p.holdFor < time.Hour || p.holdFor > 30*24*time.Hour {
			return p, fmt.Errorf("risk.hold_for: %q is no time from 1h to 720h", s.HoldFor)
		}
	}
	if p.tables, err = s.tables(); err != nil {
		return p, err
	}
	if p.rules, err = rulebook.Compile(s.Rules); err != nil {
		return p, fmt.Errorf("risk.rules: %w", err)
	}
	return p, nil
}
