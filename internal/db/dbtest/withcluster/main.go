package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"

	"takeback/internal/db/dbtest/cluster"
)

func main() {
	code, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "withcluster:", err)
		code = 1
	}
	os.Exit(code)
}

// run gives the exit code of the command.
func run(args []string) (code int, err error) {
	if len(args) == 0 {
		return 0, errors.New("say which command to run")
	}
	signal.Ignore(os.Interrupt) // the command hears it too, and ends first
	command := exec.Command(args[0], args[1:]...)
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	if os.Getenv("TAKEBACK_TEST_POSTGRES") == "" {
		c, err := cluster.Start()
		if err != nil {
			return 0, err
		}
		defer func() { err = errors.Join(err, c.Stop()) }()
		command.Env = append(os.Environ(), "TAKEBACK_TEST_POSTGRES="+c.URL)
	}
	err = command.Run()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return max(exit.ExitCode(), 1), nil
	}
	return 0, err
}
