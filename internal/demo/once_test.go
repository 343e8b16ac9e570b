package demo

import (
	"strings"
	"testing"

	"takeback/internal/db/dbtest"
)

func TestTheWholeStory(t *testing.T) {
	for _, e := range dbtest.Engines {
		t.Run(string(e), func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			err := Once(t.Context(), &out, Options{DB: dbtest.Place(t, e)})
			t.Log("\n" + out.String())
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}
