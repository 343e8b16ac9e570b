package holder

import (
	"slices"
	"testing"

	"takeback/internal/web/webtest"
)

func TestEveryTemplateFitsItsView(t *testing.T) { webtest.Templates(t, pages) }

func TestPasswordsAreMaskedAndNamedToPasswordManagers(t *testing.T) {
	if pages := webtest.Secrets(t, pages); len(pages) < 15 || !slices.Contains(pages, "sign-in") || !slices.Contains(pages, "new-password") {
		t.Errorf("only these pages ask for a password: %v", pages)
	}
}

func TestBothLanguagesSayTheSame(t *testing.T) { webtest.Words(t, pages) }

// A fault without Japanese words is shown in English, to the one who needs words most.
func TestFaultsOfTheRoomsBehindHaveWordsInBothLanguages(t *testing.T) {
	for _, code := range webtest.Unsaid(t, pages, "../../signin", "../../session", "../../account", "../../history", "../../report", "../../notice",
		"../../casefile", "../../verify", "../../ask", "../../mail", "../../seal", ".") {
		if !slices.Contains(elsewhere, code) {
			t.Errorf("no Japanese words for the fault %q", code)
		}
	}
}

// elsewhere are the faults of these rooms that only services and the desk can meet.
var elsewhere = []string{
	"ask.forbidden", "ask.no-look", "ask.not-held", "ask.unclean", "ask.unproved", "case.stale", "grant.unknown", "move.other",
	"order.card", "order.malformed", "order.present", "order.ship-to", "passkey.none", "path.own-verb", "scope.none",
	"verify.asked", "verify.contested", "verify.no-account", "verify.no-look", "verify.no-waiver", "verify.none", "verify.not-called", "verify.often", "verify.same", "verify.unclean",
}
