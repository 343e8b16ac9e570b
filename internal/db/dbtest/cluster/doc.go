// Package cluster starts a PostgreSQL that lives for one run of tests.
//
// It listens on a socket in a folder of its own, in memory or under /tmp, which
// only its user can enter, and keeps nothing: no fsync, no autovacuum. A keeper process
// beside it holds a pipe to whoever started it; when that process is gone, however it went,
// the keeper stops the server and removes the folder.
//
// Package dbtest and the command withcluster use it; it is for tests only.
package cluster
