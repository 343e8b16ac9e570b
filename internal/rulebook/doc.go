// Package rulebook holds the operator's own rules about sign-ins and changes:
// expressions in CEL, as "event.kind == 'exported' && account.sign_ins < 3".
//
// They are typed and bounded in cost when the program starts, so that a rule
// that names an unknown field, is no yes or no, or could run long is refused
// with its line and column before it judges anybody. A rule can only ask for
// more than the program decided by itself, never for less; one in shadow is
// counted and does nothing.
//
// It knows the words that rules are written in (Facts) and nothing of where
// they come from: package judge fills them in and counts what fired.
package rulebook
