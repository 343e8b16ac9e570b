// Package trial tries the score of sign-ins on histories that are not ours: files
// with the columns of the public RBA data set, read row by row in bounded memory,
// and files of the same shape that it makes itself from published marginals. It
// owns the file format, the generator with its intruders and the holders' hard
// cases, and the protocol of the trial: score before learning, thresholds from
// the earlier part, intervals over accounts. What follows a sign-in is tried on
// files of events (course.go, stopped.go): what was done before value moved, and
// what all that is worth without cookies or files about addresses, on the first
// days, under attack and after poison (ablate.go).
//
// A file of rows has no second proofs in it. A success that was loud enough for one
// in twenty to be asked is taken to have been asked and to have passed; one that was
// quiet vouches for nothing (asking.go). One that was new in both, place and client,
// is held back from its like for some days (newcomer.go).
//
// It has no score of its own: both scorers, their profiles and counters and the
// fitting of weights are package risk's. It owns no table and touches no database.
// It is called by the commands `takeback risk generate`, `eval`, `ablate` and `fit`.
package trial
