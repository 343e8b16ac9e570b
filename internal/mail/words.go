package mail

import (
	"fmt"
	"time"
)

// words are the few turns of a language that templates cannot make: dates,
// lengths of time, the form of a subject.
type words struct {
	subject   string // service, subject
	utc       string // the time in UTC
	link      string // in a copy, instead of a link that is for the reader of the letter alone
	code      string // and of a code
	date      func(time.Time) string
	shortDate func(time.Time) string
	clock     func(time.Time) string
	span      func(time.Duration) string
}

var wordsOf = map[string]words{
	"en": {
		subject:   "%s: %s",
		utc:       " (%s UTC)",
		link:      "[link: only in the letter itself]",
		code:      "[code: only in the letter itself]",
		date:      func(t time.Time) string { return t.Format("Monday, 2 January 2006, ") },
		shortDate: func(t time.Time) string { return t.Format("2 Jan ") },
		clock:     func(t time.Time) string { return t.Format("15:04 MST") },
		span: func(d time.Duration) string {
			switch {
			case d >= 96*time.Hour && d%(24*time.Hour) == 0:
				return count(int(d/(24*time.Hour)), "day")
			case d >= time.Hour && d%time.Hour == 0:
				return count(int(d/time.Hour), "hour")
			}
			return count(int((d+time.Minute-1)/time.Minute), "minute")
		},
	},
	"ja": {
		subject:   "【%s】%s",
		utc:       "（協定世界時 %s）",
		link:      "［リンクは実際のメールにのみ記載］",
		code:      "［コードは実際のメールにのみ記載］",
		date:      func(t time.Time) string { return t.Format("2006年1月2日") + "（" + weekdays[t.Weekday()] + "）" },
		shortDate: func(t time.Time) string { return t.Format("1月2日 ") },
		clock: func(t time.Time) string {
			zone, _ := t.Zone()
			if zone == "JST" {
				zone = "日本時間"
			}
			return t.Format("15:04 ") + zone
		},
		span: func(d time.Duration) string {
			switch {
			case d >= 96*time.Hour && d%(24*time.Hour) == 0:
				return fmt.Sprintf("%d日間", d/(24*time.Hour))
			case d >= time.Hour && d%time.Hour == 0:
				return fmt.Sprintf("%d時間", d/time.Hour)
			}
			return fmt.Sprintf("%d分", (d+time.Minute-1)/time.Minute)
		},
	},
}

var weekdays = []string{"日", "月", "火", "水", "木", "金", "土"}

func count(n int, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return fmt.Sprintf("%d %ss", n, unit)
}
