package console_test

import (
	"fmt"
	"net/http"
	"testing"

	"takeback/internal/access"
	"takeback/internal/db"
)

// surge lets many names fail from one network, with a client whose name is markup.
func (h *house) surge() {
	for i := range 70 {
		h.waves.Failed(fmt.Sprintf("n%d@example.jp", i), access.Client{IP: fmt.Sprintf("192.0.2.%d", i), UserAgent: "<script>alert(1)</script>"})
	}
	must(h.t, h.waves.Look(h.t.Context()))
}

func TestWavesAreToldOfAtTheDesk(t *testing.T) {
	t.Parallel()
	h := build(t, db.SQLite)
	boss := h.staff("Mori", access.Supervisor)
	if doc(t, boss.get("/desk/risk?lang=en")).Find("#waves").Length() != 0 {
		t.Error("a wave is told of in calm weather")
	}
	if doc(t, boss.get("/desk/wall")).Find("#guessed").Length() != 0 {
		t.Error("the wall has a wave in calm weather")
	}
	h.surge()
	for _, lang := range []string{"en", "ja"} {
		page := doc(t, boss.get("/desk/risk?lang="+lang))
		if got := page.Find("#waves tbody tr").Length(); got != 3 {
			t.Errorf("%d waves, want everywhere, one network and one client", got)
		}
		if page.Find("#waves script").Length() != 0 {
			t.Error("what a client calls itself is markup")
		}
	}
	if got := doc(t, boss.get("/desk/wall")).Find("#guessed b").Text(); got != "70" {
		t.Errorf("the wall says that %q names are being tried", got)
	}
	h.want(boss.get("/desk/risk?lang=en"), http.StatusOK, "192.0.2.0/24", "goes on")
}
