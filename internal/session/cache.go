package session

import (
	"hash/maphash"
	"sync"
)

// cache remembers which session a token is. It counts the announcements; an
// entry counts only if it was read after the last one about its account. It
// holds no more than len(shards)*perShard tokens.
type cache struct {
	seed   maphash.Seed
	shards [64]shard

	mu        sync.RWMutex
	count     uint64            // announcements so far
	floor     uint64            // what was read before this count is stale, whatever its account
	forgotten map[string]uint64 // account -> count at its last announcement since the floor
}

const (
	perShard      = 4096
	forgottenMost = 100_000 // accounts; then all entries are stale at once, which costs a read each
)

type shard struct {
	mu      sync.RWMutex
	entries map[string]entry
}

type entry struct {
	session Session
	stamp   uint64 // count before it was read
	line    int64  // to the other processes, when it was read
}

func newCache() *cache {
	c := &cache{seed: maphash.MakeSeed(), forgotten: map[string]uint64{}}
	for i := range c.shards {
		c.shards[i].entries = map[string]entry{}
	}
	return c
}

func (c *cache) shard(token string) *shard {
	return &c.shards[maphash.String(c.seed, token)%uint64(len(c.shards))]
}

func (c *cache) now() uint64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.count
}

// forget makes every entry of an account stale, or of all accounts if none is
// named. It is called before the commit that made it so is answered.
func (c *cache) forget(account string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count++
	if len(c.forgotten) >= forgottenMost || account == "" {
		clear(c.forgotten)
		c.floor = c.count
	}
	if account == "" {
		return
	}
	c.forgotten[account] = c.count
}

// fresh tells whether an entry was read after the last announcement about its account.
func (c *cache) fresh(e entry) bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return e.stamp >= max(c.floor, c.forgotten[e.session.Account])
}

func (c *cache) get(token string, line int64) (Session, bool) {
	s := c.shard(token)
	s.mu.RLock()
	e, ok := s.entries[token]
	s.mu.RUnlock()
	if !ok || e.line != line || !c.fresh(e) {
		return Session{}, false
	}
	return e.session, true
}

func (c *cache) put(token string, e entry) {
	s := c.shard(token)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.entries) >= perShard {
		clear(s.entries) // rare, cheap to fill again, and simpler than keeping an order
	}
	s.entries[token] = e
}

// drop forgets one token, of which no more changed than when it was used last.
func (c *cache) drop(token string) {
	s := c.shard(token)
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.entries, token)
}
