package trial

import (
	"bytes"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

const header = "index,Login Timestamp,User ID,Round-Trip Time [ms],IP Address,Country,Region,City,ASN,User Agent String,Browser Name and Version,OS Name and Version,Device Type,Login Successful,Is Attack IP,Is Account Takeover\n"

// all reads everything: "line index browser" of the good rows, and what is told of the broken.
func all(t *testing.T, from io.Reader) (good, broken []string) {
	t.Helper()
	r, err := NewReader(from)
	if err != nil {
		t.Fatal(err)
	}
	for {
		var row Row
		err := r.Read(&row)
		var b *Broken
		switch {
		case err == io.EOF:
			return good, broken
		case errors.As(err, &b):
			broken = append(broken, b.Error())
		case err != nil:
			t.Fatal(err)
		default:
			good = append(good, string(row.Index)+" "+string(row.User)+" "+string(row.Agent)+" "+row.At.Format("15:04:05.000"))
		}
	}
}

func TestRowsAreReadAsTheyStand(t *testing.T) {
	row := func(index, at, user, asn, agent, success string) string {
		return index + "," + at + "," + user + ",,203.0.113.7,NO,-,-," + asn + "," + agent + ",Chrome 90,Android 4.1,mobile," + success + ",False,False\n"
	}
	const noon = "2020-02-03 12:00:00.000"
	for _, c := range []struct {
		name         string
		text         string
		good, broken []string
	}{
		{"a comma in a quoted agent", row("0", noon, "-1", "29695", `"A (KHTML, like Gecko"`, "True"), []string{"0 -1 A (KHTML, like Gecko 12:00:00.000"}, nil},
		{"doubled quotes", row("0", noon, "-1", "29695", `"say ""hi"", then"`, "True"), []string{`0 -1 say "hi", then 12:00:00.000`}, nil},
		{"a quote within a text", row("0", noon, "-1", "29695", `5" screen`, "True"), []string{`0 -1 5" screen 12:00:00.000`}, nil},
		{"a quote that closes nothing", row("0", noon, "-1", "29695", `"a "b" c"`, "True"), []string{`0 -1 a "b" c 12:00:00.000`}, nil},
		{"a line end in quotes", row("0", noon, "-1", "29695", "\"a\nb\"", "True") + row("1", noon, "-2", "1", "c", "False"), []string{"0 -1 a\nb 12:00:00.000", "1 -2 c 12:00:00.000"}, nil},
		{"a quote that is never closed", row("0", noon, "-1", "29695", `"a`, "True") + row("1", noon, "-2", "1", "c", "False"), []string{"1 -2 c 12:00:00.000"}, []string{"line 2: a quote is not closed"}},
		{"no date", row("0", "yesterday", "-1", "29695", "a", "True") + row("1", noon, "-2", "", "c", "False"), []string{"1 -2 c 12:00:00.000"}, []string{`line 2, column "Login Timestamp": "yesterday" is no time like 2020-02-03 12:43:30.772`}},
		{"the 30th of February", row("0", "2020-02-30 12:00:00.000", "-1", "1", "a", "True"), nil, []string{`line 2, column "Login Timestamp": "2020-02-30 12:00:00.000" is no time like 2020-02-03 12:43:30.772`}},
		{"no user", row("0", noon, "", "1", "a", "True"), nil, []string{`line 2, column "User ID": "" is empty`}},
		{"no truth", row("0", noon, "1", "1", "a", "maybe"), nil, []string{`line 2, column "Login Successful": "maybe" is neither True nor False`}},
		{"no number of a network", row("0", noon, "1", "-7", "a", "True"), nil, []string{`line 2, column "ASN": "-7" is no number of a network`}},
		{"a field too few", "0," + noon + ",1\n" + row("1", noon, "-2", "AS12", "c", "1"), []string{"1 -2 c 12:00:00.000"}, []string{"line 2: has 3 fields, the header has 16"}},
		{"other forms of time", row("0", "2020-02-03T12:00:00Z", "1", "1", "a", "True") + row("1", "2020-02-03 12:00:00", "1", "1", "a", "True") + row("2", "2020-02-03 12:00:00.5", "1", "1", "a", "True") + row("3", "2020-02-03 14:00:00+02:00", "1", "1.0", "a", "true"),
			[]string{"0 1 a 12:00:00.000", "1 1 a 12:00:00.000", "2 1 a 12:00:00.500", "3 1 a 12:00:00.000"}, nil},
		{"an empty line and line ends of Windows", "\r\n" + strings.ReplaceAll(row("0", noon, "1", "1", "a", "True"), "\n", "\r\n"), []string{"0 1 a 12:00:00.000"}, nil},
		{"no end of the last line", strings.TrimSuffix(row("0", noon, "1", "1", "a", "True"), "\n"), []string{"0 1 a 12:00:00.000"}, nil},
		{"times as numbers", row("0", "1580731200", "1", "1", "a", "True") + row("1", "1580731200500", "1", "1", "a", "True") + row("2", "1580731200500000", "1", "1", "a", "True") + row("3", "15807312005", "1", "1", "a", "True"),
			[]string{"0 1 a 12:00:00.000", "1 1 a 12:00:00.500", "2 1 a 12:00:00.500"}, []string{`line 5, column "Login Timestamp": "15807312005" is no time like 2020-02-03 12:43:30.772`}},
		{"times that are none of ours", row("0", "0001-01-01 00:00:00", "1", "1", "a", "True") + row("1", "9999-12-31 23:59:59", "1", "1", "a", "True"),
			nil, []string{`line 2, column "Login Timestamp": "0001-01-01 00:00:00" lies before 1971 or after 2138`, `line 3, column "Login Timestamp": "9999-12-31 23:59:59" lies before 1971 or after 2138`}},
		{"truths in other words", row("0", noon, "1", "1", "a", "yes") + row("1", noon, "1", "1", "a", " TRUE ") + row("2", noon, "1", "1", "a", "1.0") + row("3", noon, "1", "1", "a", "n"),
			[]string{"0 1 a 12:00:00.000", "1 1 a 12:00:00.000", "2 1 a 12:00:00.000", "3 1 a 12:00:00.000"}, nil},
		{"networks that nobody knows", row("0", noon, "1", "None", "a", "True") + row("1", noon, "1", "<NA>", "a", "True") + row("2", noon, "1", "N/A", "a", "True") + row("3", noon, "1", "AS", "a", "True"),
			[]string{"0 1 a 12:00:00.000", "1 1 a 12:00:00.000", "2 1 a 12:00:00.000"}, []string{`line 5, column "ASN": "AS" is no number of a network`}},
		{"what tables and lists of networks write", row("0", noon, "1", "Unknown", "a", "True") + row("1", noon, "1", "-1", "a", "True") + row("2", noon, "1", "AS29695 Lyse Tele", "a", "True") + row("3", "2020/02/03 12:00:00", "1", "1", "a", "True") + row("4", " "+noon+" ", "1", "1", "a", "True") + row("5", noon, "1", "1", "a", "nan"),
			[]string{"0 1 a 12:00:00.000", "1 1 a 12:00:00.000", "2 1 a 12:00:00.000", "3 1 a 12:00:00.000", "4 1 a 12:00:00.000"}, []string{`line 7, column "Login Successful": "nan" is neither True nor False`}},
		{"marks that nobody set", strings.Replace(row("0", noon, "1", "1", "a", "True"), "False,False", "nan,None", 1), []string{"0 1 a 12:00:00.000"}, nil},
		{"a row that is too long", row("0", noon, "1", "1", strings.Repeat("a", 10<<20), "True") + row("1", noon, "-2", "1", "c", "False"), []string{"1 -2 c 12:00:00.000"}, []string{"line 2: is longer than 1048576 bytes"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, from := range []io.Reader{strings.NewReader("\xef\xbb\xbf" + header + c.text), iotest.HalfReader(strings.NewReader(header + c.text))} {
				good, broken := all(t, from)
				if diff := cmp.Diff(c.good, good); diff != "" {
					t.Errorf("rows (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(c.broken, broken); diff != "" {
					t.Errorf("broken (-want +got):\n%s", diff)
				}
			}
		})
	}
}

func TestAHeaderWithoutWhatIsNeededIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"":                         "the file is empty",
		"index,User ID\n":          `line 1: there is no column "Login Timestamp"`,
		"index,\"User ID\n1,2,3\n": "line 1: a quote is not closed",
		strings.Replace(header, "ASN", "AS Number", 1): `line 1: there is no column "ASN" among`,
		strings.ReplaceAll(header, ",", ";"):           "separated by commas, not by semicolons",
		strings.ReplaceAll(header, ",", "\t"):          "separated by commas, not by tabs",
		strings.ReplaceAll(header, "", "\x00"):         "UTF-16",
		strings.ReplaceAll(header, "\n", "\r0,1"):      "carriage return alone",
	} {
		if _, err := NewReader(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the header %q gives %v, not %q", text, err, want)
		}
	}
}

