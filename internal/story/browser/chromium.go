package browser

import (
	"context"
	"errors"
	"os/exec"
	"sync"

	"github.com/chromedp/chromedp"
)

// errNoChromium is what a test says on a machine without the browser. It fails
// and never skips: a story nobody played in a browser is not known to work.
var errNoChromium = errors.New("there is no Chromium on the PATH (looked for chromium, chromium-browser, google-chrome); " +
	"on Debian: apt-get install -y --no-install-recommends chromium fonts-noto-cjk")

// find gives the path of the first browser that look knows.
func find(look func(string) (string, error)) (string, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := look(name); err == nil {
			return path, nil
		}
	}
	return "", errNoChromium
}

// process is the one Chromium that all open windows of a test binary share. It
// starts with the first window and ends with the last, so that no test
// leaves a browser behind and tests that run side by side start one only.
type process struct {
	mu    sync.Mutex
	users int
	ctx   context.Context
}

var chromium process

// acquire starts Chromium if it is not running and gives the context that windows are made from.
func (p *process) acquire() (context.Context, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.users > 0 {
		p.users++
		return p.ctx, nil
	}
	path, err := find(exec.LookPath)
	if err != nil {
		return nil, err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.NoSandbox, // tests run as root in containers, and load only our own pages
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("hide-scrollbars", true), // screenshots look alike everywhere
	)
	// Not the context of a test: the browser outlives the test that happened to start it.
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, _ := chromedp.NewContext(allocator) // ended by chromedp.Cancel in release
	if err := chromedp.Do(ctx); err != nil {
		stop()
		return nil, err
	}
	p.users, p.ctx = 1, ctx
	return ctx, nil
}

// release ends Chromium with its last window.
func (p *process) release() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.users--; p.users > 0 {
		return nil
	}
	ctx := p.ctx
	p.ctx = nil
	return chromedp.Cancel(ctx)
}
