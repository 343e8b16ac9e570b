package trial

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"takeback/internal/risk"
)

func TestHeldBack(t *testing.T) {
	tests := []struct {
		name string
		news risk.News
		part float64
		want int
	}{
		{"nothing new", risk.News{}, .3, 0},
		{"a new telephone at home", risk.News{Address: true, Agent: true, Browser: true, OS: true, Device: true}, .3, 0},
		{"a journey with what he has", risk.News{Address: true, Network: true, Country: true}, .001, 0},
		{"another network of the country, where many are", risk.News{Address: true, Network: true, Agent: true}, .3, daysNear},
		{"one where hardly anybody is", risk.News{Address: true, Network: true, Agent: true}, .005, daysFar},
		{"another country", risk.News{Address: true, Network: true, Country: true, Agent: true}, .3, daysFar},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := heldBack(tt.news, tt.part); got != tt.want {
				t.Errorf("%d days, want %d", got, tt.want)
			}
		})
	}
}

// street is a file of rows to which some are added. It is so short that time alone
// vouches for none of its guests within the test.
type street struct {
	head       string
	rows       []string // without the index
	first, end time.Time
}

func newStreet(t testing.TB) street {
	m := generate(t, 60, 9, 0)
	s := street{}
	s.head, _, _ = strings.Cut(m.rows, "\n")
	lines := strings.Split(strings.TrimSpace(m.rows), "\n")[1:]
	each(t, m.rows, func(r *Row) {
		if i := len(s.rows); i == 0 || r.At.Before(s.first.AddDate(0, 0, 240)) {
			_, row, _ := strings.Cut(lines[i], ",")
			s.rows, s.end = append(s.rows, row), r.At
			if i == 0 {
				s.first = r.At
			}
		}
	})
	return s
}

// visitor is a row of an intruder.
type visitor struct {
	user, address, country, network, agent, browser, system string
	takeover                                                bool
	at                                                      time.Time
}

func (v visitor) row() string {
	return fmt.Sprintf("%s,%s,,%s,%s,-,-,%s,%s,%s,%s,mobile,True,False,%v", v.at.UTC().Format("2006-01-02 15:04:05.000"), v.user, v.address, v.country, v.network, v.agent, v.browser, v.system,
		map[bool]string{true: "True", false: "False"}[v.takeover])
}

