package web

import (
	"maps"
	"net/http"
)

// What a person typed may have to wait until he has done something else first,
// such as showing who he is. A face keeps it how it likes and gives it back.

// Posted tells whether the request is a form that was sent, also while its page is shown again.
func Posted(r *http.Request) bool { return stateOf(r).form != nil }

// TypedIn gives what was typed into the form that was sent: fields that were read as text, never secrets.
func TypedIn(r *http.Request) map[string]string {
	st := stateOf(r)
	if st.form == nil {
		return nil
	}
	typed := maps.Clone(st.form.typed)
	delete(typed, "return")
	return typed
}

// Refill lets the page show fields as they were typed before.
func Refill(r *http.Request, typed map[string]string) { stateOf(r).kept = typed }

// BackOf gives the path of the page whose form was sent; empty if it has none.
func BackOf(r *http.Request) string { return stateOf(r).back(r) }
