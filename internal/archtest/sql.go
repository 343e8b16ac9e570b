package archtest

import (
	"fmt"
	"go/ast"
	"go/token"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// ban is a construct that SQLite and PostgreSQL do not read alike, or that we do not want.
type ban struct {
	find    *regexp.Regexp
	instead string
}

var bans = []ban{
	{regexp.MustCompile(`(?i)\bI?LIKE\b`), "LIKE ignores case on SQLite only: compare a normalised column"},
	{regexp.MustCompile(`(?i)\bANY\s*\(`), "SQLite has no ANY: write IN ($1, $2, …) out"},
	{regexp.MustCompile(`(?i)\bFOR\s+(NO\s+KEY\s+)?(UPDATE|SHARE)\b|\bSKIP\s+LOCKED\b`), "SQLite has no row locks: begin with UPDATE … RETURNING, or end with tx.ForUpdate()"},
	{regexp.MustCompile(`\w::\w|\)::`), "SQLite has no ::: write CAST(x AS type)"},
	{regexp.MustCompile(`->|#>`), "values out of JSON have other types on each engine: give it a column"},
	{regexp.MustCompile(`(?i)\bjsonb?_\w+\s*\(|\bJSONB\b`), "JSON functions differ: expand in Go"},
	{regexp.MustCompile(`(?i)\$\d+\s+IS\s+(NOT\s+)?NULL`), "PostgreSQL cannot infer the type: CAST($1 AS TEXT) IS NULL"},
	{regexp.MustCompile(`(?i)\bSELECT\s+\*|\w\.\*`), "name the columns"},
	{regexp.MustCompile(`[=(,]\s*\?`), "placeholders are $1, $2"},
	{regexp.MustCompile(`(?i)\bINSERT\s+OR\s+|\bREPLACE\s+INTO\b`), "SQLite only: ON CONFLICT … DO"},
	{regexp.MustCompile(`(?i)\bDISTINCT\s+ON\b|\bLATERAL\b|\bON\s+CONFLICT\s+ON\s+CONSTRAINT\b`), "PostgreSQL only"},
	{regexp.MustCompile(`(?i)\b(now|datetime|strftime|unixepoch|clock_timestamp|date_trunc|to_timestamp)\s*\(|\bCURRENT_(TIME|DATE|TIMESTAMP)\b|\bINTERVAL\b`), "time comes from tx.Now"},
	{regexp.MustCompile(`(?i)\b(ifnull|iif|instr|printf|group_concat|last_insert_rowid|randomblob|typeof)\s*\(|\browid\b|\bGLOB\b`), "SQLite only"},
	{regexp.MustCompile(`(?i)\b(greatest|least|strpos|to_char|array_agg|unnest|generate_series|gen_random_uuid)\s*\(|\bARRAY\s*\[`), "PostgreSQL only"},
}

// schemaBans hold for migrations besides: their types are those that both engines have a word for.
var schemaBans = []ban{
	{regexp.MustCompile(`(?i)\b(BIG|SMALL)?SERIAL\b|\bAUTOINCREMENT\b|\bGENERATED\b`), "ids are made in Go"},
	{regexp.MustCompile(`(?i)\b(TIMESTAMPTZ?|DATETIME|VARCHAR|UUID|INT|INT8|BLOB|NUMERIC|DECIMAL)\b`), "the types are TEXT, BIGINT, BOOLEAN and BYTEA"},
}

var (
	begins      = regexp.MustCompile(`(?is)^\s*(SELECT|INSERT\s+INTO|INSERT\s+OR|UPDATE\s+\w+|DELETE\s+FROM|WITH\s+(RECURSIVE\s+)?\w+|CREATE\s+(TABLE|INDEX|UNIQUE)|REPLACE\s+INTO)\b`)
	writesTable = regexp.MustCompile(`(?i)\b(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+(account|fact|contact|secret|change)\b`)
	literals    = regexp.MustCompile(`'(?:[^']|'')*'`)
	remarks     = regexp.MustCompile(`--[^\n]*`)
)

// query is a text of SQL in a Go file.
type query struct{ at, text string }

// queries finds the SQL of a file: string constants, also joined with +, that begin as a statement does.
func (t *Tree) queries(f *File) (all []query) {
	ast.Inspect(f.AST, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BinaryExpr:
			if n.Op == token.ADD {
				if text := joined(n); begins.MatchString(text) {
					all = append(all, query{t.at(n), text})
				}
				return false // its parts are in the text
			}
		case *ast.BasicLit:
			if text := joined(n); begins.MatchString(text) {
				all = append(all, query{t.at(n), text})
			}
		}
		return true
	})
	return all
}

