// Package bench measures the running code against the machine's own limit, in
// the same run: absolute figures say more about the machine than about us.
//
// It owns nothing. Every measurement makes a fresh database, alternates short
// rounds of the real path with rounds of the least that any program would have
// to do for the same outcome, and gives medians. What else runs on the machine
// hits both alike. It is the only package besides db that speaks to a database
// itself, because the limits are plain SQL.
package bench
