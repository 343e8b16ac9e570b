package archtest

import (
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

// rules are all rules about the tree, in one shape.
var rules = map[string]func(*Tree) ([]string, error){
	"imports go down only":                         plain(Imports),
	"what few may import few do":                   plain(Keeps),
	"every package says what it is":                plain(Comments),
	"rules decide and do nothing else":             plain(Pure),
	"an account changes through its history only":  plain(OneWay),
	"nothing is left for later":                    plain(Unfinished),
	"both engines read every query alike":          SQL,
	"migrations are numbered and go forward":       Migrations,
	"a table is its owner's alone":                 Owned,
	"every module has its licence named":           Licensed,
	"what the documents name exists":               Named,
	"decisions are numbered and listed":            Decisions,
	"no file gives away a credential or a machine": Private,
}

func plain(rule func(*Tree) []string) func(*Tree) ([]string, error) {
	return func(t *Tree) ([]string, error) { return rule(t), nil }
}

func TestTree(t *testing.T) {
	t.Parallel()
	fsys := os.DirFS("../..")
	if _, err := fs.Stat(fsys, "go.mod"); err != nil {
		t.Fatal("this is not the top of the tree: ", err)
	}
	tree, err := Read(fsys)
	if err != nil {
		t.Fatal(err)
	}
	for name, rule := range rules {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			broken, err := rule(tree)
			if err != nil {
				t.Fatal(err)
			}
			for _, b := range broken {
				t.Error(b)
			}
		})
	}
}

