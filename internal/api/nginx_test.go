package api_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"takeback/internal/account"
	"takeback/internal/db"
)

// The configuration that the page of proxies shows is the one that runs here:
// the page and the program cannot drift apart.
func TestNginxLetsThroughWhoMayAct(t *testing.T) {
	t.Parallel()
	h := build(t, db.SQLite)
	id := h.hana()
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s %s %q %q", r.Method, r.RequestURI, r.Header.Values("Takeback-Account"), r.Header.Values("Takeback-Session-Id"))
	}))
	t.Cleanup(shop.Close)
	base := nginx(t, map[string]string{"server 127.0.0.1:8080": "server " + strings.TrimPrefix(h.url, "http://"), "server 127.0.0.1:3000": "server " + strings.TrimPrefix(shop.URL, "http://")})
	b := visitor(t, base)

	// Signed out.
	const page = "/shop/basket?item=1&size=%0D%0AX-Evil:%201"
	res, _ := b.do("GET", page, nil)
	signIn := "https://account.shop.example/sign-in?" + url.Values{"return": {page}}.Encode()
	if res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != signIn || res.Header.Get("X-Evil") != "" {
		t.Fatalf("signed out: %d %v, want the sign-in at %s", res.StatusCode, res.Header, signIn)
	}
	if res, _ := b.do("POST", "/shop/basket", strings.NewReader("item=1")); res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "https://account.shop.example/sign-in" {
		t.Errorf("a form sent signed out: %d %s", res.StatusCode, res.Header.Get("Location"))
	}
	if res, _ := b.do("GET", "/shop/", nil, "Takeback-Account", id, "Cookie", "__Host-session=acc"); res.StatusCode != http.StatusSeeOther {
		t.Errorf("with a header that a client wrote: %d", res.StatusCode)
	}

	// Signed in, through the proxy, on the pages of a holder.
	_, _ = b.do("GET", "/sign-in", nil)
	res, body := b.do("POST", "/sign-in", strings.NewReader(url.Values{"email": {hana}, "password": {password}, "return": {page}}.Encode()), "Content-Type", "application/x-www-form-urlencoded")
	if res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != page {
		t.Fatalf("signing in: %d %s %s", res.StatusCode, res.Header.Get("Location"), body)
	}
	res, body = b.do("GET", page, nil, "Takeback-Account", "acc_forged")
	session := h.changes(id)[len(h.changes(id))-1].Session
	if want := fmt.Sprintf("GET %s [%q] [%q]", page, id, session); res.StatusCode != http.StatusOK || body != want {
		t.Errorf("signed in: %d %s, want %s", res.StatusCode, body, want)
	}
	if res, body := b.do("POST", "/shop/basket", strings.NewReader("item=1")); res.StatusCode != http.StatusOK || !strings.HasPrefix(body, "POST /shop/basket ") {
		t.Errorf("a form sent signed in: %d %s", res.StatusCode, body)
	}
	if res, _ := b.do("GET", "/_session", nil); res.StatusCode != http.StatusNotFound {
		t.Errorf("the proxy's own question from outside: %d", res.StatusCode)
	}

	// Frozen: the next request is refused.
	h.write(func(tx *db.Tx) error {
		_, err := account.Turn(tx, id, account.Frozen, time.Time{}, account.Open)
		return err
	})
	if res, _ := b.do("GET", page, nil); res.StatusCode != http.StatusSeeOther {
		t.Errorf("frozen: %d", res.StatusCode)
	}
}

