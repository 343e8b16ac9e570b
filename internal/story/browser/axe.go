package browser

import (
	_ "embed" // for axe-core
	"fmt"
	"strings"
)

// axeSource is axe-core by Deque Systems, MPL-2.0, unchanged; see testdata/axe.
//
//go:embed testdata/axe/axe.min.js
var axeSource string

// finding is one rule of axe-core that a page breaks.
type finding struct {
	ID     string `json:"id"`
	Impact string `json:"impact"` // minor, moderate, serious, critical
	Help   string `json:"help"`
	Nodes  []struct {
		HTML    string `json:"html"`
		Summary string `json:"failureSummary"`
	} `json:"nodes"`
}

func (f finding) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s): %s", f.ID, f.Impact, f.Help)
	for _, node := range f.Nodes {
		fmt.Fprintf(&b, "\n\t%s\n\t\t%s", node.HTML, strings.ReplaceAll(node.Summary, "\n", "\n\t\t"))
	}
	return b.String()
}

// Axe examines the page with axe-core. Serious and critical findings fail the
// test, lesser ones are logged.
func (tab *Tab) Axe() {
	tab.t.Helper()
	found := Eval[[]finding](tab, axeSource+`;axe.run(document, {resultTypes: ['violations']}).then(r => r.violations)`)
	for _, f := range found {
		if f.Impact == "serious" || f.Impact == "critical" {
			tab.t.Errorf("browser: axe: %s: %s", tab.URL(), f)
		} else {
			tab.t.Logf("browser: axe: %s: %s", tab.URL(), f)
		}
	}
}
