// Package trial makes and reads histories that are not ours: files with the
// columns of the public RBA data set, read row by row in bounded memory, and
// files of the same shape from published marginals, with the intruders and the
// holders' hard cases that the set lacks. It owns the file format and the generator.
//
// It owns no table and touches no database. It is called by the commands below
// `takeback risk`.
package trial
