// Package web is the shell around every page: what all pages of holders and
// of staff have in common, so that a page file need only say what is its own.
//
// It owns the way of a request (site.go): limits, cross-origin protection,
// headers, who asks and whether he may, language, one answer to a form that was
// sent twice, and the one place where an error becomes a page. It owns the
// frame that every view embeds (page.go), catalogues of words (words.go), typed
// templates (templates.go), the form reader (form.go), event streams (live.go),
// the picture puzzle (puzzle.go), and the look (assets/, templates/).
//
// It does not know any page: those are in web/holder and web/console, which
// list their routes and hand them to a Site. It stores nothing.
//
// GET shows, POST acts and redirects. Every form works without script.
package web
