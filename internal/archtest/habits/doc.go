// Command habits prints sizes, comments and tests of this tree beside those of
// eight Go servers that are a pleasure to read, and beside the value at which
// it is time to talk. Nothing fails on it: a number is the beginning of a
// conversation, and the outliers it names are where to begin.
package main
