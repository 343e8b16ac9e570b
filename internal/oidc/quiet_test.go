package oidc_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"takeback/internal/db"
	"takeback/internal/oidc"
)

// Not parallel: the library knows the default log alone.
func TestTheLibrarysNotesStayOutOfTheLog(t *testing.T) {
	former := slog.Default()
	t.Cleanup(func() { slog.SetDefault(former) })
	said := func(wrap func(slog.Handler) slog.Handler) string {
		var b bytes.Buffer
		slog.SetDefault(slog.New(wrap(slog.NewTextHandler(&b, nil))).With("of", "all"))
		h := build(t, db.SQLite)
		h.get("/oauth/authorize?response_type=code&scope=openid&client_id=shop&state=s123&redirect_uri="+callback, "") // without PKCE
		slog.Warn("our own")
		return b.String()
	}
	notes := []string{"registered route", "s123", "auth request"}
	for _, note := range notes {
		if loud := said(func(h slog.Handler) slog.Handler { return h }); !strings.Contains(loud, note) {
			t.Errorf("the library does not note %q any more: Quiet can go\n%s", note, loud)
		}
	}
	quiet := said(oidc.Quiet)
	for _, note := range notes {
		if strings.Contains(quiet, note) {
			t.Errorf("the log has %q:\n%s", note, quiet)
		}
	}
	if !strings.Contains(quiet, "our own") {
		t.Errorf("our own words are lost: %q", quiet)
	}
}
