package desk

import "takeback/internal/db"

// Looked tells whether somebody of the staff ever looked at the account of a case.
func (d *Desk) Looked(tx *db.Tx, staff, caseID string) (looked bool, err error) {
	err = tx.Row(`SELECT EXISTS (SELECT 1 FROM look WHERE case_id = $1 AND staff = $2)`, caseID, staff).Scan(&looked)
	return looked, err
}
