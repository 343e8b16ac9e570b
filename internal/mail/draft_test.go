package mail

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What is sent is what would have been written when the letter was queued.
func TestADraftIsRenderedAsItsLetter(t *testing.T) {
	t.Parallel()
	p := office(t)
	for _, language := range languages {
		for _, b := range samples(language) {
			t.Run(string(b.Kind())+" in "+language, func(t *testing.T) {
				l := Letter{To: must(t, "hanako@example.jp"), Name: "佐藤花子", Language: language, Zone: "Europe/Paris", Number: NewNumber(), Body: b}
				e, v, err := p.address("letter_1", noon, l)
				if err != nil {
					t.Fatal(err)
				}
				r, err := v.render(language)
				if err != nil {
					t.Fatal(err)
				}
				text, err := draftOf(l).text()
				if err != nil {
					t.Fatal(err)
				}
				got, copied, err := p.rendered(&stored{id: "letter_1", kind: b.Kind(), language: language, number: l.Number, address: l.To.String(), at: noon}, text)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(string(compose(e, r)), string(got)); diff != "" {
					t.Error(diff)
				}
				if want, err := v.copied(language); err != nil || copied != want {
					t.Errorf("the copy reads\n%s\nwant, %v\n%s", copied, err, want)
				}
			})
		}
	}
}

func TestALinkToElsewhereIsRefusedBeforeTheLetterIsTakenIn(t *testing.T) {
	t.Parallel()
	if _, err := office(t).Prepare(noon, Letter{To: must(t, "hanako@example.jp"), Language: "en", Body: Reset{Link: "https://evil.example/reset"}}); err == nil {
		t.Error("it was taken")
	}
}
