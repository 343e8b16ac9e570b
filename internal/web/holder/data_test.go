package holder_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"takeback/internal/seal"
)

// The copy has what the account says and what was done, and no secret, token or cookie.
func TestACopyOfEverythingIsDownloaded(t *testing.T) {
	t.Parallel()
	h := build(t, true)
	who := h.hana()
	h.fill(who)
	h.ok(h.life.ChangeEmail(t.Context(), who, "hana@new.example", seal.NewSecret(first)))
	h.ok(h.runner.Drain(t.Context()))
	b := h.surfer().signIn(hana, first)
	if p := b.post("/security/data/copy"); p.code != 409 {
		t.Errorf("a copy that nobody asked for: %d", p.code)
	}
	if p := b.post("/security/data", "password", first); p.code != 303 {
		t.Fatalf("asking: %d %v", p.code, p.errors())
	}
	p := b.post("/security/data/copy")
	if p.code != 200 || p.head.Get("Content-Type") != "application/zip" || !strings.Contains(p.head.Get("Content-Disposition"), "attachment") {
		t.Fatalf("%d %v", p.code, p.head)
	}
	z, err := zip.NewReader(bytes.NewReader([]byte(p.text)), int64(len(p.text)))
	h.ok(err)
	files := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		h.ok(err)
		text, err := io.ReadAll(r)
		h.ok(err)
		files[f.Name] = string(text)
	}
	var all struct {
		Facts, Sessions, Devices, Letters, History []map[string]any
	}
	if err := json.Unmarshal([]byte(files["account.json"]), &all); err != nil {
		t.Fatalf("%v in %s", err, files["account.json"])
	}
	if len(all.Facts) < 8 || len(all.Sessions) != 2 || len(all.Devices) != 2 || len(all.Letters) == 0 || len(all.History) != h.changes(who.Account) {
		t.Errorf("facts %d, sessions %d, devices %d, letters %d, history %d of %d", len(all.Facts), len(all.Sessions), len(all.Devices), len(all.Letters), len(all.History), h.changes(who.Account))
	}
	for _, want := range []string{hana, "大阪市北区", "4242"} {
		if !strings.Contains(files["account.json"], want) {
			t.Errorf("the copy has no %s", want)
		}
	}
	if !slices.ContainsFunc(all.Letters, func(l map[string]any) bool {
		return strings.Contains(fmt.Sprint(l["text"]), "メールにのみ記載")
	}) {
		t.Errorf("the copy has no text of a letter: %v", all.Letters)
	}
	for _, secret := range []string{"tok_9f2c7a11", "tok_1b2c3d44", b.cookie("__Host-device"), "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "$argon2id"} {
		if strings.Contains(files["account.json"], secret) || strings.Contains(files["history.csv"], secret) {
			t.Errorf("the copy has %q", secret)
		}
	}
	if lines := strings.Count(files["history.csv"], "\n"); lines < len(all.History) || !strings.HasPrefix(files["history.csv"], "\ufeff日時") {
		t.Errorf("history.csv has %d lines: %.200s", lines, files["history.csv"])
	}
}
