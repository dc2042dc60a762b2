package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/authz"
	"github.com/attune-vf/attune/policies/packs"
	"github.com/attune-vf/attune/storage"
)

type adoptCmd struct {
	Data      string `required:"" placeholder:"DIR" help:"The server's folder."`
	Statement string `required:"" type:"existingfile" placeholder:"FILE" help:"What \"attune policy adopt\" wrote."`
}

// Help is what --help shows below the flags.
func (adoptCmd) Help() string {
	return `Example: attuned adopt --data /srv/attune --statement adopt.file

For a new version: a server works only by the rules that the head of service adopted, so it does not start with others,
and cannot take their adoption while it runs. Stop the server first, install the version that has them, adopt, start.
No network is needed. Given again, the file changes nothing. Other figures with the same rules need none of this: they
go by the head of service's next sync.`
}

const adoptNext = `Give the file that "attune policy adopt" wrote, with the same version of attune as this attuned.`

// Run takes an adoption for a server that is stopped.
//
// What could an attacker gain who has the folder and this program? Nothing that the
// folder does not give already: the statement must be signed by a head of service
// whom the record knows, and names the hashes of what this program holds.
func (c *adoptCmd) Run(ctx context.Context, p *printer) error {
	f := folder(c.Data)
	if err := errors.Join(f.founded(), refuseForeign(f)); err != nil {
		return err
	}
	release, err := f.alone() // a server would go on ruling by what is no longer adopted
	if err != nil {
		return err
	}
	defer release()
	body, err := os.ReadFile(c.Statement)
	if err != nil {
		return fmt.Errorf("read the adoption: %w", err)
	}
	var in wire.PushRequest
	if err := wire.Decode(bytes.NewReader(body), wire.MaxPushBytes, &in); err != nil || len(in.Statements) > wire.MaxPushStatements {
		return problem("adoption", adoptNext, "This is not what attune writes.")
	}
	id, pack, err := adoptionIn(ctx, f, in)
	if err != nil {
		return err
	}
	taken, err := adopt(ctx, f, in, id)
	if err != nil {
		return err
	}
	return p.print(map[string]any{"adopted": pack, "statement": id, "again": taken.Duplicate, "refused": taken.refused},
		"Adopted %s.%s Start the server: attuned serve --data %s", pack, taken.note(), f)
}

// adoptionIn finds the one adoption in a file and looks whether this program could
// live with it, before anything is taken: a server that adopted what it does not
// have would never start again.
func adoptionIn(ctx context.Context, f folder, in wire.PushRequest) (id policies.StatementID, pack string, err error) {
	store, err := openFounding(ctx, f)
	if err != nil {
		return id, "", err
	}
	org := store.org
	if err := store.Close(); err != nil {
		return id, "", err
	}
	if org.Policy.Adopted.IsZero() {
		return id, "", problem("not_accepted", "Finish the ceremony first: attuned init --data "+string(f)+" --accept FILE", "The root has not certified this server yet.").status(exitMissing)
	}
	for _, sealed := range in.Statements {
		s, err := statement.Verify([]byte(sealed.Statement), org.Key)
		if err != nil {
			return id, "", problem("adoption", adoptNext, "Something in the file was not signed by anybody of this organisation: %v.", err)
		}
		b, ok := s.Body.(*policies.PolicyAdopt)
		if !ok {
			continue
		}
		if id = s.ID; !id.IsZero() && pack != "" {
			return id, "", problem("adoption", "Write it again, on a device that has one to send.", "The file holds more than one adoption.")
		}
		pack = b.Pack
		if err := carried(b, sealed); err != nil {
			return id, "", err
		}
	}
	if pack == "" {
		return id, "", problem("adoption", adoptNext, "The file holds no adoption.")
	}
	return id, pack, nil
}

// carried refuses rules that this program does not have, and figures that it cannot
// read.
func carried(b *policies.PolicyAdopt, sealed wire.Sealed) error {
	bundle, err := authz.Load()
	if err != nil {
		return fmt.Errorf("load rules: %w", err)
	}
	if bundle.SHA256() != b.Bundle {
		return problem("not_adopted", "Install the version of attuned that the head of service adopted, or have them adopt this one's.",
			"The adoption names rules that this version does not have.")
	}
	for _, a := range sealed.Attachments {
		if a.Name != policies.PackFile || policies.DigestOf(a.Body) != b.SHA256 {
			continue
		}
		if _, err := packs.Parse(a.Body); err != nil {
			return problem("no_figures", "Install the version of attuned with which they were adopted, or have the head of service put the line right and sign again.",
				"The figures in the file cannot be read by this version: %v.", err)
		}
		return nil
	}
	return problem("no_figures", adoptNext, "The figures that were signed are not in the file.")
}

// adoption is what became of the file.
type adoption struct {
	Duplicate bool
	refused   int // of the other statements in it; their author will see why
}

func (a adoption) note() string {
	note := ""
	if a.Duplicate {
		note = " It was taken before."
	}
	if a.refused > 0 {
		note += fmt.Sprintf(" %d other statements in the file were refused; their author sees why at the next sync.", a.refused)
	}
	return note
}

// adopt takes the file, by the rules that it adopts, and looks whether the server
// could now start.
func adopt(ctx context.Context, f folder, in wire.PushRequest, id policies.StatementID) (a adoption, err error) {
	store, err := openFounding(ctx, f)
	if err != nil {
		return a, err
	}
	results, _, err := store.Records.Accept(ctx, policies.Caller{}, sealedOf(in), 0)
	if err == nil {
		a, err = settled(results, id)
	}
	if err == nil {
		err = inForce(ctx, store, id)
	}
	return a, errors.Join(err, store.Close())
}

func settled(results []storage.Result, id policies.StatementID) (a adoption, err error) {
	for _, r := range results {
		switch {
		case r.ID == id && r.Err != nil:
			return a, problem("adoption", "The head of service signs it, with a certificate in force; earlier statements of that device must have arrived.", "The adoption was refused: %v.", r.Err)
		case r.ID == id:
			a.Duplicate = r.Duplicate
		case r.Err != nil:
			a.refused++
		}
	}
	return a, nil
}

func inForce(ctx context.Context, store *opened, id policies.StatementID) error {
	org, err := store.Records.Org(ctx)
	if err != nil {
		return fmt.Errorf("read organisation: %w", err)
	}
	if org.Policy.Adopted != id {
		return problem("adoption", "Give the newest file, or have the head of service sign again.", "This adoption was taken before, and another has been since.")
	}
	return nil
}
