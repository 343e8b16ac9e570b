package console_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/history"
	"takeback/internal/session"
)

// visited gives accounts that all had the same visitor.
func (h *house) visited(n int) {
	h.t.Helper()
	sessions := session.New(h.db, h.book, h.keeper)
	h.write(func(tx *db.Tx) error {
		for i := range n {
			id := fmt.Sprintf("acc_v%d", i)
			if err := account.Create(tx, id, "ja"); err != nil {
				return err
			}
			a, err := account.Get(tx, id)
			if err != nil {
				return err
			}
			if _, _, _, err = sessions.Open(tx, session.Opening{Account: a, Verb: history.Open, Client: access.Client{Device: "device-x", IP: "203.0.113.66"}}); err != nil {
				return err
			}
		}
		return nil
	})
}

// draft drafts a campaign by its page and gives the page it leads to.
func (b *clerk) draft(common, value string) (page string, w *httptest.ResponseRecorder) {
	b.t.Helper()
	form := doc(b.t, b.get("/desk/campaigns?lang=en"))
	from, _ := form.Find("#from").Attr("value")
	until, _ := form.Find("#until").Attr("value")
	w = b.post("/desk/campaigns", "common", common, "value", value, "from", from, "until", until, "story", "One device in many accounts.")
	page, _, _ = strings.Cut(w.Header().Get("Location"), "?")
	return page, w
}

func TestACampaignIsDraftedByOneAndConfirmedByAnother(t *testing.T) {
	t.Parallel()
	h := build(t, db.SQLite)
	h.visited(7)
	ito, mori := h.staff("Ito", access.Investigator), h.staff("Mori", access.Supervisor)
	if _, w := ito.draft("device", "nobody's"); w.Code != http.StatusConflict || !strings.Contains(text(t, w), "No account has this in common") {
		t.Errorf("a device of nobody: %d %s", w.Code, text(t, w))
	}
	if _, w := ito.draft("network", "not an address"); w.Code == http.StatusSeeOther {
		t.Error("a network that is none was taken")
	}
	page, w := ito.draft("device", "device-x")
	ok(t, w, "campaign.drafted")
	if got := text(t, ito.get(page+"?lang=en")); !strings.Contains(got, "7") || !strings.Contains(got, "Nobody is held yet") || strings.Contains(got, "Hold all these") {
		t.Errorf("the draft's page for who drafted it: %s", got)
	}
	if w := ito.post(page + "/confirm"); w.Code != http.StatusForbidden {
		t.Errorf("confirmed by an investigator: %d", w.Code)
	}
	ok(t, mori.post(page+"/confirm"), "campaign.confirmed")
	h.write(func(tx *db.Tx) error {
		a, err := account.Get(tx, "acc_v3")
		if a.State != account.Frozen {
			t.Errorf("an account of the cohort is %s", a.State)
		}
		return err
	})
	ok(t, mori.post(page+"/let-go", "number", "acc_v3"), "campaign.let-go")
	if w := mori.post(page+"/let-go", "number", "acc_v3"); w.Code != http.StatusNotFound {
		t.Errorf("let go twice: %d", w.Code)
	}
	h.lead(strings.TrimPrefix(page, "/desk/campaigns/"), "device-y", "device-z")
	if got := text(t, ito.get(page+"?lang=en")); !strings.Contains(got, "device-y") || strings.Contains(got, "Hold these") {
		t.Errorf("the leads for who drafted it: %s", got)
	}
	if w := ito.post(page+"/follow", "common", "device", "value", "device-y"); w.Code != http.StatusForbidden {
		t.Errorf("followed by an investigator: %d", w.Code)
	}
	ok(t, mori.post(page+"/follow", "common", "device", "value", "device-y"), "campaign.followed")
	ok(t, ito.post(page+"/leave", "common", "device", "value", "device-z"), "campaign.left")
	for _, value := range []string{"device-y", "device-z"} {
		if w := mori.post(page+"/follow", "common", "device", "value", value); w.Code != http.StatusConflict {
			t.Errorf("%s followed once more: %d", value, w.Code)
		}
	}
	if w := mori.post(page+"/follow", "common", "device", "value", "nobody's"); w.Code != http.StatusNotFound {
		t.Errorf("followed what is no lead: %d", w.Code)
	}
	ok(t, mori.post(page+"/open"), "campaign.opened")
	if w := mori.post(page + "/open"); w.Code != http.StatusConflict {
		t.Errorf("opened twice: %d", w.Code)
	}
}

// The pages of campaigns in a window of a phone and of a desk, in both languages.
func TestCampaignPagesFitTheirWindow(t *testing.T) {
	t.Parallel()
	h := build(t, db.SQLite)
	h.visited(40)
	ito, mori := h.staff("Ito", access.Investigator), h.staff("Mori", access.Supervisor)
	page, w := ito.draft("device", "device-x")
	ok(t, w, "campaign.drafted")
	draft, w := ito.draft("network", "203.0.113.9")
	ok(t, w, "campaign.drafted")
	ok(t, mori.post(page+"/confirm"), "campaign.confirmed")
	h.fill(strings.TrimPrefix(page, "/desk/campaigns/"))
	h.lead(strings.TrimPrefix(page, "/desk/campaigns/"), "dev_06h232kstag5gmwdsec9fj3wqc06h232kstag5gmwdsec9fj3wqc", "device-z")
	mori.looks(map[string]string{"desk-campaigns": "/desk/campaigns", "desk-campaign": page, "desk-campaign-draft": draft})
}

// lead writes devices that were found in accounts of a campaign.
func (h *house) lead(id string, devices ...string) {
	h.t.Helper()
	h.write(func(tx *db.Tx) error {
		for i, device := range devices {
			if err := tx.Put(`INSERT INTO campaign_lead (campaign, kind, value, round, seen, more, state) VALUES ($1, 'device', $2, 1, $3, 12, 'proposed')`, id, device, 7-i); err != nil {
				return err
			}
		}
		return nil
	})
}

// fill writes what the work on a campaign would have left by now.
func (h *house) fill(id string) {
	h.t.Helper()
	h.write(func(tx *db.Tx) error {
		shapes := map[string]string{"shape_aa11": "1 cancel order/*\n2 revoke password\n3 put name\n5 put-back email", "shape_bb22": "2 revoke password\n? suspect-change address/*"}
		for shape, lines := range shapes {
			if err := tx.Put(`INSERT INTO campaign_shape (campaign, shape, lines, open, stopped) VALUES ($1, $2, $3, $4, '')`, id, shape, lines, shape == "shape_bb22"); err != nil {
				return err
			}
		}
		for i := range 30 {
			state, shape, caseID := "clean", "", ""
			if i >= 10 {
				c, _, err := h.files.Open(tx, casefile.Case{Account: fmt.Sprintf("acc_v%d", i), Source: "campaign", Step: casefile.Frozen}, access.Actor{})
				if err != nil {
					return err
				}
				state, shape, caseID = "planned", "shape_aa11", c.ID
			}
			switch {
			case i == 29:
				state, shape = "aside", ""
			case i > 24:
				shape = "shape_bb22"
			case i > 22:
				state = "running"
			case i > 20:
				state = "restored"
			}
			if err := tx.Put(`INSERT INTO campaign_account (campaign, account, state, case_id, shape, plan, deadline, pilot, at) VALUES ($1, $2, $3, $4, $5, '', NULL, $6, $7)`,
				id, fmt.Sprintf("acc_v%d", i), state, caseID, shape, i == 21, tx.Now); err != nil {
				return err
			}
		}
		return tx.Put(`UPDATE campaign SET step = 'carrying' WHERE id = $1`, id)
	})
}
