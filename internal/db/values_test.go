package db

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

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

func TestAtOnce(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rows int
		want []int
	}{{0, nil}, {1, []int{1}}, {3, []int{2, 1}}, {64, []int{64}}, {100, []int{64, 32, 4}}, {255, []int{64, 64, 64, 32, 16, 8, 4, 2, 1}}} {
		rows := make([]int, c.rows)
		for i := range rows {
			rows[i] = i
		}
		var sizes, seen []int
		for some := range AtOnce(rows) {
			sizes, seen = append(sizes, len(some)), append(seen, some...)
		}
		if diff := cmp.Diff(c.want, sizes); diff != "" || !slices.Equal(seen, rows) {
			t.Errorf("%d rows are cut into %v, want %v", c.rows, sizes, c.want)
		}
	}
}

func TestUnionAll(t *testing.T) {
	t.Parallel()
	const one = "SELECT a FROM t WHERE b = $2 AND c = $1 AND d < 7"
	if got := UnionAll(1, one); got != one {
		t.Errorf("once it is %s", got)
	}
	if got, want := UnionAll(2, one), one+" UNION ALL SELECT a FROM t WHERE b = $4 AND c = $3 AND d < 7"; got != want {
		t.Errorf("twice it is %s, want %s", got, want)
	}
}
