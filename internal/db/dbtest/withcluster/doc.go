// Command withcluster runs a command, such as go test ./..., with one
// throw-away PostgreSQL for all the processes that the command starts. Each of them
// would start its own otherwise. Where TAKEBACK_TEST_POSTGRES names a server already, that one is used.
package main
