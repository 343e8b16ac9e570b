package holder_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"takeback/internal/story/browser"
)

// A password that is being typed is weighed whenever the typing pauses, in the reader's language.
func TestAPasswordIsWeighedWhileItIsTyped(t *testing.T) {
	t.Parallel()
	h := build(t, false)
	for lang, c := range map[string]struct {
		size browser.Size
		weak string
	}{"ja": {browser.Phone, "非常に多くの人が使っているパスワード"}, "en": {browser.Desk, "very many people use"}} {
		o := &owner{t, h, browser.Open(t, c.size, lang)}
		o.open("/register")
		o.tab.Fill("#password", "sakura2819")
		o.tab.WaitFor(`document.querySelector(".strength[data-level='0'] li")`)
		if said := o.tab.Text(".strength"); !strings.Contains(said, c.weak) {
			t.Errorf("%s: a weak one: %q", lang, said)
		}
		o.tab.Look("strength-weak")
		o.tab.Fill("#password", "otter.4.violin.bay")
		o.tab.WaitFor(`document.querySelector(".strength[data-level='3']") && !document.querySelector(".strength li")`)
		o.tab.Look("strength-strong")
	}
}

func TestWeighingTellsNothingOfAnAccountAndTakesOnlyAForm(t *testing.T) {
	t.Parallel()
	h := build(t, true)
	h.hana()
	b := h.surfer()
	for _, c := range []struct {
		form url.Values
		code int
		says string
	}{
		{url.Values{"password": {"otter.4.violin.bay"}}, http.StatusOK, `"level":3`},
		{url.Values{"password": {"hana-violin-7-otter"}}, http.StatusOK, `"level":3`}, // hana's address, which whoever asks has not typed
		{url.Values{"password": {"hana-violin-7-otter"}, "email": {hana}}, http.StatusOK, "Your name or e-mail address"},
		{url.Values{"password": {""}}, http.StatusUnprocessableEntity, ""},
		{url.Values{"password": {strings.Repeat("x", 4096)}}, http.StatusUnprocessableEntity, ""},
	} {
		if p := b.ask(http.MethodPost, "/password/strength", c.form); p.code != c.code || !strings.Contains(p.text, c.says) {
			t.Errorf("%v is answered %d %s", c.form, p.code, p.text)
		}
	}
	for range 200 { // far more than anybody types
		b.ask(http.MethodPost, "/password/strength", url.Values{"password": {"x"}})
	}
	if p := b.ask(http.MethodPost, "/password/strength", url.Values{"password": {"otter.4.violin.bay"}}); p.code != http.StatusNoContent || p.text != "" {
		t.Errorf("in the end it is answered %d %q", p.code, p.text)
	}
	if p := b.ask(http.MethodGet, "/password/strength?password=otter", nil); p.code != http.StatusMethodNotAllowed && p.code != http.StatusNotFound {
		t.Errorf("by an address it is answered %d", p.code)
	}
}
