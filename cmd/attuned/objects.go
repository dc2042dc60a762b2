package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/attune-vf/attune/storage/objects"
)

type objectsCmd struct {
	Setup objectsSetupCmd `cmd:"" help:"Make the buckets that are missing on an S3 server."`
	Check objectsCheckCmd `cmd:"" help:"Check the buckets, and what the S3 server can do."`
	Holds objectsHoldsCmd `cmd:"" help:"Tell the object store what is held, or compare."`
}

type objectsSetupCmd struct {
	objectsFlags
	rolesFlags
}

const objectsExample = `Example: attuned objects %s --objects s3://s3.example.org --objects-key-file admin.key

The key file holds the access key in its first line and the secret key in its second, and nobody else
may read it. ATTUNE_S3_ACCESS_KEY and ATTUNE_S3_SECRET_KEY in the environment do as well.

`

// Help is what --help shows below the flags.
func (objectsSetupCmd) Help() string {
	return fmt.Sprintf(objectsExample, "setup") +
		`Makes clips, forms and checkpoints with object lock and without a default retention, and staging
without lock. Changes no bucket that is there; run it as often as you like. Needs a key that may make
buckets, which the server itself need not have.

With --keys it also makes the service's five users, none of which can both read film and remove it:
server (for attuned serve), sweeper, holder, auditor and anchor. --policies writes what each may do. Both
can be given again: users then may do what this version says. versitygw must run with --iam-cache-disable:
with its cache, version 1.8.0 sometimes takes one user for another.`
}

// Run prints what was done, bucket by bucket.
func (c *objectsSetupCmd) Run(ctx context.Context, p *printer) error {
	cfg, err := c.required()
	if err != nil {
		return err
	}
	found, err := objects.SetupS3(ctx, cfg)
	if err != nil {
		return err
	}
	more, err := c.rolesFlags.make(ctx, cfg)
	if err != nil {
		return err
	}
	return printBuckets(p, map[string]any{"buckets": found, "roles": more}, found, more)
}

type objectsCheckCmd struct{ objectsFlags }

// Help is what --help shows below the flags.
func (objectsCheckCmd) Help() string {
	return fmt.Sprintf(objectsExample, "check") +
		`Writes and removes one small object in the bucket staging. Exit status 1 when anything is missing; a
key that can do more than a server's should is only noted.`
}

// Run prints what was found, and fails when a service could not run on it.
func (c *objectsCheckCmd) Run(ctx context.Context, p *printer) error {
	cfg, err := c.required()
	if err != nil {
		return err
	}
	r, err := objects.CheckS3(ctx, cfg)
	if err != nil {
		return err
	}
	var more []finding
	if r.Probed {
		more = []finding{
			checkS3Key(ctx, cfg),
			able("ETags are MD5", r.MD5ETags, "it encrypts with SSE-KMS or makes ETags its own way"),
			able("a second object under a name is refused", r.WriteOnce, "two servers on it could complete the same clip twice"),
		}
	}
	return printBuckets(p, r, r.Buckets, more)
}

// checkS3Key notes what the key can do beyond a server's. It is no failure: an
// operator may have reasons, and a demonstration has only one.
func checkS3Key(ctx context.Context, cfg objects.S3Config) finding {
	f := finding{What: "the S3 key does no more than a server needs", OK: true}
	can, err := objects.Excess(ctx, cfg)
	if err != nil {
		return made(f.What, err)
	}
	if len(can) > 0 {
		f.What = "the S3 key " + cfg.AccessKey
		f.Note = "it can also " + strings.Join(can, ", ") + "; attuned objects setup --keys makes one that cannot"
	}
	return f
}

func able(what string, ok bool, otherwise string) finding {
	if ok {
		otherwise = ""
	}
	return finding{What: what, OK: ok, Why: otherwise}
}

func (o objectsFlags) required() (objects.S3Config, error) {
	if o.Objects == "" {
		return objects.S3Config{}, problem("usage", "Give it with --objects s3://HOST[:PORT].", "The S3 server's address is missing.").status(exitUsage)
	}
	return o.config()
}

// printBuckets prints a line for each bucket and finding, or v in JSON.
func printBuckets(p *printer, v any, buckets []objects.Bucket, more []finding) error {
	findings := make([]finding, 0, len(buckets)+len(more))
	for _, b := range buckets {
		findings = append(findings, describe(b))
	}
	findings = append(findings, more...)
	wrong := 0
	for _, x := range findings {
		if !x.OK {
			wrong++
		}
		if !p.json {
			fmt.Fprintln(p.out, line(x))
		}
	}
	if p.json {
		if err := p.print(v, ""); err != nil {
			return err
		}
	}
	if wrong > 0 {
		return problem("objects", "See above.", "%d of %d checks failed.", wrong, len(findings))
	}
	return nil
}

func describe(b objects.Bucket) finding {
	what := "bucket " + b.Name
	switch {
	case !b.Exists:
		return finding{What: what, Why: "it is missing; attuned objects setup makes it"}
	case !b.OK():
		return finding{What: what, Why: "it was made without object lock, which some servers cannot add; make a new one under another prefix"}
	case b.Made:
		what += ", made just now"
	}
	if b.Versioning {
		what += ", versioning"
	}
	if b.Lock {
		what += ", object lock"
	}
	return finding{What: what, OK: true}
}
