// Package draw is chance for worlds that are made up: numbers that look like none
// of their neighbours', popularity by Zipf's law, habits between 0 and 1.
//
// What is drawn hangs on the seed alone. Nothing that must not be guessed comes
// from here, and nothing of it serves a holder: packages trial and bench make
// their past of it.
package draw
