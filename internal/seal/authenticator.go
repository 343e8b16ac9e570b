package seal

import (
	"bytes"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"image/png"
	"net/url"
	"strings"
	"time"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/qr"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
)

const (
	appStep   = 30 // seconds that a code of an authenticator app lasts
	appSkew   = 1  // steps that a clock may be off, either way
	qrSize    = 240
	seedBytes = 20 // 160 bits, as RFC 4226 advises
)

// NewSeed makes the secret that an authenticator app shares with us, as the apps read it.
func NewSeed() Secret {
	var b [seedBytes]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	return NewSecret(base32.StdEncoding.EncodeToString(b[:]))
}

// AppStep tells in which step of time an app with this seed made a code: 0 if in
// none near now, or in one not after last, the step used last. So a code that
// was seen over a shoulder cannot be used again. All steps are compared,
// whichever fits.
func AppStep(seed Secret, code string, now time.Time, last int64) (step int64, err error) {
	typed, at := []byte(Typed(code)), now.Unix()/appStep
	for i := at - appSkew; i <= at+appSkew; i++ {
		want, err := hotp.GenerateCodeCustom(seed.Reveal(), uint64(i), hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err != nil {
			return 0, err
		}
		if subtle.ConstantTimeCompare([]byte(want), typed) == 1 && i > last {
			step = i
		}
	}
	return step, nil
}

// Typed reads a code as people type it: with spaces or hyphens in between, or in full-width digits.
func Typed(code string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '０' && r <= '９':
			return r - '０' + '0'
		case r == ' ' || r == '　' || r == '-':
			return -1
		}
		return r
	}, code)
}

// AppAddress is what an authenticator app reads to know a seed: whose service it
// is for, and which name there.
func AppAddress(service, name string, seed Secret) Secret {
	query := url.Values{"secret": {seed.Reveal()}, "issuer": {service}}.Encode()
	u := url.URL{Scheme: "otpauth", Host: "totp", Path: "/" + service + ":" + name,
		RawQuery: strings.ReplaceAll(query, "+", "%20")} // some apps show a plus as a plus
	return NewSecret(u.String())
}

// Picture draws the address of an app as a PNG, to be photographed.
func Picture(address Secret) ([]byte, error) {
	code, err := qr.Encode(address.Reveal(), qr.M, qr.Auto)
	if err != nil {
		return nil, err
	}
	if code, err = barcode.Scale(code, qrSize, qrSize); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = png.Encode(&b, code)
	return b.Bytes(), err
}
