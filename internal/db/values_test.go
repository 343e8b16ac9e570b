package db

import "testing"

func TestValues(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rows, columns, after int
		want                 string
	}{{1, 1, 0, "($1)"}, {1, 3, 0, "($1, $2, $3)"}, {2, 2, 1, "($2, $3), ($4, $5)"}} {
		if got := Values(c.rows, c.columns, c.after); got != c.want {
			t.Errorf("Values(%d, %d, %d) is %s, want %s", c.rows, c.columns, c.after, got, c.want)
		}
	}
}
