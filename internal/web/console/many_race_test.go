//go:build race

package console_test

// many is fewer with the race detector, which makes reading a history ten times
// slower: beside other tests a page would meet the deadline of its request.
const many = 600

// raced tells whether this is the race detector's build.
const raced = true
