package demo

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"takeback/internal/db"
	"takeback/internal/db/dbtest"
)

func TestTheWholeStory(t *testing.T) {
	for _, e := range dbtest.Engines {
		t.Run(string(e), func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			err := Once(t.Context(), &out, Options{DB: dbtest.Place(t, e)})
			t.Log("\n" + out.String())
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestADatabaseWithPeopleInItIsRefused(t *testing.T) {
	t.Parallel()
	place := dbtest.Place(t, db.SQLite)
	first, err := Open(t.Context(), Options{DB: place})
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := Once(t.Context(), &out, Options{DB: place}); !errors.Is(err, ErrLived) {
		t.Errorf("got %v, and %q", err, out.String())
	}
}

func TestNobodyActsAfterSomethingWentWrong(t *testing.T) {
	t.Parallel()
	asked := 0
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		http.Error(w, "no", http.StatusTeapot)
	}))
	defer site.Close()
	s := NewStage(t.Context(), site.URL)
	p := s.Player("somebody", "en", "", linux)
	p.Opens("/")
	p.Sends("/sign-in", "email=x")
	p.Opens("/")
	s.Service("key").Asks(http.MethodGet, "/v1/session", "", nil, nil)
	if s.Err() == nil || !strings.Contains(s.Err().Error(), "418") || asked != 1 {
		t.Errorf("asked %d times, and heard %v", asked, s.Err())
	}
}

func TestAStoryThatDiffersSaysWhere(t *testing.T) {
	t.Parallel()
	h, err := Open(t.Context(), Options{DB: dbtest.Place(t, db.SQLite)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	m, err := h.Means(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- h.Serve(ctx) }()
	var out strings.Builder
	// Today's account has no telephone that was there before: the desk must not take a call to it as a proof.
	err = NewScript(ctx, h.Site, m).Plays(&out)
	stop()
	if err := <-served; err != nil {
		t.Error(err)
	}
	if err == nil || !strings.Contains(err.Error(), `"verify"`) || !strings.Contains(out.String(), "✗") {
		t.Errorf("a call to a number that was given a moment ago counted: %v\n%s", err, out.String())
	}
}