func TestColumnsAreFoundByTheirNames(t *testing.T) {
	text := "Login Successful,Login Timestamp,Note,User ID,IP Address,Country,ASN,User Agent String,Browser Name and Version,OS Name and Version,device type\n" +
		"True,2020-02-03 12:00:00.000,odd,7,203.0.113.1,NO,12,agent,Chrome 1,Android 1,mobile\n"
	good, broken := all(t, strings.NewReader(text))
	if !slices.Equal(good, []string{"0 7 agent 12:00:00.000"}) || broken != nil {
		t.Errorf("read %q, broken %q", good, broken)
	}
}

func TestNamesOfColumnsMayBePlain(t *testing.T) {
	text := strings.ToLower(strings.NewReplacer(" ", "_", "-", "_").Replace(header)) + "0,2020-02-03 12:00:00,7,,203.0.113.1,NO,-,-,12,agent,Chrome 1,Android 1,mobile,True,False,True\n"
	r, err := NewReader(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	var row Row
	if err := r.Read(&row); err != nil || string(row.User) != "7" || !row.Takeover {
		t.Errorf("read %q, taken over: %v; %v", row.User, row.Takeover, err)
	}
}

func TestAddressesInOtherForms(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"192.0.2.1": "192.0.2.1", " 192.0.2.1 ": "192.0.2.1", "192.0.2.1:443": "192.0.2.1", "::ffff:192.0.2.1": "192.0.2.1",
		"2001:db8::1": "2001:db8::1", "[2001:db8::1]": "2001:db8::1", "[2001:db8::1]:443": "2001:db8::1", "fe80::1%eth0": "fe80::1",
		"": "invalid IP", "-": "invalid IP", "1.2.3": "invalid IP", "example.com": "invalid IP",
	} {
		if got := addressOf(text).String(); got != want {
			t.Errorf("%q is read as %s, want %s", text, got, want)
		}
	}
}

