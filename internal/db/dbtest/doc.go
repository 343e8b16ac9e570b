// Package dbtest gives every test a fresh database with the schema in it, on
// both engines.
//
// SQLite is a file in the test's folder, copied from one that was migrated
// once per process. PostgreSQL is a database of its own, made from a
// migrated template, on a throw-away cluster: the one that
// TAKEBACK_TEST_POSTGRES names (make test starts one for all packages), or else
// one that lives as long as the test process. A machine without PostgreSQL
// fails the test and says what to install.
package dbtest