// nginx starts nginx with the configuration of the page, some of it replaced,
// and gives the address that it listens on.
func nginx(t *testing.T, replace map[string]string) (base string) {
	t.Helper()
	program, err := exec.LookPath("nginx")
	if err != nil {
		program = "/usr/sbin/nginx"
	}
	dir := t.TempDir()
	certify(t, dir)
	text := block(t, "../../docs/proxies.md", "nginx")
	addr := free(t)
	replace["listen 443 ssl"] = "listen " + addr + " ssl"
	replace["/etc/nginx/"] = dir + "/"
	for old, with := range replace {
		if !strings.Contains(text, old) {
			t.Fatalf("the page's configuration has no %q", old)
		}
		text = strings.ReplaceAll(text, old, with)
	}
	text = "daemon off; master_process off; pid nginx.pid; error_log stderr warn;\nevents {}\nhttp {\naccess_log off;\n" +
		"client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;\n" + text + "}\n"
	if err := os.WriteFile(filepath.Join(dir, "nginx.conf"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), program, "-p", dir, "-c", "nginx.conf", "-e", "stderr")
	c.Stderr = t.Output()
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	if err := c.Start(); err != nil {
		t.Fatalf("%v (scripts/install-test-tools installs it)", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	t.Cleanup(func() { _ = c.Process.Kill(); <-ended })
	for { // it has no way to say that it listens
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			_ = conn.Close()
			return "https://" + addr
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("nginx ended: %v", err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// block gives the one block of code in a language that a page has.
func block(t *testing.T, name, language string) string {
	t.Helper()
	page, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(string(page), "```"+language+"\n")
	if len(parts) != 2 {
		t.Fatalf("%s has %d blocks of %s", name, len(parts)-1, language)
	}
	text, _, _ := strings.Cut(parts[1], "```")
	return text
}

// free gives an address that nobody listens on.
func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// certify writes a certificate that signs itself.
func certify(t *testing.T, dir string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string]*pem.Block{"crt": {Type: "CERTIFICATE", Bytes: der}, "key": {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(filepath.Join(dir, "shop.example."+name), pem.EncodeToMemory(b), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// visiting is a browser before a proxy: it keeps cookies and does not follow redirects.
type visiting struct {
	t    *testing.T
	base string
	http *http.Client
}

func visitor(t *testing.T, base string) *visiting {
	jar, _ := cookiejar.New(nil) // never an error
	return &visiting{t, base, &http.Client{Jar: jar, Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

func (v *visiting) do(method, path string, body io.Reader, headers ...string) (*http.Response, string) {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), method, v.base+path, body)
	if err != nil {
		v.t.Fatal(err)
	}
	r.Header.Set("Accept", "text/html")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := v.http.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return res, string(text)
}

// Without the proxy in between: what a proxy that copies our answer shows its browser.
func TestABrowserIsSentToSignInAndNowhereElse(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		const site = "https://account.shop.example/sign-in"
		html := []string{"Authorization", "", "Accept", "text/html,*/*;q=0.8"}
		for back, want := range map[string]string{
			"/shop/?a=b&c=d":                site + "?return=%2Fshop%2F%3Fa%3Db%26c%3Dd",
			"":                              site,
			"//evil.example/":               site,
			"https://evil.example/":         site,
			`/\evil.example`:                site,
			"/" + strings.Repeat("x", 2000): site,
		} {
			a := h.call("GET", "/v1/session?or=sign-in", "", append(html, "X-Forwarded-Uri", back)...).is(http.StatusSeeOther, nil)
			if got := a.header.Get("Location"); got != want {
				t.Errorf("back to %.40q: sent to %s, want %s", back, got, want)
			}
		}
		a := h.call("GET", "/v1/session?or=sign-in", "", append(html, "X-Forwarded-Uri", "/shop/", "X-Forwarded-Method", "POST", "X-Forwarded-Host", "evil.example")...)
		if a.is(http.StatusSeeOther, nil); a.header.Get("Location") != site {
			t.Errorf("what was posted: sent to %s", a.header.Get("Location"))
		}
		h.call("GET", "/v1/session?or=sign-in", "", "Authorization", "", "X-Forwarded-Uri", "/shop/").refused(401, "session.over", "")
		h.call("GET", "/v1/session", "", html...).refused(401, "session.over", "")
		h.hana()
		h.call("GET", "/v1/session?or=sign-in", "", append(html, "Takeback-Session", h.signIn("pc"))...).is(http.StatusOK, nil)
	})
}
