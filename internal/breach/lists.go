package breach

import (
	"context"

	"takeback/internal/seal"
)

// Lists are the filter and the service that an installation has; each may be nil.
type Lists struct {
	Filter *Filter
	Range  *Range
}

// Breached tells whether a password is on any list. The service is asked only
// about what the filter does not have.
func (l Lists) Breached(ctx context.Context, password seal.Secret) (bool, error) {
	var broken error
	if l.Filter != nil {
		found, err := l.Filter.Has(password)
		if found {
			return true, nil
		}
		broken = err
	}
	if l.Range != nil {
		found, err := l.Range.Has(ctx, password)
		if err != nil {
			broken = err
		}
		return found, broken
	}
	return false, broken
}

// Here tells whether a password is in the filter: it asks nobody outside, and
// takes microseconds.
func (l Lists) Here(password seal.Secret) (bool, error) {
	if l.Filter == nil {
		return false, nil
	}
	return l.Filter.Has(password)
}

// Close lets go of the filter's file.
func (l Lists) Close() error {
	if l.Filter == nil {
		return nil
	}
	return l.Filter.Close()
}
