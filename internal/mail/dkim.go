package mail

import (
	"bytes"

	"github.com/emersion/go-msgauth/dkim"
)

// signedHeaders cover what a reader sees and what Check goes by. From and
// Subject stand twice: a second one put in afterwards breaks the signature.
var signedHeaders = []string{"From", "From", "To", "Subject", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type",
	"Content-Language", "Auto-Submitted", "X-Takeback-Notice"}

// sign gives the letter with our domain's signature. The signature holds the
// time it was made at, so it is made once and kept.
func (s *signer) sign(raw []byte) ([]byte, error) {
	var signed bytes.Buffer
	err := dkim.Sign(&signed, bytes.NewReader(raw), &dkim.SignOptions{
		Domain: s.domain, Selector: s.selector, Signer: s.key,
		HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed,
		HeaderKeys: signedHeaders,
	})
	return signed.Bytes(), err
}
