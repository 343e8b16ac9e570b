package signin

import (
	"context"
	"crypto/subtle"
	"errors"
	"time"

	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/seal"
)

// The faults of puzzles, under the codes that the pages know.
var (
	ErrPuzzleWrong = fault.New(fault.Invalid, "puzzle.wrong", "These were not the digits. Please try the new ones.").On("answer")
	ErrPuzzleOver  = fault.New(fault.Invalid, "puzzle.over", "This check has expired. Please try the new digits.").On("answer")
)

// Puzzles remembers which picture puzzles may still be answered. It is a
// store of its own type because a face hands it to the shell.
type Puzzles struct {
	DB   *db.DB
	Seal *seal.Keeper
}

// Keep notes that a puzzle may be answered until a time. Neither puzzle nor answer is stored, only their hash.
func (s Puzzles) Keep(ctx context.Context, id string, answer seal.Secret, until time.Time) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		return insertPuzzle(tx, s.Seal.Hash("puzzle", id), s.Seal.Hash("puzzle-answer", id+" "+answer.Reveal()), until)
	})
}

// Spend uses a puzzle up, whether or not the answer is right: a program must
// not guess at one picture twice.
func (s Puzzles) Spend(ctx context.Context, id string, answer seal.Secret) (err error) {
	defer fault.Wrap(&err, "signin.Puzzles.Spend")
	var want string
	err = s.DB.Write(ctx, func(tx *db.Tx) (err error) {
		want, err = takePuzzle(tx, s.Seal.Hash("puzzle", id))
		return err
	})
	if errors.Is(err, db.ErrNone) {
		return ErrPuzzleOver
	}
	if err != nil {
		return err
	}
	got := s.Seal.Hash("puzzle-answer", id+" "+answer.Reveal())
	if subtle.ConstantTimeCompare([]byte(want), []byte(got)) != 1 {
		return ErrPuzzleWrong
	}
	return nil
}
