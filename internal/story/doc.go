// Package story plays the whole story against the real program: by script
// (testdata/*.txtar), in a browser, and under kill -9. It has tests only.
package story