func TestTheFixtureIsReadWholeAndWrittenAsItWas(t *testing.T) {
	text, err := os.ReadFile("testdata/rows.csv")
	if err != nil {
		t.Fatal(err)
	}
	r, err := NewReader(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w, err := NewWriter(&out)
	if err != nil {
		t.Fatal(err)
	}
	for {
		var row Row
		if err := r.Read(&row); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(&row); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(text), out.String()); diff != "" {
		t.Errorf("written differently (-want +got):\n%s", diff)
	}
}

// FuzzReader looks for bytes that stop the reader, or make it lose count of the file.
func FuzzReader(f *testing.F) {
	text, err := os.ReadFile("testdata/rows.csv")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte("0,2020-02-03 12:00:00.000,1,\"\n\"\",\n,,,\"\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		b = append([]byte(header), b...)
		r, err := NewReader(iotest.HalfReader(bytes.NewReader(b)))
		if err != nil {
			t.Fatal(err)
		}
		for line := int64(1); ; {
			var row Row
			err := r.Read(&row)
			var broken *Broken
			if err == io.EOF {
				break
			}
			if err != nil && !errors.As(err, &broken) {
				t.Fatal(err)
			}
			at := r.Line()
			if broken != nil && broken.Line != at {
				t.Fatalf("line %d is told as line %d", at, broken.Line)
			}
			if at <= line {
				t.Fatalf("line %d comes after line %d", at, line)
			}
			line = at
		}
		if r.Bytes() != int64(len(b)) {
			t.Fatalf("%d bytes read of %d", r.Bytes(), len(b))
		}
	})
}

func BenchmarkReader(b *testing.B) {
	text, err := os.ReadFile("testdata/rows.csv")
	if err != nil {
		b.Fatal(err)
	}
	_, body, _ := bytes.Cut(text, []byte("\n"))
	lines := bytes.Count(body, []byte("\n"))
	r, err := NewReader(io.MultiReader(strings.NewReader(header), &endless{text: body}))
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(body) / lines))
	for b.Loop() {
		var row Row
		if err := r.Read(&row); err != nil {
			b.Fatal(err)
		}
	}
}

// endless repeats a text.
type endless struct {
	text []byte
	at   int
}

func (e *endless) Read(p []byte) (int, error) {
	n := copy(p, e.text[e.at:])
	e.at = (e.at + n) % len(e.text)
	return n, nil
}
