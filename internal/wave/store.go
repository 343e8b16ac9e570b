package wave

import (
	"time"

	"takeback/internal/db"
)

// minuteOf numbers the minutes since 1970.
func minuteOf(t time.Time) int64 { return t.Unix() / 60 }

func addMinute(tx *db.Tx, minute int64, source string, c counted) error {
	return tx.Put(`INSERT INTO failed_minute (minute, source, tries, names) VALUES ($1, $2, $3, $4)
		ON CONFLICT (minute, source) DO UPDATE SET tries = failed_minute.tries + excluded.tries, names = failed_minute.names + excluded.names`,
		minute, source, c.tries, c.names)
}

func forgetMinutes(tx *db.Tx, before int64) error {
	return tx.Put(`DELETE FROM failed_minute WHERE minute < $1`, before)
}

// lately gives what each source counted in the window, if it is enough to be looked at.
func lately(tx *db.Tx, from int64) (map[string]counted, error) {
	all := map[string]counted{}
	_, err := db.All(tx, func(s db.Scanner) (struct{}, error) {
		var source string
		var c counted
		err := s.Scan(&source, &c.tries, &c.names)
		all[source] = c
		return struct{}{}, err
	}, `SELECT source, SUM(tries), SUM(names) FROM failed_minute WHERE minute > $1 GROUP BY source HAVING SUM(names) >= $2`, from, lowest)
	return all, err
}

// namesOf gives the names that a source counted in each minute of a time.
func namesOf(tx *db.Tx, source string, from, until int64) ([]int, error) {
	return db.All(tx, db.Scan1[int], `SELECT names FROM failed_minute WHERE source = $1 AND minute > $2 AND minute <= $3`, source, from, until)
}

const waveColumns = `source, began_at, high_at, ended_at, tries, names`

func scanWave(s db.Scanner) (w Wave, err error) {
	err = s.Scan(&w.Source, db.At(&w.Began), db.At(&w.High), db.At(&w.Ended), &w.Tries, &w.Names)
	return w, err
}

func openWaves(tx *db.Tx) ([]Wave, error) {
	return db.All(tx, scanWave, `SELECT `+waveColumns+` FROM guess_wave WHERE ended_at IS NULL ORDER BY began_at, source`)
}

func latestWaves(tx *db.Tx, most int) ([]Wave, error) {
	return db.All(tx, scanWave, `SELECT `+waveColumns+` FROM guess_wave ORDER BY began_at DESC, source LIMIT $1`, most)
}

// begin tells whether a wave is new: of two processes that see it one begins it.
func begin(tx *db.Tx, w Wave) (bool, error) {
	n, err := tx.Exec(`INSERT INTO guess_wave (source, began_at, high_at, tries, names) VALUES ($1, $2, $2, $3, $4) ON CONFLICT DO NOTHING`,
		w.Source, tx.Now, w.Tries, w.Names)
	return n > 0, err
}

// grow keeps how high an open wave went.
func grow(tx *db.Tx, source string, c counted) error {
	return tx.Put(`UPDATE guess_wave SET high_at = $2, tries = CASE WHEN tries < $3 THEN $3 ELSE tries END, names = CASE WHEN names < $4 THEN $4 ELSE names END
		WHERE source = $1 AND ended_at IS NULL`, source, tx.Now, c.tries, c.names)
}

// end tells whether a wave was open until now.
func end(tx *db.Tx, source string, calmSince time.Time) (bool, error) {
	n, err := tx.Exec(`UPDATE guess_wave SET ended_at = $2 WHERE source = $1 AND ended_at IS NULL AND high_at <= $3`, source, tx.Now, calmSince)
	return n > 0, err
}
