package console_test

import (
	"encoding/json"
	"strings"
	"testing"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/finding"
	"takeback/internal/freeze"
	"takeback/internal/history"
	"takeback/internal/session"
)

// TestTheEvidenceOfALongChainSaysWhatItLeavesOut: where hundreds of sessions came
// out of one another, the page says where it began and how it came to its end.
func TestTheEvidenceOfALongChainSaysWhatItLeavesOut(t *testing.T) {
	t.Parallel()
	h := build(t, db.SQLite)
	sessions, last := session.New(h.db, h.book, h.keeper), ""
	thief := access.Client{Device: "device-x", IP: "203.0.113.66"}
	h.write(func(tx *db.Tx) error {
		if err := account.Create(tx, "acc_hana", "ja"); err != nil {
			return err
		}
		for range finding.Longest + 30 {
			a, err := account.Get(tx, "acc_hana")
			if err != nil {
				return err
			}
			o := session.Opening{Account: a, Verb: history.Open, Client: thief, Parent: last}
			if last != "" {
				o.Verb = history.Derive
			}
			s, _, _, err := sessions.Open(tx, o)
			if err != nil {
				return err
			}
			last = s.ID
			if _, err := h.book.Append(tx, history.Entry{Account: a.ID, By: s.Actor(thief), Verb: history.Set, Path: "name", Value: json.RawMessage(`"x"`)}); err != nil {
				return err
			}
		}
		z := &freeze.Freezer{Files: h.files, Book: h.book}
		var err error
		h.c, err = z.Stop(tx, casefile.Case{Account: "acc_hana", Source: "not-me", Language: "ja", ReportedSeq: 1}, access.Actor{})
		return err
	})
	ken := h.staff("Ken", access.Investigator)
	ok(t, ken.send("/mark", "verdict", "intruder"), "heart.marked")
	address := ken.page() + "?session=" + last
	page := doc(t, ken.get(address+"&lang=en"))
	if n := page.Find("svg.evidence .hop.session").Length(); n != finding.Longest {
		t.Errorf("%d sessions are drawn", n)
	}
	if n := strings.Count(page.Find("svg.evidence .edge").Text(), "that are not drawn"); n != 1 {
		t.Errorf("the picture says %d times that something is left out", n)
	}
	list := page.Find("#why ol.links li")
	if first, second := list.Eq(0).Text(), list.Eq(1).Text(); strings.Contains(first, "Many more") || !strings.Contains(second, "Many more lie between") {
		t.Errorf("the list begins with %q and %q", first, second)
	}
	if !strings.Contains(page.Text(), "Evidence: changes 1 → … → ") {
		t.Error("the table does not shorten the evidence")
	}
	if japanese := doc(t, ken.get(address+"&lang=ja")).Find("#why").Text(); !strings.Contains(japanese, "（省略）") || !strings.Contains(japanese, "順につながる多くの変更") {
		t.Errorf("in Japanese it says\n%.600s", japanese)
	}
}
