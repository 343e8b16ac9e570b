// Package seal keeps secrets secret.
//
// It hashes passwords (Argon2id with a pepper, a bounded number at once), tells
// equal secrets apart from different ones without keeping them (SecretID),
// seals values that must be read again, checks the codes of authenticator apps,
// and makes one-time links and codes of which only a hash is stored. Its types
// print as dots.
//
// It owns the tables link and setting, the latter for the installation's root key. It knows nothing of
// takeovers; callers say what a link is for.
package seal
