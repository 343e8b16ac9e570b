package browser

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
)

// console keeps what a page said on its console: calls of the console API,
// exceptions nobody caught, and entries of the browser itself, which is where
// violations of the content policy and failed requests appear.
type console struct {
	mu       sync.Mutex
	messages []string
	allowed  []string
}

// hear is called for every event of the window, in the order in which they happened.
func (c *console) hear(event any) {
	var message string
	switch event := event.(type) {
	case *runtime.EventConsoleAPICalled:
		message = string(event.Type)
		for _, arg := range event.Args {
			if len(arg.Value) > 0 {
				message += " " + string(arg.Value)
			} else {
				message += " " + arg.Description
			}
		}
	case *runtime.EventExceptionThrown:
		message = event.ExceptionDetails.Text
		if object := event.ExceptionDetails.Exception; object != nil {
			message += " " + object.Description
		}
	case *log.EventEntryAdded:
		message = fmt.Sprintf("%s: %s (%s)", event.Entry.Level, event.Entry.Text, event.Entry.URL)
	default:
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.messages = append(c.messages, message)
}

func (c *console) allow(part string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.allowed = append(c.allowed, part)
}

// unexpected gives the messages that nobody allowed.
func (c *console) unexpected() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var left []string
	for _, message := range c.messages {
		if !slices.ContainsFunc(c.allowed, func(part string) bool { return strings.Contains(message, part) }) {
			left = append(left, message)
		}
	}
	return left
}
