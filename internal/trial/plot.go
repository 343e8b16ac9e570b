package trial

import (
	"fmt"
	"html"
	"io"
	"math"
	"slices"
	"strings"
	"time"
)

// A plot: one panel per kind of takeover; across, the share of holders that are
// challenged or held (logarithmic), up, the share of takeovers that are stopped.
const (
	panelWide, panelHigh = 300, 220
	marginLeft           = 46
	marginTop            = 34
	gapX, gapY           = 54, 56
	perLine              = 3
)

// strokes tell the scorers apart without colour, too.
var strokes = [scorers]string{`stroke="#005a9c" stroke-width="2"`, `stroke="#b3261e" stroke-width="2" stroke-dasharray="6 4"`}

// picture is panels of curves: one for each kind, in each one line for each scorer
// or way of counting.
type picture struct {
	title, axes    string
	about          []string
	lines, strokes []string
	panels         [][]Curve
}

// Plot writes the curves as an SVG picture.
func (r *Report) Plot(out io.Writer) error {
	p := picture{title: "Takeovers blocked by the share of holders challenged", about: r.About,
		axes: "across: holders challenged, up: takeovers blocked; sign-ins from " + r.Split.At.Format(time.DateOnly) + " on"}
	for _, s := range r.Scorers {
		p.lines, p.strokes = append(p.lines, s.Scorer), append(p.strokes, strokes[slices.Index(scorerNames[:], s.Scorer)])
		for k, c := range s.Curves {
			if k == len(p.panels) {
				p.panels = append(p.panels, nil)
			}
			p.panels[k] = append(p.panels[k], c)
		}
	}
	return p.draw(out)
}

func (p *picture) draw(out io.Writer) error {
	lines := (len(p.panels) + perLine - 1) / perLine
	wide := marginLeft + perLine*(panelWide+gapX)
	high := marginTop + lines*(panelHigh+gapY) + 60 + 14*len(p.about)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" font-family="sans-serif" font-size="12" role="img">`, wide, high, wide, high)
	fmt.Fprintf(&b, "\n<title>%s</title>\n<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n", html.EscapeString(p.title))
	for i, line := range p.lines {
		x := marginLeft + i*200
		fmt.Fprintf(&b, `<line x1="%d" y1="14" x2="%d" y2="14" %s/><text x="%d" y="18">%s</text>`+"\n", x, x+30, p.strokes[i], x+36, html.EscapeString(line))
	}
	for k := range p.panels {
		left, top := marginLeft+k%perLine*(panelWide+gapX), marginTop+20+k/perLine*(panelHigh+gapY)
		p.panel(&b, k, float64(left), float64(top))
	}
	below := marginTop + lines*(panelHigh+gapY) + 24
	fmt.Fprintf(&b, `<text x="%d" y="%d">%s</text>`+"\n", marginLeft, below, html.EscapeString(p.axes))
	for i, line := range p.about {
		fmt.Fprintf(&b, `<text x="%d" y="%d" font-size="10">%s</text>`+"\n", marginLeft, below+18+14*i, html.EscapeString(line))
	}
	b.WriteString("</svg>\n")
	_, err := io.WriteString(out, b.String())
	return err
}

// panel draws one kind: its frame, its grid and a line per scorer.
func (p *picture) panel(b *strings.Builder, k int, left, top float64) {
	across := func(x float64) float64 { return left + panelWide*(math.Log10(max(x, 0.001))+3)/3 }
	up := func(y float64) float64 { return top + panelHigh*(1-y) }
	fmt.Fprintf(b, `<g><text x="%.1f" y="%.1f" font-weight="bold">%s</text>`+"\n", left, top-6, html.EscapeString(p.panels[k][0].Kind))
	for _, x := range []float64{0.001, 0.01, 0.05, 0.1, 1} {
		fmt.Fprintf(b, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="#ccc"/><text x="%.1f" y="%.1f" text-anchor="middle">%g %%</text>`+"\n",
			across(x), top, across(x), top+panelHigh, across(x), top+panelHigh+15, 100*x)
	}
	for _, y := range []float64{0, 0.25, 0.5, 0.75, 1} {
		fmt.Fprintf(b, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="#ccc"/>`, left, up(y), left+panelWide, up(y))
		if k%perLine == 0 {
			fmt.Fprintf(b, `<text x="%.1f" y="%.1f" text-anchor="end">%g</text>`, left-6, up(y)+4, y)
		}
		b.WriteByte('\n')
	}
	for i, c := range p.panels[k] {
		fmt.Fprintf(b, `<polyline fill="none" %s points="`, p.strokes[i])
		for j := range c.X {
			fmt.Fprintf(b, "%.1f,%.1f ", across(c.X[j]), up(c.Y[j]))
		}
		b.WriteString("\"/>\n")
	}
	b.WriteString("</g>\n")
}
