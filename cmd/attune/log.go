package main

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/accesslog"
)

type logCmd struct {
	Search logSearchCmd `cmd:"" help:"Search the access log, for IG officers. The search itself is recorded."`
	Verify logVerifyCmd `cmd:"" help:"Fetch the whole log and verify it on this machine."`
}

type logSearchCmd struct {
	Family  string `placeholder:"REFERENCE" help:"About one family."`
	Person  ref    `placeholder:"STAFF" help:"By one member of staff: name or id."`
	Action  string `placeholder:"ACTION" help:"Such as clip.watch or consent.sign."`
	Outcome string `enum:",allowed,denied,done,refused" default:"" help:"allowed, denied, done or refused."`
	Rule    string `help:"Decided by this rule."`
	Since   string `placeholder:"DATE" help:"From this day on."`
	Until   string `placeholder:"DATE" help:"Up to the end of this day."`
}

// Help is what --help shows below the flags.
func (logSearchCmd) Help() string {
	return `Example: attune log search --family NF-1042 --action clip.watch`
}

func (c *logSearchCmd) Run(ctx context.Context, g *global) error {
	return g.device(func(d *attune.Client) error {
		filter, err := c.filter(d)
		if err != nil {
			return err
		}
		events := []attune.LogEvent{}
		for filter.From >= 0 {
			more, next, err := d.Log.Search(ctx, filter)
			if err != nil {
				return err
			}
			events, filter.From = append(events, more...), next
		}
		return g.print(map[string]any{"events": events}, "%s", table(events, eventRow))
	})
}

func (c *logSearchCmd) filter(d *attune.Client) (f attune.LogFilter, err error) {
	f = attune.LogFilter{Family: c.Family, Action: c.Action, Outcome: c.Outcome, Rule: c.Rule}
	if f.Since, err = parseDay("since", c.Since); err != nil {
		return f, err
	}
	until, err := parseDay("until", c.Until)
	if err != nil {
		return f, err
	}
	f.Until = endOfDay(until)
	if c.Person != "" {
		f.Person, err = d.Staff.Find(string(c.Person))
	}
	return f, err
}

func eventRow(e attune.LogEvent) []string {
	return []string{fmt.Sprint(e.Index), e.At.Local().Format("2006-01-02 15:04:05"), e.Event.Action, e.Event.Outcome,
		strings.Join(e.Event.Rules, " "), shortly(e.Who), e.Family, e.Event.Range, detail(e.Detail)}
}

// shortly keeps the beginning of an id at the end of a name: a carer is named by
// their link's, and a table is read by people. With --json it stands whole.
func shortly(who string) string {
	i := strings.LastIndexByte(who, ' ') + 1
	if id, err := policies.ParseID[policies.Link](who[i:]); err == nil {
		return who[:i] + id.Short()
	}
	return who
}

// detail puts the address first and what somebody typed behind it in quotation
// marks, so that a reason cannot be taken for an address.
func detail(d string) string {
	reason, address, typed := strings.Cut(d, "\n")
	if !typed {
		return d
	}
	return address + " " + strconv.Quote(reason)
}

type logVerifyCmd struct {
	OpenSSL string `name:"openssl" placeholder:"DIR" type:"path" help:"Also take the signed checkpoint apart into DIR, for openssl."`
}

// Help is what --help shows below the flags.
func (logVerifyCmd) Help() string {
	return `Example: attune log verify --openssl proof
  then: openssl pkeyutl -verify -rawin -pubin -inkey proof/pub.pem -in proof/body -sigfile proof/sig

Recomputes the tree from every row and compares it with the signed checkpoint, with what this device saw
before, and with its own records. Exit status 1 names the rows that differ.`
}

func (c *logVerifyCmd) Run(ctx context.Context, g *global) error {
	return g.device(func(d *attune.Client) error {
		var show attune.Progress
		if bars := g.progress(); bars != nil {
			show = bars("Verifying")
		}
		report, err := d.Log.Verify(ctx, show)
		if err != nil {
			return err
		}
		if !report.OK {
			return problem("log_altered", "Keep this output, and tell your IG officer and your administrator.",
				"The access log was changed: %s.", strings.Join(report.Faults, "; "))
		}
		if c.OpenSSL != "" {
			if err := takeApart(d, report.Checkpoint, c.OpenSSL); err != nil {
				return err
			}
		}
		report.Faults = list(report.Faults)
		return g.print(report, "The access log is whole: %d events, all of them signed; %s of this device stand where its receipts say.",
			report.Signed, count(report.Own, "statement", "statements"))
	})
}

// takeApart writes the checkpoint as openssl reads it: what was signed, the
// signature, and the key that the organisation's root certified.
func takeApart(d *attune.Client, checkpoint, dir string) error {
	key := d.Mirror.Org().Server.LogKey
	body, sig, pub, err := accesslog.OpenSSL(checkpoint, ed25519.PublicKey(key[:]))
	if err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return cannotWrite(dir, err)
	}
	for name, b := range map[string][]byte{"body": body, "sig": sig, "pub.pem": pub} {
		if err := writeNew(filepath.Join(dir, name), b); err != nil {
			return err
		}
	}
	return nil
}
