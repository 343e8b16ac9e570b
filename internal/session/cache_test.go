package session

import (
	"strconv"
	"testing"
)

func TestWhatTheCacheForgetsStaysForgotten(t *testing.T) {
	t.Parallel()
	c := newCache()
	const token = "token"
	c.put(token, entry{session: Session{Account: "acc"}, stamp: c.now()})
	if _, ok := c.get(token, 0); !ok {
		t.Fatal("a fresh entry is not found")
	}
	c.forget("acc")
	for n := range forgottenMost { // a campaign
		c.forget(strconv.Itoa(n))
	}
	if _, ok := c.get(token, 0); ok {
		t.Error("an entry from before the freeze counts again, once its account is forgotten")
	}
	if len(c.forgotten) > forgottenMost {
		t.Errorf("%d accounts are remembered, more than %d", len(c.forgotten), forgottenMost)
	}
	c.put(token, entry{session: Session{Account: "acc"}, stamp: c.now()})
	if _, ok := c.get(token, 0); !ok {
		t.Error("what was read afterwards does not count")
	}
}
