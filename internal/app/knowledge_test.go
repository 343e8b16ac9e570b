package app_test

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"takeback/internal/app"
	"takeback/internal/seal"
)

// configured builds the house from a configuration file with this text. FOLDER
// in it is the folder it stands in.
func configured(t *testing.T, text string, files map[string]string) (*app.App, string, error) {
	t.Helper()
	folder := t.TempDir()
	path := filepath.Join(folder, "takeback.yaml")
	files["takeback.yaml"] = strings.ReplaceAll(text, "FOLDER", folder)
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	file, err := app.ReadFile(path)
	if err != nil {
		return nil, folder, err
	}
	a, err := app.New(t.Context(), app.Config{DB: filepath.Join(folder, "test.db"), Site: "https://account.shop.example", SMTP: seal.NewSecret("smtp://127.0.0.1:25"), File: file})
	if err == nil {
		t.Cleanup(func() { _ = a.Close() })
	}
	return a, folder, err
}

func TestTheConfigurationNamesFilesOfKnowledge(t *testing.T) {
	t.Parallel()
	a, _, err := configured(t, "knowledge:\n  places: FOLDER/places.csv\n  tor: [FOLDER/tor, FOLDER/more]\n",
		map[string]string{"places.csv": "203.0.113.0/24,JP\n", "tor": "198.51.100.7\n", "more": "203.0.113.9\n"})
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(a.Known.Of(netip.MustParseAddr("203.0.113.9"))); !strings.Contains(got, "JP") || !strings.Contains(got, "[2 0 0") {
		t.Errorf("got %s", got)
	}
}

func TestAWrongFileOfKnowledgeIsNamedWithItsLines(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, says string }{
		"a broken line":    {"name: x\nknowledge:\n  tor:\n    - FOLDER/tor\n    - FOLDER/broken\n", `FOLDER/takeback.yaml:5: knowledge.tor: FOLDER/broken: line 2: "nonsense" is no address`},
		"a file not there": {"knowledge: {places: FOLDER/gone.csv}\n", "FOLDER/takeback.yaml:1: knowledge.places: FOLDER/gone.csv: no such file"},
		"no file at all":   {"knowledge:\n  vpn: {a: b}\n", "line 2: the name of a file is wanted"},
		"an unknown key":   {"knowledge:\n  tors: x\n", "line 2: there is no setting \"tors\" here"},
	} {
		_, folder, err := configured(t, c.text, map[string]string{"tor": "198.51.100.7\n", "broken": "198.51.100.7\nnonsense\n"})
		if want := strings.ReplaceAll(c.says, "FOLDER", folder); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s:\ngot  %v\nwant %s", name, err, want)
		}
	}
}
