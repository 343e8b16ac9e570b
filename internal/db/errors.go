package db

import (
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
)

// IsDuplicate tells whether err says that a unique value exists already. After
// it the transaction can only be left: PostgreSQL refuses to go on.
func IsDuplicate(err error) bool {
	if e := (*sqlite.Error)(nil); errors.As(err, &e) {
		return e.Code() == 2067 || e.Code() == 1555 // SQLITE_CONSTRAINT_UNIQUE, _PRIMARYKEY
	}
	if e := (*pgconn.PgError)(nil); errors.As(err, &e) {
		return e.Code == "23505" // unique_violation
	}
	return false
}

// mayRunAgain tells whether the whole transaction can be tried once more.
func mayRunAgain(err error) bool {
	if e := (*sqlite.Error)(nil); errors.As(err, &e) {
		switch e.Code() {
		case 5, 6, 262, 517: // BUSY, LOCKED, LOCKED_SHAREDCACHE, BUSY_SNAPSHOT
			return true
		}
	}
	if e := (*pgconn.PgError)(nil); errors.As(err, &e) {
		return e.Code == "40001" || e.Code == "40P01" // serialization_failure, deadlock_detected
	}
	return false
}
