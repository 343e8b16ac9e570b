// Package story plays the whole story against the real program: by script
// (testdata/script/*.txtar), in a browser, and under kill -9. It has tests only.
//
// Scripts and browsers meet a house that may stand in the past first, in the
// test's own process: what takes weeks in a story takes no time in its test.
package story
