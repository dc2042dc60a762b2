package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/storage"
)

type initCmd struct {
	Data    string `required:"" placeholder:"DIR" help:"The server's folder."`
	Root    string `xor:"step" required:"" type:"existingfile" placeholder:"FILE" help:"First step: found the folder under this org.root."`
	Accept  string `xor:"step" required:"" type:"existingfile" placeholder:"FILE" help:"Second step: take what the root certified."`
	Demo    bool   `xor:"step" required:"" help:"All steps at once, with every key in one place: a demonstration, never a service."`
	Service string `default:"Attune demonstration" help:"With --demo: the service's name."`
	Head    string `default:"Helen Carr" help:"With --demo: name of the head of service."`
	Origin  string `default:"http://127.0.0.1:8080" placeholder:"URL" help:"Address that people will use; the ceremony can still change it."`
}

// Help is what --help shows below the flags.
func (initCmd) Help() string {
	return `Examples:

  attuned init --data /srv/attune --root org.root       makes the server's keys and server.request
  attuned init --data /srv/attune --accept certified    takes what "attune ceremony certify" wrote
  attuned init --data demo --demo --service "Northfield Early Help"

The folder must be new or empty. The root's key is never needed here, and is refused.`
}

// Run does one step of the ceremony's part that belongs to the server.
func (c *initCmd) Run(ctx context.Context, p *printer) error {
	f := folder(c.Data)
	var err error
	if c.Origin, err = checkOrigin(c.Origin); err != nil {
		return err
	}
	switch {
	case c.Demo:
		return c.demo(ctx, f, p)
	case c.Accept != "":
		body, err := os.ReadFile(c.Accept)
		if err != nil {
			return fmt.Errorf("read what was certified: %w", err)
		}
		if err := accept(ctx, f, body); err != nil {
			return err
		}
		return p.print(map[string]any{"accepted": true}, "Accepted. Start it with: attuned serve --data %s", f)
	}
	root, err := os.ReadFile(c.Root)
	if err != nil {
		return fmt.Errorf("read org.root: %w", err)
	}
	request, err := found(ctx, f, root, c.Origin)
	if err != nil {
		return err
	}
	return p.print(map[string]any{"request": f.request(), "org": request.Org},
		"Made the server's keys. Take %s to the ceremony: attune ceremony certify --request server.request …", f.request())
}

// found makes folder, keys and database, and writes what the root is asked for.
// The database comes last but one: a folder without server.request was not
// finished, and is made again elsewhere.
func found(ctx context.Context, f folder, orgRoot []byte, origin string) (r attune.ServerRequest, err error) {
	if err := f.create(); err != nil {
		return r, err
	}
	key, err := makeKey(f.serverKey())
	if err != nil {
		return r, err
	}
	logKey, err := makeKey(f.logKey())
	if err != nil {
		return r, err
	}
	org, err := storage.Found(ctx, storage.Config{Database: f.database(), Key: key, LogKey: logKey}, orgRoot)
	if err != nil {
		// Nothing was entrusted to this folder yet: leave it as empty as it was.
		os.RemoveAll(string(f))
		return r, problem("org_root", "Give the org.root file that the ceremony wrote, unchanged.", "The organisation cannot be founded: %v.", err)
	}
	r = attune.ServerRequest{Org: org, Origin: origin, Key: publicOf(key), LogKey: publicOf(logKey)}
	body, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return r, fmt.Errorf("write request: %w", err)
	}
	return r, writeNew(f.request(), append(body, '\n'), 0o644)
}

// demo is the whole ceremony in one place, and says so everywhere.
func (c *initCmd) demo(ctx context.Context, f folder, p *printer) (err error) {
	var secrets, publics [3]string
	for i := range secrets {
		if secrets[i], publics[i], err = attune.NewCustodian(); err != nil {
			return err
		}
	}
	d := demonstration{service: c.Service, head: c.Head, custodians: publics}
	if err := d.make(ctx, f, c.Origin); err != nil {
		return err
	}
	files := map[string]string{"root.key": d.rootKey, "first-invitation": d.invitation}
	for i, s := range secrets {
		files[fmt.Sprintf("custodian-%d.key", i+1)] = s
	}
	if err := os.Mkdir(f.secrets(), 0o700); err != nil {
		return fmt.Errorf("make %s: %w", f.secrets(), err)
	}
	for name, body := range files {
		err = errors.Join(err, writeNew(f.secrets()+"/"+name, []byte(body+"\n"), 0o400))
	}
	if err != nil {
		return err
	}
	p.note("DEMO: the root's, the custodians' and the first invitation's keys lie in %s.\nWhoever reads that folder can read everything. Never use it for a real family.", f.secrets())
	return p.print(map[string]any{"invitation": d.invitation, "secrets": f.secrets(), "demo": true}, "%s", d.invitation)
}
