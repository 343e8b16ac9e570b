package mail

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-msgauth/dkim"
)

// keys are made once: an RSA key takes its time.
var keys = sync.OnceValue(func() map[string]crypto.Signer {
	_, ed, err1 := ed25519.GenerateKey(rand.Reader)
	big, err2 := rsa.GenerateKey(rand.Reader, 2048)
	small, err3 := rsa.GenerateKey(rand.Reader, 1024)
	if err1 != nil || err2 != nil || err3 != nil {
		panic("unreachable unless the machine has no randomness")
	}
	return map[string]crypto.Signer{"ed25519": ed, "rsa": big, "rsa of 1024 bits": small}
})

func keyFile(t testing.TB, kind string) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(keys()[kind])
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// dnsRecord gives what the domain publishes for a key.
func dnsRecord(t *testing.T, kind string) string {
	t.Helper()
	switch public := keys()[kind].Public().(type) {
	case ed25519.PublicKey:
		return "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(public)
	default:
		der, err := x509.MarshalPKIXPublicKey(public)
		if err != nil {
			t.Fatal(err)
		}
		return "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(der)
	}
}

func verify(t *testing.T, kind string, raw []byte) error {
	t.Helper()
	found, err := dkim.VerifyWithOptions(bytes.NewReader(raw), &dkim.VerifyOptions{LookupTXT: func(name string) ([]string, error) {
		if name != "s1._domainkey.shop.example.jp" {
			t.Errorf("the key is looked up at %q", name)
		}
		return []string{dnsRecord(t, kind)}, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != 1 || found[0].Domain != "shop.example.jp" {
		t.Fatalf("the signatures are %+v", found)
	}
	return found[0].Err
}

func TestSignedLettersVerify(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"ed25519", "rsa"} {
		t.Run(kind, func(t *testing.T) {
			c := testConfig("smtp://127.0.0.1:25")
			c.DKIMSelector, c.DKIMKeyFile = "s1", keyFile(t, kind)
			h, err := c.check()
			if err != nil {
				t.Fatal(err)
			}
			_, _, raw := written(t, &Post{house: h}, Letter{To: must(t, "花子@例え.jp"), Language: "ja", Body: samples("ja")[3]})
			signed, err := h.signer.sign(raw)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.HasSuffix(signed, raw) {
				t.Error("signing changed the letter")
			}
			if err := verify(t, kind, signed); err != nil {
				t.Errorf("the signature is not good: %v", err)
			}
			_, head, _ := strings.Cut(string(signed), "\r\nDate: ")
			for name, tampered := range map[string]string{
				"a second Subject":     "Subject: Please pay\r\n" + string(signed),
				"a second From":        "From: evil@evil.example\r\n" + string(signed),
				"another date":         strings.Replace(string(signed), head[:16], "Mon, 04 May 2026", 1),
				"another number":       strings.Replace(string(signed), "Notice: TB-", "Notice: TC-", 1),
				"another letter in it": strings.Replace(string(signed), "\r\n\r\n--", "\r\n\r\nx\r\n--", 1),
			} {
				if tampered == string(signed) {
					t.Fatalf("%s: nothing was tampered with", name)
				}
				if err := verify(t, kind, []byte(tampered)); err == nil {
					t.Errorf("%s passes", name)
				}
			}
		})
	}
}
