package mail

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"takeback/internal/seal"
)

func TestConfig(t *testing.T) {
	t.Parallel()
	noKey := filepath.Join(t.TempDir(), "no.pem")
	if err := os.WriteFile(noKey, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		change func(*Config)
		says   string // empty: it is good
	}{
		{"the least", func(*Config) {}, ""},
		{"with everything", func(c *Config) {
			c.Service, c.Zone, c.DKIMSelector, c.DKIMKeyFile = "Sakura", "Europe/London", "s1", keyFile(t, "rsa")
		}, ""},
		{"no server", func(c *Config) { c.URL = seal.Secret{} }, "smtp://"},
		{"a server by another way", func(c *Config) { c.URL = seal.NewSecret("http://u:s3cret@mail.example.jp") }, "http"},
		{"a misspelt setting in the URL", func(c *Config) { c.URL = seal.NewSecret("smtp://u:s3cret@mail.example.jp?tls=no") }, "smtp://user"},
		{"an URL that is none", func(c *Config) { c.URL = seal.NewSecret("smtp://u:s3cret@mail.example.jp:port") }, "smtp://user"},
		{"no sender", func(c *Config) { c.From = "" }, "sender"},
		{"no name", func(c *Config) { c.FromName = "\r\n" }, "name"},
		{"a site without a scheme", func(c *Config) { c.Site = "shop.example.jp" }, "https://"},
		{"an unknown zone", func(c *Config) { c.Zone = "Asia/Edo" }, "Edo"},
		{"a selector without a key", func(c *Config) { c.DKIMSelector = "s1" }, "both"},
		{"a key that is not there", func(c *Config) { c.DKIMSelector, c.DKIMKeyFile = "s1", noKey+"x" }, "no such file"},
		{"a key that is none", func(c *Config) { c.DKIMSelector, c.DKIMKeyFile = "s1", noKey }, "PEM"},
		{"a key that is too short", func(c *Config) { c.DKIMSelector, c.DKIMKeyFile = "s1", keyFile(t, "rsa of 1024 bits") }, "2048"},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := testConfig("smtps://shop:s3cret@mail.example.jp")
			c.change(&config)
			_, err := New(nil, nil, config)
			if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
				t.Errorf("it says %v, want %q", err, c.says)
			}
			if shown := fmt.Sprintf("%v %+v %#v %v", config, config, config, err); strings.Contains(shown, "s3cret") {
				t.Errorf("the password can be read: %s", shown)
			}
		})
	}
}

func TestServers(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]server{
		"smtp://mail.example.jp":        {host: "mail.example.jp", port: "587"},
		"smtps://mail.example.jp/":      {host: "mail.example.jp", port: "465", implicit: true},
		"smtp://u:p%40ss@127.0.0.1:25":  {host: "127.0.0.1", port: "25", loopback: true, user: "u", password: seal.NewSecret("p@ss")},
		"smtp://[::1]:1025":             {host: "::1", port: "1025", loopback: true},
		"smtp://localhost:1025":         {host: "localhost", port: "1025", loopback: true},
		"smtp://localhost.example.jp":   {host: "localhost.example.jp", port: "587"},
		"smtps://u@mail.example.jp:587": {host: "mail.example.jp", port: "587", implicit: true, user: "u"},
	} {
		got, err := parseServer(seal.NewSecret(url))
		if err != nil || got != want {
			t.Errorf("%s is %+v, %v; want %+v", url, got, err, want)
		}
	}
}
