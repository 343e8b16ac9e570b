package judge

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestLooksLike(t *testing.T) {
	t.Parallel()
	wide := []string{"nagano-u.example", "tsubame.example"}
	for _, tt := range []struct {
		name, domain string
		former, own  []string
		want         string
	}{
		{"like the one before", "exarnple.com", []string{"example.com"}, []string{"example.com"}, "example.com"},
		{"like one of long ago", "my-shop.jp", []string{"myshop.jp", "example.com"}, nil, "myshop.jp"},
		{"back to the one before", "example.com", []string{"exarnple.com", "example.com"}, []string{"example.com"}, ""},
		{"a second time to what was new yesterday", "exarnple.com", []string{"example.com", "exarnple.com"}, []string{"example.com"}, "example.com"},
		{"like one that many have here", "tsubarne.example", []string{"example.com"}, nil, "tsubame.example"},
		{"like one that many have everywhere", "gmai1.com", nil, nil, "gmail.com"},
		{"from one provider to another that looks like it", "hotmail.co.jp", []string{"hotmail.com"}, nil, ""},
		{"from one name of a provider to the other", "googlemail.com", []string{"gmail.com"}, nil, ""},
		{"to what many have here", "tsubame.example", []string{"example.com"}, nil, ""},
		{"to what many have here, like the holder's own", "tsubame.example", []string{"tsubarne.example"}, nil, "tsubarne.example"},
		{"somewhere else", "yamada.co.jp", []string{"tanaka.co.jp"}, nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := looksLike(tt.domain, tt.former, wide, tt.own)
			if got != tt.want {
				t.Errorf("%s looks like %q, want %q", tt.domain, got, tt.want)
			}
		})
	}
}

// TestDomainsAreBounded: made-up ones fill no memory, and what many have is kept.
func TestDomainsAreBounded(t *testing.T) {
	t.Parallel()
	var d domains
	for i := range 40_000 {
		d.add(fmt.Sprintf("n%d.example", i))
		if i%4 == 0 {
			d.add("tsubame.example")
		}
	}
	if len(d.counts) > mostDomains {
		t.Errorf("%d domains are kept", len(d.counts))
	}
	if wide := d.wide(); len(wide) != 1 || wide[0] != "tsubame.example" {
		t.Errorf("widely used are %v", wide)
	}
	b, err := d.MarshalBinary()
	var again domains
	if err != nil || again.UnmarshalBinary(b) != nil || len(again.counts) != len(d.counts) {
		t.Errorf("%d domains are read back of %d: %v", len(again.counts), len(d.counts), err)
	}
}

// TestTheListOfDomainsIsNeverOld: it is kept between two contacts, and says what
// a list that is made anew would say.
func TestTheListOfDomainsIsNeverOld(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var d domains
		made := 0
		for range rapid.IntRange(1, 12).Draw(t, "waves") {
			name := rapid.SampledFrom([]string{"a.example", "b.example", "c.example", ""}).Draw(t, "domain")
			for range rapid.SampledFrom([]int{1, 19, 20, 300, 5_000}).Draw(t, "times") {
				if made++; name == "" {
					d.add(fmt.Sprintf("n%d.example", made))
				} else {
					d.add(name)
				}
				if made%7 == 0 {
					fresh := domains{counts: d.counts}
					fresh.sum()
					if diff := cmp.Diff(fresh.wide(), d.wide()); diff != "" {
						t.Fatalf("after %d, widely used are (-anew +kept):\n%s", made, diff)
					}
				}
			}
		}
	})
}
