//go:build !race

package console_test

// many is how many changes an incident has that is large.
const many = 2000

// raced tells whether this is the race detector's build.
const raced = false