// joined gives the text of string constants joined with +; what is not constant is a blank.
func joined(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if s, err := strconv.Unquote(e.Value); err == nil && e.Kind == token.STRING {
			return s
		}
	case *ast.BinaryExpr:
		return joined(e.X) + joined(e.Y)
	case *ast.ParenExpr:
		return joined(e.X)
	}
	return " "
}

// SQL checks that both engines read every query and migration alike.
func SQL(t *Tree) (broken []string, err error) {
	for _, f := range t.Go {
		if f.Test || within(f.Package, "internal/bench") {
			continue // tests run on both engines anyhow; the bench measures each in its own words
		}
		for _, q := range t.queries(f) {
			broken = append(broken, offences(q.at, q.text, bans)...)
		}
	}
	for _, name := range t.Other {
		if !within(name, "internal/db/migrations") || strings.Count(path.Base(name), ".") > 1 {
			continue // a half for one engine may use its words
		}
		text, err := fs.ReadFile(t.FS, name)
		if err != nil {
			return nil, err
		}
		broken = append(broken, offences(name, string(text), append(bans, schemaBans...))...)
	}
	return broken, nil
}

// offences gives the bans that a text of SQL breaks, remarks and quoted values apart.
func offences(at, text string, bans []ban) (broken []string) {
	text = literals.ReplaceAllString(remarks.ReplaceAllString(text, ""), "''")
	for _, b := range bans {
		if found := b.find.FindString(text); found != "" {
			broken = append(broken, fmt.Sprintf("%s: %q: %s", at, found, b.instead))
		}
	}
	return broken
}

var (
	migrationName = regexp.MustCompile(`^(\d{4})_[a-z0-9_]+(\.sqlite|\.postgres)?\.sql$`)
	openTable     = regexp.MustCompile(`(?is)CREATE TABLE[^;]*?;`)
)

// Migrations checks that migrations are numbered 1, 2, 3 … once each, go
// forward only, and are written in the form that the engines are given it in.
func Migrations(t *Tree) (broken []string, err error) {
	common, halves := map[string]string{}, []string{}
	highest := 0
	for _, name := range t.Other {
		if !within(name, "internal/db/migrations") {
			continue
		}
		base := path.Base(name)
		m := migrationName.FindStringSubmatch(base)
		if m == nil {
			broken = append(broken, name+": the name is not NNNN_words.sql")
			continue
		}
		text, err := fs.ReadFile(t.FS, name)
		if err != nil {
			return nil, err
		}
		if strings.Contains(string(text), "+goose Down") {
			broken = append(broken, name+": migrations go forward only")
		}
		if m[2] != "" {
			halves = append(halves, strings.Replace(base, m[2], "", 1))
			continue
		}
		if other, twice := common[m[1]]; twice {
			broken = append(broken, fmt.Sprintf("%s has the number of %s", base, other))
		}
		common[m[1]] = base
		if n, err := strconv.Atoi(m[1]); err == nil {
			highest = max(highest, n)
		}
		if !strings.HasPrefix(string(text), "-- +goose Up\n") {
			broken = append(broken, name+": the first line is not -- +goose Up")
		}
		for _, table := range openTable.FindAllString(remarks.ReplaceAllString(string(text), ""), -1) {
			if !strings.HasSuffix(table, "\n);") {
				broken = append(broken, fmt.Sprintf("%s: %.40q does not end in a line of its own with );, which makes the table STRICT on SQLite", name, table))
			}
		}
	}
	for n := 1; n <= highest; n++ {
		if common[fmt.Sprintf("%04d", n)] == "" {
			broken = append(broken, fmt.Sprintf("there is no migration %04d", n))
		}
	}
	for _, half := range halves {
		if common[half[:4]] != half {
			broken = append(broken, half+" has a half for one engine and no common one")
		}
	}
	return broken, nil
}