// TestRules proves of every rule that it can fail, and what it lets pass: a
// rule that cannot fail would let everything pass.
func TestRules(t *testing.T) {
	t.Parallel()
	const (
		down  = "imports go down only"
		few   = "what few may import few do"
		says  = "every package says what it is"
		pure  = "rules decide and do nothing else"
		way   = "an account changes through its history only"
		later = "nothing is left for later"
		query = "both engines read every query alike"
		nums  = "migrations are numbered and go forward"
		owner = "a table is its owner's alone"
		named = "what the documents name exists"
		adr   = "decisions are numbered and listed"
		lic   = "every module has its licence named"
		give  = "no file gives away a credential or a machine"
		up    = "-- +goose Up\n"
	)
	imp := func(pkg string, imports ...string) string {
		text := "package " + pkg + "\n"
		for _, i := range imports {
			text += "import _ \"" + i + "\"\n"
		}
		return text
	}
	sql := func(q string) string { return "package freeze\nvar q = `" + q + "`\n" }
	tests := []struct {
		name string
		rule string
		path string
		text string
		want string // part of the one finding; empty if the rule is kept
	}{
		{"a room uses a noun", down, "internal/freeze/freeze.go", imp("freeze", "takeback/internal/account"), ""},
		{"a room uses a room", down, "internal/restore/restore.go", imp("restore", "takeback/internal/verify"), "rooms do not use one another"},
		{"a room uses a room in its test", down, "internal/restore/restore_test.go", imp("restore", "takeback/internal/verify"), "rooms do not use one another"},
		{"a noun uses a room", down, "internal/account/a.go", imp("account", "takeback/internal/freeze"), "nouns may not use rooms"},
		{"a noun uses one before it", down, "internal/history/h.go", imp("history", "takeback/internal/account"), ""},
		{"a noun uses one after it", down, "internal/account/a.go", imp("account", "takeback/internal/history"), "stands after it"},
		{"ground uses ground before it", down, "internal/jobs/j.go", imp("jobs", "takeback/internal/db"), ""},
		{"ground uses a noun", down, "internal/mail/m.go", imp("mail", "takeback/internal/account"), "ground may not use nouns"},
		{"a face uses the shell", down, "internal/web/console/c.go", imp("console", "takeback/internal/web"), ""},
		{"the shell uses a face", down, "internal/web/w.go", imp("web", "takeback/internal/web/console"), "stands after it"},
		{"a face uses the builder", down, "internal/api/a.go", imp("api", "takeback/internal/app"), "faces may not use builders"},
		{"a face is tested in the whole house", down, "internal/api/a_test.go", imp("api_test", "takeback/internal/app"), ""},
		{"the program carries test code", down, "internal/freeze/f.go", imp("freeze", "takeback/internal/db/dbtest"), "for tests only"},
		{"a test uses test code", down, "internal/freeze/f_test.go", imp("freeze", "takeback/internal/db/dbtest"), ""},
		{"a package stands nowhere", down, "internal/util/u.go", imp("util"), "no floor of the house"},
		{"a package below a room belongs to it", down, "internal/desk/phone/p.go", imp("phone", "takeback/internal/verify"), "rooms do not use one another"},

		{"db opens databases", few, "internal/db/s.go", imp("db", "database/sql", "modernc.org/sqlite"), ""},
		{"a room opens databases", few, "internal/desk/s.go", imp("desk", "database/sql"), "the seam is db"},
		{"a test of a room opens databases", few, "internal/desk/s_test.go", imp("desk", "github.com/jackc/pgx/v5"), "the seam is db"},
		{"a room writes HTML", few, "internal/desk/s.go", imp("desk", "html/template"), "only pages and letters"},
		{"a page asks the database", few, "internal/web/holder/h.go", imp("holder", "takeback/internal/db"), "pages ask rooms"},
		{"the test of a page fills the database", few, "internal/web/holder/h_test.go", imp("holder", "takeback/internal/db"), ""},
		{"the API asks the database", few, "internal/api/h.go", imp("api", "takeback/internal/db"), "the API asks rooms"},

		{"a package comment", says, "internal/desk/doc.go", "// Package desk answers.\npackage desk\n", ""},
		{"a comment that names another package", says, "internal/desk/doc.go", "// Package help answers.\npackage desk\n", "does not begin with"},
		{"no comment at all", says, "internal/desk/doc.go", "package desk\n", "does not begin with"},
		{"no doc.go", says, "internal/desk/desk.go", "// Package desk answers.\npackage desk\n", "has no doc.go"},
		{"a command", says, "cmd/takeback/doc.go", "// Command takeback takes accounts back.\npackage main\n", ""},

		{"a rule is told the time", pure, "internal/desk/rules.go", "package desk\nimport \"time\"\nfunc late(now time.Time) bool { return now.IsZero() }\n", ""},
		{"a rule asks for the time", pure, "internal/desk/rules.go", "package desk\nimport \"time\"\nvar now = time.Now()\n", "does not ask for it"},
		{"a rule measures the time", pure, "internal/desk/rules.go", "package desk\nimport \"time\"\nvar d = time.Since(time.Time{})\n", "does not ask for it"},
		{"a rule has a context", pure, "internal/desk/rules.go", imp("desk", "context"), "decides from what it is given"},
		{"a rule knows the database", pure, "internal/desk/rules.go", imp("desk", "takeback/internal/db"), "decides from what it is given"},
		{"what is no rule asks for the time", pure, "internal/desk/desk.go", "package desk\nimport \"time\"\nvar now = time.Now()\n", ""},

		{"history stores", way, "internal/history/h.go", "package history\nvar _ = account.Store\n", ""},
		{"a room stores", way, "internal/desk/h.go", "package desk\nvar _ = account.Store\n", "for history alone"},
		{"a room writes a fact", way, "internal/desk/h.go", "package desk\nconst q = `UPDATE fact SET value = $1`\n", "write the table fact"},
		{"a room writes its own table", way, "internal/desk/h.go", "package desk\nconst q = `UPDATE duty SET since = $1`\n", ""},

		{"a remark for later", later, "internal/desk/h.go", "package desk\n\n// " + "TODO: answer.\n", "in the tree"},
		{"a remark", later, "internal/desk/h.go", "package desk\n\n// It answers.\n", ""},

		{"plain SQL", query, "internal/freeze/store.go", sql("SELECT a, count(*) FROM t WHERE b = $1 AND (CAST($2 AS TEXT) IS NULL OR c <> 'LIKE ->') GROUP BY a"), ""},
		{"LIKE", query, "internal/freeze/store.go", sql("SELECT a FROM t WHERE b LIKE $1"), "normalised"},
		{"ANY", query, "internal/freeze/store.go", sql("SELECT a FROM t WHERE b = ANY($1)"), "IN ("},
		{"a row lock", query, "internal/freeze/store.go", sql("SELECT a FROM t FOR UPDATE SKIP LOCKED"), "UPDATE … RETURNING"},
		{"a cast with colons", query, "internal/freeze/store.go", sql("SELECT a::text FROM t"), "CAST"},
		{"a value out of JSON", query, "internal/freeze/store.go", sql("SELECT a ->> 'k' FROM t"), "column"},
		{"a JSON function", query, "internal/freeze/store.go", sql("SELECT a FROM json_each($1)"), "expand in Go"},
		{"a parameter that is null", query, "internal/freeze/store.go", sql("SELECT a FROM t WHERE $1 IS NULL"), "CAST($1"},
		{"all columns", query, "internal/freeze/store.go", sql("SELECT * FROM t"), "name the columns"},
		{"question marks", query, "internal/freeze/store.go", sql("SELECT a FROM t WHERE b = ?"), "placeholders"},
		{"the clock of the database", query, "internal/freeze/store.go", sql("UPDATE t SET a = now()"), "tx.Now"},
		{"SQLite's words", query, "internal/freeze/store.go", sql("SELECT ifnull(a, b) FROM t"), "SQLite only"},
		{"SQLite's insert", query, "internal/freeze/store.go", sql("INSERT OR IGNORE INTO t (a) VALUES ($1)"), "ON CONFLICT"},
		{"PostgreSQL's words", query, "internal/freeze/store.go", sql("SELECT greatest(a, b) FROM t"), "PostgreSQL only"},
		{"SQL in pieces", query, "internal/freeze/store.go", "package freeze\nvar q = `SELECT a FROM t ` + where + ` AND b LIKE $1`\n", "normalised"},
		{"words that are no SQL", query, "internal/freeze/store.go", "package freeze\nvar q = `pages look LIKE this`\n", ""},
		{"a type of PostgreSQL", query, "internal/db/migrations/0001_a.sql", up + "CREATE TABLE a (\n\tat TIMESTAMPTZ\n);\n", "the types are"},
		{"an id of the database", query, "internal/db/migrations/0001_a.sql", up + "CREATE TABLE a (\n\tid BIGSERIAL\n);\n", "made in Go"},
		{"a half for one engine", query, "internal/db/migrations/0001_a.postgres.sql", "SELECT now();", ""},

		{"the first migration", nums, "internal/db/migrations/0001_a.sql", up + "CREATE TABLE a (\n\tid TEXT\n);\n", ""},
		{"a gap", nums, "internal/db/migrations/0002_a.sql", up, "no migration 0001"},
		{"a name without number", nums, "internal/db/migrations/a.sql", up, "NNNN"},
		{"a way back", nums, "internal/db/migrations/0001_a.sql", up + "-- +goose Down\n", "forward only"},
		{"no way forward", nums, "internal/db/migrations/0001_a.sql", "SELECT 1;\n", "first line"},
		{"a table that would not be strict", nums, "internal/db/migrations/0001_a.sql", up + "CREATE TABLE a (id TEXT);\n", "line of its own"},
		{"a remark with a semicolon", nums, "internal/db/migrations/0001_a.sql", up + "CREATE TABLE a (\n\tid TEXT -- one; two\n);\n", ""},
		{"a half without a whole", nums, "internal/db/migrations/0001_a.sqlite.sql", "SELECT 1;\n", "no common one"},

		{"a room asks its own table", owner, "internal/desk/store.go", "package desk\nvar q = `SELECT a FROM duty`\n", ""},
		{"a room reads a noun's table", owner, "internal/desk/store.go", "package desk\nvar q = `SELECT a FROM duty JOIN fact ON a = b`\n", "the table fact belongs to internal/account"},
		{"a noun reads a noun's table", owner, "internal/session/store.go", "package session\nvar q = `SELECT a FROM fact`\n", ""},
		{"a noun writes a noun's table", owner, "internal/session/store.go", "package session\nvar q = `UPDATE fact SET a = 1`\n", "the table fact belongs to internal/account"},
		{"a noun empties a noun's table", owner, "internal/session/store.go", "package session\nvar q = `DELETE FROM fact`\n", "the table fact belongs to internal/account"},
		{"the bench looks into a table", owner, "internal/bench/b.go", "package bench\nvar q = `SELECT a FROM fact`\n", ""},
		{"a table of nobody", owner, "internal/db/migrations/0002_b.sql", up + "CREATE TABLE orphan (\n\tid TEXT\n);\n", "no doc.go says whose the table orphan is"},
		{"a table that is gone", owner, "internal/db/migrations/0002_b.sql", up + "CREATE TABLE orphan (\n\tid TEXT\n);\nDROP TABLE orphan;\n", ""},
		{"a table of two", owner, "internal/freeze/doc.go", "// Package freeze stops. Its tables are duty and\n// nothing else.\npackage freeze\n", "both say that the table duty is theirs"},

		{"the next decision", adr, "docs/adr/0002-b.md", "# 0002 B\n", ""},
		{"a decision that is left out", adr, "docs/adr/0003-b.md", "# 0003 B\n", "there is no decision 0002"},
		{"a number used twice", adr, "docs/adr/0001-b.md", "# 0001 B\n", "has the number of"},
		{"a title with another number", adr, "docs/adr/0002-b.md", "# 0003 B\n", "does not begin with"},
		{"a decision without number", adr, "docs/adr/b.md", "# B\n", "NNNN-words.md"},
		{"a decision nobody finds", adr, "docs/adr/0002-c.md", "# 0002 C\n", "docs/adr/README.md does not list"},

		{"a path that exists", named, "docs/a.md", "See `internal/db/doc.go:3`, `docs/`, `make test` and [a](a.md#there).", ""},
		{"a path that does not", named, "docs/a.md", "See `internal/none/`.", "does not exist"},
		{"a pattern for people", named, "docs/a.md", "As `internal/db/migrations/NNNN_name.sql` or `internal/<room>/`.", ""},
		{"a link to nowhere", named, "docs/a.md", "See [b](b.md).", "links to"},
		{"a link to elsewhere", named, "docs/a.md", "See [b](https://example.org/b).", ""},
		{"a comment that names a page", named, "internal/desk/desk.go", "package desk\n\n// See CONTRIBUTING.md.\nvar a int\n", "desk.go:3 names CONTRIBUTING.md, which does not exist"},
		{"a test that there is not", named, "docs/a.md", "Shown by `TestNothing`.", "names the test TestNothing"},
		{"a word make does not know", named, "docs/a.md", "Run `make coffee`.", "does not know"},

		{"a module that is named", lic, "go.mod", "module m\n\nrequire (\n\texample.org/named v1.0.0\n\texample.org/far v1.0.0 // indirect\n)\n", ""},
		{"a module that is not", lic, "go.mod", "module m\n\nrequire example.org/other v1.0.0\n", "does not name example.org/other"},

		{"a made-up password", give, "internal/story/testdata/a.txt", "password=correct horse", ""},
		{"a private key", give, "internal/story/testdata/a.txt", "-----BEGIN RSA PRIVATE " + "KEY-----", "credential"},
		{"a bearer key", give, "docs/a.md", "Authorization: Bearer abcdefghijklmnopqrstuvwxyz", "credential"},
		{"somebody's folder", give, "docs/a.md", "cd /home/hana/takeback", "one machine"},
		{"a folder everybody has", give, "docs/a.md", "cd /tmp/takeback, see /usr/lib and https://example.org/home/a", ""},
	}
	around := map[string]map[string]string{ // what a rule needs to stand in a tree
		named: {"internal/db/doc.go": "package db\n"},
		owner: {
			"internal/db/migrations/0001_a.sql": up + "CREATE TABLE fact (\n\tid TEXT\n);\nCREATE TABLE duty (\n\tid TEXT\n);\n",
			"internal/account/doc.go":           "// Package account is. It owns the table fact, and more.\npackage account\n",
			"internal/desk/doc.go":              "// Package desk answers. It owns the\n// tables duty.\npackage desk\n",
		},
		adr: {"docs/adr/0001-a.md": "# 0001 A\n", "docs/adr/README.md": "[0001](0001-a.md) [0002](0002-b.md) [0003](0003-b.md) [0001](0001-b.md)"},
	}
	proved := map[string]bool{}
	for _, tt := range tests {
		proved[tt.rule] = proved[tt.rule] || tt.want != ""
		t.Run(tt.rule+": "+tt.name, func(t *testing.T) {
			files := fstest.MapFS{
				"Makefile": {Data: []byte("test: ## Test\n")}, "THIRD_PARTY.md": {Data: []byte("`example.org/named`")}, tt.path: {Data: []byte(tt.text)},
			}
			for path, text := range around[tt.rule] {
				if files[path] == nil {
					files[path] = &fstest.MapFile{Data: []byte(text)}
				}
			}
			tree, err := Read(files)
			if err != nil {
				t.Fatal(err)
			}
			got, err := rules[tt.rule](tree)
			if err != nil {
				t.Fatal(err)
			}
			switch {
			case tt.want == "" && len(got) > 0:
				t.Errorf("the rule is kept, but it says %q", got)
			case tt.want != "" && (len(got) != 1 || !strings.Contains(got[0], tt.want)):
				t.Errorf("the rule says %q, want one finding with %q", got, tt.want)
			}
		})
	}
	for name := range rules {
		if !proved[name] {
			t.Errorf("nothing proves that %q can fail", name)
		}
	}
}

func TestMigrationsTwice(t *testing.T) {
	t.Parallel()
	up := &fstest.MapFile{Data: []byte("-- +goose Up\n")}
	tree, err := Read(fstest.MapFS{"internal/db/migrations/0001_a.sql": up, "internal/db/migrations/0001_b.sql": up})
	if err != nil {
		t.Fatal(err)
	}
	got, err := Migrations(tree)
	if err != nil || len(got) != 1 || !strings.Contains(got[0], "has the number of") {
		t.Errorf("two migrations of one number: %q, %v", got, err)
	}
}
