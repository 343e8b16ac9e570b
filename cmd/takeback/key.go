package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"takeback/internal/access"
	"takeback/internal/app"
	"takeback/internal/db"
	"takeback/internal/seal"
)

// KeyCmd is `takeback key`.
type KeyCmd struct {
	Create KeyCreateCmd `cmd:"" help:"Make a key and print it, once."`
	List   KeyListCmd   `cmd:"" help:"List keys."`
	Revoke KeyRevokeCmd `cmd:"" help:"End a key."`
}

// place is the flags of every command that opens a database.
type place struct {
	DB          string `help:"Database: a file or postgres://…" default:"takeback.db" env:"TAKEBACK_DB"`
	RootKeyFile string `help:"File with the 32 bytes (base64) that all keys follow from; kept in the database if absent." type:"path" env:"TAKEBACK_ROOT_KEY_FILE"`
}

// open opens the database and the keys of the installation.
func (p place) open(ctx context.Context) (*db.DB, *seal.Keeper, error) {
	d, err := db.Open(ctx, p.DB, db.Options{})
	if err != nil {
		return nil, nil, err
	}
	root, err := app.RootKey(p.RootKeyFile)
	if err != nil {
		return nil, nil, errors.Join(err, d.Close())
	}
	k, err := seal.Load(ctx, d, root)
	if err != nil {
		return nil, nil, errors.Join(err, d.Close())
	}
	return d, k, nil
}

// KeyCreateCmd is `takeback key create`.
type KeyCreateCmd struct {
	place
	Name string `help:"What the key is for." required:""`
}

// Run makes the key.
func (c *KeyCreateCmd) Run(ctx context.Context, out io.Writer) (err error) {
	d, k, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	var token string
	err = d.Write(ctx, func(tx *db.Tx) (err error) {
		_, token, err = access.MakeKey(tx, k, c.Name)
		return err
	})
	if err == nil {
		_, err = fmt.Fprintln(out, token)
	}
	return err
}

// KeyListCmd is `takeback key list`.
type KeyListCmd struct{ place }

// Run lists the keys, never their tokens.
func (c *KeyListCmd) Run(ctx context.Context, out io.Writer) (err error) {
	d, _, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	return d.Read(ctx, func(tx *db.Tx) error {
		all, err := access.Keys(tx)
		for _, k := range all {
			state := "in use"
			if !k.RevokedAt.IsZero() {
				state = "revoked " + k.RevokedAt.Format(time.DateTime)
			}
			fmt.Fprintf(out, "%s  %-20s  made %s  %s\n", k.ID, k.Name, k.MadeAt.Format(time.DateTime), state)
		}
		return err
	})
}

// KeyRevokeCmd is `takeback key revoke`.
type KeyRevokeCmd struct {
	place
	Key string `arg:"" help:"Id or name of the key."`
}

// Run ends the key.
func (c *KeyRevokeCmd) Run(ctx context.Context) (err error) {
	d, _, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	err = d.Write(ctx, func(tx *db.Tx) error { return access.RevokeKey(tx, c.Key) })
	if errors.Is(err, db.ErrNone) {
		err = fmt.Errorf("there is no key %q in use", c.Key)
	}
	return err
}
