package mail

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"strings"
	"time"
	"unicode/utf8"
)

// envelope is what goes around a rendered letter.
type envelope struct {
	id        string
	from, to  Address
	fromName  string
	toName    string
	at        time.Time
	number    string
	language  string
	messageID string
}

// compose gives the bytes of a letter as they travel: multipart/alternative,
// every line in CRLF and below 78 columns. The same letter gives the same bytes.
func compose(e envelope, r rendered) []byte {
	sum := sha256.Sum256([]byte(e.id))
	boundary := "takeback-" + hex.EncodeToString(sum[:12])
	var b bytes.Buffer
	b.Grow(2048 + 3*(len(r.text)+len(r.html))/2)
	header := func(name, value string) { b.WriteString(fold78(name+": "+value) + "\r\n") }
	header("Date", e.at.UTC().Format(time.RFC1123Z))
	header("From", mailbox(e.fromName, e.from))
	header("To", mailbox(e.toName, e.to))
	header("Message-ID", e.messageID)
	header("Subject", encoded(r.subject))
	header("Auto-Submitted", "auto-generated")
	header("X-Takeback-Notice", e.number)
	header("Content-Language", e.language)
	header("MIME-Version", "1.0")
	header("Content-Type", "multipart/alternative; boundary="+boundary)
	b.WriteString("\r\n")
	part(&b, boundary, "text/plain", r.text)
	part(&b, boundary, "text/html", r.html)
	fmt.Fprintf(&b, "--%s--\r\n", boundary)
	return b.Bytes()
}

// part writes one form of the letter: quoted-printable where most of it stays
// readable, base64 for Japanese, which quoted-printable would triple.
func part(b *bytes.Buffer, boundary, kind, body string) {
	foreign := 0
	for i := range len(body) {
		if body[i] >= utf8.RuneSelf {
			foreign++
		}
	}
	encoding := "quoted-printable"
	if foreign > len(body)/6 {
		encoding = "base64"
	}
	fmt.Fprintf(b, "--%s\r\nContent-Type: %s; charset=utf-8\r\nContent-Transfer-Encoding: %s\r\n\r\n", boundary, kind, encoding)
	body = strings.ReplaceAll(body, "\n", "\r\n")
	if encoding == "quoted-printable" {
		w := quotedprintable.NewWriter(b)
		_, _ = w.Write([]byte(body)) // a bytes.Buffer takes everything
		_ = w.Close()
		b.WriteString("\r\n")
		return
	}
	for len(body) > 0 {
		line := body[:min(57, len(body))] // 57 bytes become a line of 76
		b.Write(base64.StdEncoding.AppendEncode(b.AvailableBuffer(), []byte(line)))
		b.WriteString("\r\n")
		body = body[len(line):]
	}
}

// mailbox gives an address with its name for a header.
func mailbox(name string, a Address) string {
	address := "<" + a.wire() + ">"
	switch {
	case name == "":
		return address
	case encoded(name) == name:
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `" ` + address
	}
	return encoded(name) + " " + address
}

// encoded gives header text in ASCII, as B-encoded words where it must be.
func encoded(s string) string { return mime.BEncoding.Encode("utf-8", s) }

// fold78 breaks a header line at its spaces.
func fold78(line string) string {
	var b strings.Builder
	column := 0
	for i, word := range strings.Split(line, " ") {
		switch {
		case i == 0:
		case column+1+len(word) > 76 && column > 1:
			b.WriteString("\r\n ")
			column = 1
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += len(word)
	}
	return b.String()
}
