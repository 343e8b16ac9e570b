package app

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"gopkg.in/yaml.v3"

	"takeback/internal/account"
	"takeback/internal/judge"
	"takeback/internal/seal"
	"takeback/internal/sms"
)

// File is the configuration file. Every field may be absent.
type File struct {
	Name  string `yaml:"name"`  // of the service whose accounts these are
	Zone  string `yaml:"zone"`  // IANA zone of readers of whom none is known; Asia/Tokyo
	HTTPS bool   `yaml:"https"` // all traffic comes by TLS, ended by a proxy in front
	Mail  struct {
		From     string `yaml:"from"`
		FromName string `yaml:"from_name"`
		DKIM     struct {
			Selector string `yaml:"selector"`
			KeyFile  string `yaml:"key_file"` // PEM, Ed25519 or RSA
		} `yaml:"dkim"`
	} `yaml:"mail"`
	Knowledge KnowledgeFile `yaml:"knowledge"`
	Passwords struct {
		Breached string   `yaml:"breached"` // a filter made by breach build
		Words    []string `yaml:"words"`    // of the service: products, places, departments; they must not be in a password
		// Composition is "any", or absent: below 15 characters letters and digits are both wanted.
		Composition string `yaml:"composition"`
		Range       string `yaml:"range"` // https://… of a service that speaks the range protocol of Have I Been Pwned
	} `yaml:"passwords"`
	SignIn struct {
		SecondStep string `yaml:"second_step"` // "always", or absent: of who has a passkey or app, and where the judge doubts
	} `yaml:"sign_in"`
	SMS     *sms.Settings  `yaml:"sms"`     // who sends text messages; without it none are sent
	Gate    string         `yaml:"gate"`    // what mass requests are asked for: "proof" (the default) or "puzzle"
	Proxies []string       `yaml:"proxies"` // networks whose X-Forwarded-For is believed: "10.0.0.0/8"
	Kinds   []KindFile     `yaml:"kinds"`   // facts of the shop's own
	Risk    judge.Settings `yaml:"risk"`    // how sign-ins and changes are judged

	path string // where it was read, for errors
}

// KindFile is a kind of fact as a shop declares it.
type KindFile struct {
	Path      string            `yaml:"path"`    // "membership" or "pet/*"
	Algebra   string            `yaml:"algebra"` // register, group, element, contact, secret, ledger, effect
	Parts     []string          `yaml:"parts"`
	Sensitive bool              `yaml:"sensitive"`
	Tell      string            `yaml:"tell"`  // "" or "all"
	Hold      string            `yaml:"hold"`  // "72h"
	Grant     bool              `yaml:"grant"` // of an element: it lets somebody else act in the account
	Label     map[string]string `yaml:"label"`
}

// ReadFile reads a configuration file; an empty path gives the defaults. An
// unknown key is an error that names its line.
func ReadFile(path string) (f File, err error) {
	if path == "" {
		return f, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return f, err
	}
	f.path = path
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&f); err != nil && !errors.Is(err, io.EOF) {
		return f, misread(path, err)
	}
	if s := f.SignIn.SecondStep; s != "" && s != "always" {
		return f, fmt.Errorf("%s: sign_in.second_step: %q is not always", path, s)
	}
	if c := f.Passwords.Composition; c != "" && c != "any" {
		return f, fmt.Errorf("%s: passwords.composition: %q is not any", path, c)
	}
	if f.Gate != "" && f.Gate != "proof" && f.Gate != "puzzle" {
		return f, fmt.Errorf("%s: gate: %q is neither proof nor puzzle", path, f.Gate)
	}
	if err := f.Risk.Check(); err != nil {
		return f, fmt.Errorf("%s: %w", path, err)
	}
	return f, nil
}

// kinds gives all kinds of paths: the built-in ones and the file's.
func (f File) kinds() (account.Kinds, error) {
	own := make([]account.Kind, len(f.Kinds))
	for i, k := range f.Kinds {
		hold := time.Duration(0)
		if k.Hold != "" {
			var err error
			if hold, err = time.ParseDuration(k.Hold); err != nil {
				return account.Kinds{}, fmt.Errorf("kind %q: hold: %w", k.Path, err)
			}
		}
		own[i] = account.Kind{Pattern: k.Path, Algebra: account.Algebra(k.Algebra), Parts: k.Parts, Sensitive: k.Sensitive,
			Tell: account.Tell(k.Tell), Hold: hold, Grant: k.Grant, Label: k.Label}
	}
	return account.NewKinds(own...)
}

// texter gives the provider of text messages that the file names; nil without one.
func (f File) texter() (*sms.Gateway, error) {
	if f.SMS == nil {
		return nil, nil
	}
	secret := ""
	if f.SMS.Secret != "" {
		text, err := os.ReadFile(f.SMS.Secret)
		if err != nil {
			return nil, fmt.Errorf("sms: secret_file: %w", err)
		}
		secret = string(bytes.TrimSpace(text))
	}
	g, err := sms.NewGateway(*f.SMS, seal.NewSecret(secret))
	if err != nil {
		return nil, fmt.Errorf("sms: %w", err)
	}
	return g, nil
}

// RootKey reads the operator's root key from a file; nil without one.
func RootKey(path string) ([]byte, error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	key, err := base64.StdEncoding.DecodeString(string(bytes.TrimSpace(text)))
	if err != nil || len(key) != 32 {
		return nil, fmt.Errorf("%s: not 32 bytes in base64 (make one with: openssl rand -base64 32)", path)
	}
	return key, nil
}
