// Package breach tells passwords that are on the lists of intruders.
//
// It owns the filter: a file that says of any password whether it was on the
// lists it was built from. It is wrong in no case where it was, and in one of
// four billion where it was not. Build makes one of any number of lines in bounded
// memory, Open maps it, Filter.Has asks it. Range asks a service by the first
// five of the forty digits of a password's SHA-1, as Have I Been Pwned does.
//
// No password and nothing that is computed from one is logged, stored or part
// of an error. What a listed password means is decided where passwords are set.
package breach
