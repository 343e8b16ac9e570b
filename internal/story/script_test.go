package story

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"takeback/internal/db"
	"takeback/internal/db/dbtest"
)

// TestScripts plays testdata/script/*.txtar: the real program, as an operator
// types it. $POSTGRES is a fresh database for each script.
func TestScripts(t *testing.T) {
	t.Parallel()
	bin := filepath.Dir(built(t))
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("PATH", bin+string(os.PathListSeparator)+e.Getenv("PATH"))
			e.Setenv("POSTGRES", dbtest.Place(e.T().(testing.TB), db.Postgres))
			return nil
		},
	})
}
