// Package oidc is the face for services that have people sign in here: OpenID
// Connect 1.0 with the authorization code flow, under /oauth and /.well-known.
//
// The messages, their checks in order, and the redirects of errors are those of
// a maintained library (docs/adr names it and what it does not do); what counts, for whom and until
// when is room pass's. People meet only pages of the holder's face: whoever has to
// sign in, to consent or to be asked anything is sent there with the request
// wrapped, and comes back to his service from there.
//
// Its errors are the protocol's (RFC 6749), as JSON. Before the library reads a message
// this package bounds it and refuses what is sent twice.
package oidc
