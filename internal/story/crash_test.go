package story

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/db/dbtest"
	"takeback/internal/history"
	"takeback/internal/mail"
	"takeback/internal/mail/inbox"
)

const crashPassword = "tsuki-no-hikari-2031"

// TestCrashLosesNothing kills the server with -9 at random moments while
// holders change things and stop their accounts. Whatever was answered must be
// there after the restart; every letter that was queued must arrive; one that
// arrives twice must be the same, byte for byte.
func TestCrashLosesNothing(t *testing.T) {
	t.Parallel()
	kills := 30
	if n, err := strconv.Atoi(os.Getenv("TAKEBACK_TEST_KILLS")); err == nil {
		kills = n
	}
	for _, engine := range dbtest.Engines {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			crash(t, dbtest.Place(t, engine), kills)
		})
	}
}

func crash(t *testing.T, place string, kills int) {
	in, err := inbox.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.Close() })
	config := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(config, []byte("name: Crash test shop\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	key := strings.TrimSpace(run(t, "key", "create", "--db", place, "--name", "shop"))
	args := []string{"--db", place, "--smtp", in.URL(), "--config", config}
	w := &work{key: key, in: in, known: map[string]*known{}, acts: make(chan struct{}, 1000)}
	for i := range kills {
		s := serve(t, args...)
		ctx, stop := context.WithCancel(t.Context())
		var busy sync.WaitGroup
		for lane := range 4 {
			busy.Go(func() { w.live(ctx, s.base, i, lane) })
		}
		w.await(rand.IntN(30))
		moment := time.NewTimer(time.Duration(rand.IntN(40)) * time.Millisecond) // somewhere inside the next acts
		<-moment.C
		s.kill()
		stop()
		busy.Wait()
	}
	s := serve(t, args...)
	w.settle(t, place)
	s.kill()
	w.check(t, place)
	if out := run(t, "verify-history", "--db", place); !strings.Contains(out, " 0 broken") {
		t.Error(out)
	}
}

// work is what the holders did and what they were answered.
type work struct {
	key string
	in  *inbox.Inbox

	acts  chan struct{} // one for each act that was acknowledged
	mu    sync.Mutex
	known map[string]*known // by account
	acked int
}

// await waits until n more acts were acknowledged: a kill by the clock would
// hit a busy machine before anything happened.
func (w *work) await(n int) {
	late := time.After(20 * time.Second)
	for range n {
		select {
		case <-w.acts:
		case <-late:
			return
		}
	}
}

// acknowledge notes an answered act under the lock.
func (w *work) acknowledge(note func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	note()
	w.acked++
	select {
	case w.acts <- struct{}{}:
	default: // nobody waits
	}
}

// known is what the server has acknowledged about one account.
type known struct {
	email  string
	names  []string // changes of the name that were answered with success, in order
	frozen bool
}

// live is the life of one holder until the server dies: an account, a sign-in,
// changes, and at the end a click on "this was not me".
func (w *work) live(ctx context.Context, base string, round, lane int) {
	for turn := 0; ctx.Err() == nil; turn++ {
		email := fmt.Sprintf("holder-%d-%d-%d@crash.example.jp", round, lane, turn)
		id, ok := w.create(ctx, base, email)
		if !ok {
			return
		}
		token, ok := w.signIn(ctx, base, email)
		if !ok {
			return
		}
		for n := range 3 {
			if !w.rename(ctx, base, id, token, fmt.Sprintf("Name %d", n)) {
				return
			}
		}
		if !w.notMe(ctx, base, id, email) {
			return
		}
	}
}

// call makes one request and gives the answer, or nil if there was none.
func (w *work) call(ctx context.Context, method, target, kind, body string, header ...string) *http.Response {
	ctx, stop := context.WithTimeout(ctx, 10*time.Second)
	defer stop()
	r, err := http.NewRequestWithContext(ctx, method, target, strings.NewReader(body))
	if err != nil {
		return nil
	}
	r.Header.Set("Content-Type", kind)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := crashClient.Do(r)
	if err != nil {
		return nil
	}
	var b bytes.Buffer
	if _, err := b.ReadFrom(res.Body); err != nil {
		return nil // cut off: not answered
	}
	_ = res.Body.Close()
	res.Body = http.NoBody
	res.Header.Set("Test-Body", strconv.Quote(b.String()))
	return res
}

// crashClient follows no redirects and keeps no connection to a server that is dead.
var crashClient = &http.Client{Transport: &http.Transport{DisableKeepAlives: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

func (w *work) create(ctx context.Context, base, email string) (id string, ok bool) {
	body, _ := json.Marshal(map[string]string{"email": email, "password": crashPassword, "name": "First Name", "language": "en"})
	res := w.call(ctx, http.MethodPost, base+"/v1/accounts", "application/json", string(body), "Authorization", "Bearer "+w.key)
	if res == nil || res.StatusCode != http.StatusCreated {
		return "", false
	}
	id = res.Header.Get("Location")[len("/v1/accounts/"):]
	w.acknowledge(func() { w.known[id] = &known{email: email} })
	return id, true
}

func (w *work) signIn(ctx context.Context, base, email string) (token string, ok bool) {
	form := url.Values{"email": {email}, "password": {crashPassword}}
	res := w.call(ctx, http.MethodPost, base+"/sign-in", "application/x-www-form-urlencoded", form.Encode())
	if res == nil {
		return "", false
	}
	for _, c := range res.Cookies() {
		if c.Name == "__Host-session" {
			return c.Value, true
		}
	}
	return "", false
}

func (w *work) rename(ctx context.Context, base, id, token, name string) bool {
	res := w.call(ctx, http.MethodPut, base+"/v1/accounts/"+id+"/facts/name", "application/json", `{"value": "`+name+`"}`,
		"Authorization", "Bearer "+w.key, "Takeback-Session", token)
	if res == nil || res.StatusCode != http.StatusOK {
		return false
	}
	w.acknowledge(func() { w.known[id].names = append(w.known[id].names, name) })
	return true
}

// notMe waits for the notice in the mailbox and uses its link.
func (w *work) notMe(ctx context.Context, base, id, email string) bool {
	wait, stop := context.WithTimeout(ctx, 5*time.Second)
	defer stop()
	l, err := w.in.Wait(wait, func(l inbox.Letter) bool {
		return len(l.To) > 0 && l.To[0] == email && notMeOf(l) != ""
	})
	if err != nil {
		return false
	}
	u, err := url.Parse(notMeOf(l))
	if err != nil {
		return false
	}
	res := w.call(ctx, http.MethodPost, base+u.Path, "application/x-www-form-urlencoded", "")
	if res == nil || res.StatusCode != http.StatusSeeOther {
		return false
	}
	w.acknowledge(func() { w.known[id].frozen = true })
	return true
}

func notMeOf(l inbox.Letter) string {
	for _, link := range l.Links {
		if strings.Contains(link, "/not-me/") {
			return link
		}
	}
	return ""
}

// settle waits until the restarted server has nothing left to send.
func (w *work) settle(t *testing.T, place string) {
	t.Helper()
	d, err := db.Open(t.Context(), place, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	deadline := time.After(2 * time.Minute) // on PostgreSQL the leases of the dead run out first
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	for {
		var left int
		err := d.Read(t.Context(), func(tx *db.Tx) error {
			return tx.Row(`SELECT count(*) FROM job WHERE kind = 'letter.send'`).Scan(&left)
		})
		if err != nil {
			t.Fatal(err)
		}
		if left == 0 {
			return
		}
		select {
		case <-look.C:
		case <-deadline:
			t.Fatalf("%d letters are still waiting", left)
		}
	}
}

// check compares what was answered with what is there.
func (w *work) check(t *testing.T, place string) {
	d, err := db.Open(t.Context(), place, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	arrived := w.arrived(t)
	frozen, letters, twice := 0, 0, 0
	for id, k := range w.known {
		err := d.Read(t.Context(), func(tx *db.Tx) error {
			a, err := account.Get(tx, id)
			if err != nil {
				return fmt.Errorf("account %s was acknowledged: %w", id, err)
			}
			if k.frozen && a.State != account.Frozen {
				t.Errorf("account %s: the freeze was acknowledged, the state is %s", id, a.State)
			}
			if a.State == account.Frozen {
				frozen++
			}
			changes, err := history.Of(tx, id)
			if err != nil {
				return err
			}
			checkNames(t, id, k.names, changes)
			sent, err := mail.Sent(tx, id, 100)
			if err != nil {
				return err
			}
			for _, r := range sent {
				letters++
				n := arrived[k.email+" "+r.Number+" "+r.Subject]
				if n == 0 {
					t.Errorf("account %s: letter %s (%s) never arrived", id, r.Number, r.Kind)
				} else if n > 1 {
					twice++
				}
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	t.Logf("%d accounts, %d acts acknowledged, %d frozen, %d letters, %d of them sent twice with the same bytes", len(w.known), w.acked, frozen, letters, twice)
	if frozen == 0 || letters == 0 {
		t.Error("nothing of what this test is about happened")
	}
}

// checkNames wants every acknowledged change of the name, in order.
func checkNames(t *testing.T, id string, want []string, changes []history.Change) {
	t.Helper()
	i := 0
	for _, c := range changes {
		if c.Verb == history.Set && c.Path == "name" && i < len(want) && (account.Fact{Value: c.After}).Text() == want[i] {
			i++
		}
	}
	if i < len(want) {
		t.Errorf("account %s: the change to %q was acknowledged and is gone", id, want[i])
	}
}

// arrived counts letters by addressee, number and subject, and refuses two
// different ones with one Message-ID.
func (w *work) arrived(t *testing.T) map[string]int {
	t.Helper()
	count, byID := map[string]int{}, map[string][]byte{}
	for _, l := range w.in.Letters() {
		if first, ok := byID[l.MessageID]; ok && !bytes.Equal(first, l.Raw) {
			t.Errorf("letter %s was sent twice with different content", l.MessageID)
		}
		byID[l.MessageID] = l.Raw
		for _, to := range l.To {
			count[to+" "+l.Number+" "+l.Subject]++
		}
	}
	return count
}
