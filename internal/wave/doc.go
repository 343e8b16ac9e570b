// Package wave notices that somebody tries stolen passwords at many accounts.
//
// It hears of every sign-in that failed, counts by minute how many different
// names were tried: in all, by network, and by what the client calls itself, and
// compares that with what is usual here. A wave has a beginning, an end and a
// height; operators see it at the desk and in the log. While it lasts, whoever
// signs in is asked for a proof of work, and in a high one for the picture puzzle.
//
// It refuses nobody and locks nothing: room signin limits tries, and asks this
// room how the door stands. It says nothing of a single account; room judge does.
// Several processes add their counts in the database and so see the same wave.
// Names are told apart by a hash with a key of the process and are never kept.
//
// It comes with room signin in the story. Its tables are failed_minute and guess_wave.
package wave
