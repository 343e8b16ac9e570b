// Package webtest checks what the compiler cannot see of a face: that every
// template fits its view, that every key has words in every language, that a
// page can be read by a browser. Tests only.
package webtest
