package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies/authz"
)

type ceremonyCmd struct {
	Found   foundCmd   `cmd:"" default:"withargs" help:"Make the organisation's root from three custodians' public keys."`
	Certify certifyCmd `cmd:"" help:"Have the root certify a server, the first head of service and the adopted rules."`
	Rotate  rotateCmd  `cmd:"" help:"Have the root certify other keys for its server."`
}

// Help is what --help shows below the flags.
func (ceremonyCmd) Help() string {
	return `Example: attune ceremony --custodian a.pub --custodian b.pub --custodian c.pub --name "Northfield Early Help" --out ceremony

The word "found" may be left out; its flags are shown by: attune ceremony found --help`
}

type foundCmd struct {
	Custodian []string `required:"" sep:"none" placeholder:"PUB" help:"A custodian's public key, or the file that holds it. Three times."`
	Name      string   `required:"" placeholder:"NAME" help:"The service's name, as families know it."`
	Out       string   `required:"" placeholder:"DIR" type:"path" help:"Folder for root.key, which stays offline, and org.root, which everybody may have."`
}

// Help is what --help shows below the flags.
func (foundCmd) Help() string {
	return `Example: attune ceremony --custodian a.pub --custodian b.pub --custodian c.pub --name "Northfield Early Help" --out ceremony

On a machine that is not the server and has no network.`
}

func (c *foundCmd) Run(g *global) error {
	if len(c.Custodian) != 3 {
		return usage("Give --custodian three times.", "A service has three custodians; %d were given.", len(c.Custodian))
	}
	var keys [3]string
	for i, text := range c.Custodian {
		var err error
		if keys[i], err = custodianKey(text); err != nil {
			return err
		}
	}
	rootKey, orgRoot, err := attune.Found(c.Name, keys, time.Now())
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.Out, 0o700); err != nil {
		return cannotWrite(c.Out, err)
	}
	key, root := filepath.Join(c.Out, "root.key"), filepath.Join(c.Out, "org.root")
	if err := writeNew(key, []byte(rootKey+"\n")); err != nil {
		return err
	}
	if err := writeNew(root, orgRoot); err != nil {
		return err
	}
	return g.print(map[string]any{"root_key": key, "org_root": root},
		"Wrote %s: keep it offline. Take %s to the server: attuned init --data DIR --root org.root", key, root)
}

type rotateCmd struct {
	RootKey string `required:"" type:"existingfile" placeholder:"FILE" help:"root.key of the ceremony."`
	Root    string `required:"" type:"existingfile" placeholder:"FILE" help:"org.root of the ceremony."`
	Request string `required:"" type:"existingfile" placeholder:"FILE" help:"rotate.request, as the server wrote it."`
	Out     string `required:"" placeholder:"FILE" type:"path" help:"What the server is to accept."`
}

// Help is what --help shows below the flags.
func (rotateCmd) Help() string {
	return `Example: attune ceremony rotate --root-key root.key --root org.root --request rotate.request --out certified

Prints what stands for the new keys. Compare it with what attuned rotate printed on the server, before you take the file
there: whoever exchanged the request on the way would sign for the service.`
}

func (c *rotateCmd) Run(g *global) error {
	in := attune.Certification{Now: time.Now()}
	if err := readCeremony(&in, c.RootKey, c.Root, c.Request); err != nil {
		return err
	}
	certified, err := attune.CertifyAgain(in)
	if err != nil {
		return err
	}
	if err := writeNew(c.Out, certified); err != nil {
		return err
	}
	return g.print(map[string]any{"accept": c.Out, "fingerprint": in.Request.Fingerprint()},
		"The new keys: %s\nIf the server printed the same, take %s there: attuned rotate --data DIR --accept %s", in.Request.Fingerprint(), c.Out, filepath.Base(c.Out))
}

type certifyCmd struct {
	RootKey string `required:"" type:"existingfile" placeholder:"FILE" help:"root.key of the ceremony."`
	Root    string `required:"" type:"existingfile" placeholder:"FILE" help:"org.root of the ceremony."`
	Request string `required:"" type:"existingfile" placeholder:"FILE" help:"server.request, as the server wrote it."`
	Pack    string `default:"council" help:"The figures that the service works by: a pack of this program, or its file."`
	Head    string `required:"" placeholder:"NAME" help:"Name of the first head of service."`
	Origin  string `placeholder:"URL" help:"Address of the server; else the one in its request."`
	Out     string `required:"" placeholder:"FILE" type:"path" help:"What the server is to accept."`
}

// Help is what --help shows below the flags.
func (certifyCmd) Help() string {
	return `Example: attune ceremony certify --root-key root.key --root org.root --request server.request
  --pack council --head "Helen Carr" --origin https://attune.example.org --out certified

--pack takes a file as well: a copy of a pack with the service's own figures (see attune policy adopt --help).
Prints the invitation of the head of service, whose powers begin at once.`
}

func (c *certifyCmd) Run(g *global) error {
	in, err := c.read()
	if err != nil {
		return err
	}
	certified, invitation, err := attune.Certify(in)
	if err != nil {
		return err
	}
	if err := writeNew(c.Out, certified); err != nil {
		return err
	}
	g.note("Take %s to the server: attuned init --data DIR --accept %s\nInvitation for %s, who will be head of service:", c.Out, filepath.Base(c.Out), c.Head)
	return g.print(map[string]any{"accept": c.Out, "invitation": invitation}, "%s", invitation)
}

// read loads the files, the rules that this program carries, and the figures that
// were named: the root adopts what the ceremony's machine has, never what the server
// claims.
func (c *certifyCmd) read() (in attune.Certification, err error) {
	in = attune.Certification{Head: c.Head, Origin: c.Origin, Now: time.Now()}
	if err := readCeremony(&in, c.RootKey, c.Root, c.Request); err != nil {
		return in, err
	}
	bundle, err := authz.Load()
	if err != nil {
		return in, fmt.Errorf("load rules: %w", err)
	}
	in.Bundle = bundle.SHA256()
	if c.Pack == adoptedPack {
		return in, usage("Name a pack of this program, or its file.", "Nothing is adopted yet.")
	}
	p, err := (&global{}).pack(c.Pack)
	in.Pack = p.file
	return in, err
}

// readCeremony loads the files by which the root signs for a server.
func readCeremony(in *attune.Certification, rootKey, root, request string) error {
	key, err := os.ReadFile(rootKey)
	if err != nil {
		return err
	}
	in.RootKey = string(key)
	if in.OrgRoot, err = os.ReadFile(root); err != nil {
		return err
	}
	body, err := os.ReadFile(request)
	if err != nil {
		return err
	}
	in.Request, err = attune.ParseServerRequest(body)
	return err
}
