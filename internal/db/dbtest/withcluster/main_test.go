package main

import "testing"

func TestRun(t *testing.T) {
	tests := []struct {
		name   string
		server string // TAKEBACK_TEST_POSTGRES before
		args   []string
		code   int
		fails  bool
	}{
		{"the exit code of the command is ours", "postgres://elsewhere", []string{"sh", "-c", "exit 3"}, 3, false},
		{"a server that is named is used", "postgres://elsewhere", []string{"sh", "-c", `test "$TAKEBACK_TEST_POSTGRES" = postgres://elsewhere`}, 0, false},
		{"otherwise one is started for the command", "", []string{"sh", "-c", `test -S "${TAKEBACK_TEST_POSTGRES##*host=}/.s.PGSQL.5432"`}, 0, false},
		{"no command is an error", "", nil, 0, true},
		{"a command that does not exist is an error", "postgres://elsewhere", []string{"no-such-command"}, 0, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("TAKEBACK_TEST_POSTGRES", tt.server)
			code, err := run(tt.args)
			if code != tt.code || (err != nil) != tt.fails {
				t.Errorf("got %d, %v, want %d, error %t", code, err, tt.code, tt.fails)
			}
		})
	}
}
