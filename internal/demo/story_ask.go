package demo

import (
	"net/http"
	"strings"
)

// tabletName is what was written in the visit of which nobody can tell whose it was.
const tabletName = "中川 H."

// asked: what only the holder can know, the holder is asked, by a link that the
// agent never sees, and the plan follows from the answer.
func (s *Script) asked() string {
	a, h, v := s.Agent, s.Holder, s.Investigator
	a.Opens("/desk/cases/" + s.case_)
	a.Sends("/ask", "version="+s.versionOf(a.Page, maskedAddress(holderEmail), "/ask"))
	link := s.gets(holderEmail, "/recovery/").Link("/recovery/")
	a.Opens("/desk/cases/" + s.case_)
	s.want(s.err != nil || !strings.Contains(a.Page.Text(), "/recovery/"), "the agent can see the link")
	h.Opens(link)
	h.Presses("")
	s.want(s.err != nil || h.Page.URL.Path == "/recovery" && h.Page.Find("button[value=not-mine]").Length() == 1, "the holder is asked nothing at %s: %s", h.Page.URL.Path, h.Page.Says("main"))
	s.want(s.err != nil || !strings.Contains(h.Page.Text(), tabletName), "the page of the questions says what was written")
	h.Sends("/answer", "word=not-mine")
	s.Intruder.Tries(link)
	s.want(s.err != nil || s.Intruder.Page.Status == http.StatusNotFound, "the link opens twice: %d", s.Intruder.Page.Status)
	s.want(s.step() == "planned", "after the answer the case is %s", s.step())
	v.Opens("/desk/cases/" + s.case_)
	s.want(s.err != nil || v.Page.Find("ol.timeline li.suspect").Length() == 0, "something is suspect still")
	return "the holder was asked about one visit, said it was somebody else's, and the plan was made anew"
}