// scores gives the scores of the rows that were added after those of the street.
func (s street) scores(t interface {
	Helper()
	Fatal(...any)
}, added ...string) (of []float64) {
	t.Helper()
	tables, err := risk.ShippedTables()
	if err != nil {
		t.Fatal(err)
	}
	var in, out bytes.Buffer
	fmt.Fprintln(&in, s.head)
	for i, row := range append(append([]string{}, s.rows...), added...) {
		fmt.Fprintf(&in, "%d,%s\n", i, row)
	}
	if _, err := (Replay{Tables: tables, Sizes: small, Use: ours, Scores: &out}).run(&in); err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(strings.TrimSpace(out.String()), "\n")[1+len(s.rows):] {
		x, err := strconv.ParseFloat(strings.Split(line, ",")[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		of = append(of, x)
	}
	return of
}

// known gives an account with some history.
func (s street) known(t testing.TB) (user string) {
	counts := map[string]int{}
	for _, row := range s.rows {
		if f := strings.Split(row, ","); strings.HasSuffix(row, "True,False,False") {
			counts[f[1]]++
		}
	}
	for u, n := range counts {
		if n > 5 && (user == "" || u < user) {
			user = u
		}
	}
	if user == "" {
		t.Fatal("nobody has a history")
	}
	return user
}

// TestALoudNewcomerIsNotKnownForComingAgain: successes that nobody marked, whose
// scores are high enough to be asked, leave the next one as it was, until nobody
// has come so for some days.
func TestALoudNewcomerIsNotKnownForComingAgain(t *testing.T) {
	s := newStreet(t)
	user := s.known(t)
	stranger := visitor{user: user, address: "45.83.1.9", country: "BR", network: "9999", agent: "stranger's", browser: "Odd 1", system: "Odd OS 2"}
	tests := []struct {
		name   string
		apart  time.Duration
		visits int
		known  bool
	}{
		{"three times within half an hour", 10 * time.Minute, 3, false},
		{"three times, a day apart", 24 * time.Hour, 3, false},
		{"forty times, a day apart", 24 * time.Hour, 40, false},
		{"three times, two weeks apart", 14 * 24 * time.Hour, 3, false},
		{"after more days without him", (daysFar + 1) * 24 * time.Hour, 3, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			at := s.end
			var rows []string
			for range tt.visits {
				at = at.Add(tt.apart)
				v := stranger
				v.at = at
				rows = append(rows, v.row())
			}
			v := stranger
			v.at, v.takeover = at.Add(tt.apart), true
			without, with := s.scores(t, v.row()), s.scores(t, append(rows, v.row())...)
			loud, got, want := with[0], with[len(with)-1], without[0]
			if loud < risk.ShippedLimits().StepUp {
				t.Fatalf("the first scores %.2f, nobody would have asked", loud)
			}
			if tt.known != (got < want-.1) || !tt.known && got < want-.001 {
				t.Errorf("%.4f after his visits, %.4f without; known: want %v", got, want, tt.known)
			}
		})
	}
}

// TestNoSuccessOfAStrangerLowersTheNext: whatever he shares with the holder, whether
// his visits are loud or quiet, and whoever comes in between.
func TestNoSuccessOfAStrangerLowersTheNext(t *testing.T) {
	s := newStreet(t)
	user := s.known(t)
	var holder []string // his own rows
	mine, theirs := map[string]bool{}, map[string][]string{}
	each(t, s.head+"\n0,"+strings.Join(s.rows, "\n0,")+"\n", func(r *Row) {
		network, country := strconv.Itoa(int(r.Network)), string(r.Country)
		if string(r.User) == user {
			mine[network] = true
		} else if r.Success {
			theirs[country] = append(theirs[country], network) // the popular ones often
		}
	})
	for _, row := range s.rows {
		if f := strings.Split(row, ","); f[1] == user && strings.HasSuffix(row, "True,False,False") {
			holder = append(holder, row)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		home := strings.Split(rapid.SampledFrom(holder).Draw(t, "holder's row"), ",")
		x := visitor{user: user, country: "BR", network: "9999", agent: "stranger's", browser: "Odd 1", system: "Odd OS 2"}
		days := daysFar
		if rapid.Bool().Draw(t, "near") {
			x.country, days = home[4], daysNear
			if others := slices.DeleteFunc(slices.Clone(theirs[x.country]), func(n string) bool { return mine[n] }); len(others) > 0 {
				x.network = rapid.SampledFrom(others).Draw(t, "network")
			}
		}
		at := s.end
		var visits, between []string
		for i := range rapid.IntRange(1, 8).Draw(t, "visits") {
			at = at.Add(time.Duration(rapid.IntRange(1, (days-1)*24*60).Draw(t, "minutes")) * time.Minute)
			x.at, x.address = at, fmt.Sprintf("45.83.%d.9", i*rapid.IntRange(0, 1).Draw(t, "elsewhere"))
			visits = append(visits, x.row())
			if rapid.Bool().Draw(t, "holder comes") {
				at = at.Add(time.Minute)
				_, as, _ := strings.Cut(rapid.SampledFrom(holder).Draw(t, "as"), ",")
				row := at.UTC().Format("2006-01-02 15:04:05.000") + "," + as
				visits, between = append(visits, row), append(between, row)
			}
		}
		x.at, x.takeover = at.Add(time.Minute), true
		with, without := s.scores(t, append(visits, x.row())...), s.scores(t, append(between, x.row())...)
		if got, want := with[len(with)-1], without[len(without)-1]; got < want-.1 { // what the holder teaches in between may differ by hundredths
			t.Errorf("%.4f after his visits, %.4f without", got, want)
		}
	})
}
