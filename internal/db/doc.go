// Package db opens the database, SQLite or PostgreSQL, behind one small seam.
//
// Rooms keep their own SQL beside its scan; this package gives them Read and
// Write, a transaction that knows the time, and news of what was committed. One
// SQL text runs on both engines: $1 placeholders and the constructs that both
// understand alike (a test keeps the list of those they do not).
//
// Writers that wait together commit together. On SQLite there is one writer;
// whoever arrives while a commit is on its way to the disk joins the next one,
// each inside a savepoint of its own, and nobody is answered before the commit
// is durable. On PostgreSQL every writer has a connection, and statements whose
// answer nobody needs (Put) travel with the next one that has an answer.
//
// It owns the migrations, embedded, numbered, forward only; a database that is
// newer than the program is refused.
package db
