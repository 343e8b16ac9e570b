package demo

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/url"
)

// multipartOf writes a form with a file as browsers do.
func multipartOf(fields url.Values, field, file string, data []byte) (body io.Reader, kind string, err error) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for name, values := range fields {
		for _, v := range values {
			if err := w.WriteField(name, v); err != nil {
				return nil, "", err
			}
		}
	}
	part, err := w.CreateFormFile(field, file)
	if err != nil {
		return nil, "", err
	}
	if _, err := part.Write(data); err != nil {
		return nil, "", err
	}
	return &b, w.FormDataContentType(), w.Close()
}
