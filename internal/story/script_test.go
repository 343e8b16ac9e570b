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
// types it, and as people meet it over HTTP and SMTP. $POSTGRES is a fresh database
// for each script. script_house_test.go and script_people_test.go have the commands.
func TestScripts(t *testing.T) {
	t.Parallel()
	bin := filepath.Dir(built(t))
	commands := map[string]func(*testscript.TestScript, bool, []string){
		"past": past, "present": present, "page": page, "letter": letter, "letters": letters, "app": authenticator, "keep": keep,
	}
	for name := range cast {
		commands[name] = acting(name)
	}
	testscript.Run(t, testscript.Params{
		Dir:  "testdata/script",
		Cmds: commands,
		Setup: func(e *testscript.Env) error {
			e.Setenv("PATH", bin+string(os.PathListSeparator)+e.Getenv("PATH"))
			e.Setenv("POSTGRES", dbtest.Place(e.T().(testing.TB), db.Postgres))
			return prepare(e)
		},
	})
}
