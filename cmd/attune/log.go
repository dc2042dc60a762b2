package main

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/accesslog"
)

type logCmd struct {
	Search   logSearchCmd   `cmd:"" help:"Search the access log, for IG officers. The search itself is recorded."`
	Export   logExportCmd   `cmd:"" help:"Write the log, or some of it, for people and for other verifiers. That is recorded too."`
	Exposure logExposureCmd `cmd:"" help:"What a lost device could open."`
	Verify   logVerifyCmd   `cmd:"" help:"Verify the service's log, or the folder of an export, on this machine."`
}

// logFilter is the flags by which events are found, in any combination.
type logFilter struct {
	Family  ref    `placeholder:"FAMILY" help:"About one family: reference or id."`
	Person  ref    `placeholder:"STAFF" help:"By one member of staff: name or id."`
	Object  ref    `placeholder:"ID" help:"About one clip or link; of a link also what its carer did."`
	Action  string `placeholder:"ACTION" help:"Such as clip.watch or consent.sign."`
	Outcome string `enum:",allowed,denied,done,refused,deferred" default:"" help:"allowed, denied, done, refused or deferred."`
	Rule    string `help:"Decided by this rule."`
	Since   string `placeholder:"DATE" help:"From this day on."`
	Until   string `placeholder:"DATE" help:"Up to the end of this day."`
}

func (c *logFilter) filter(d *attune.Client) (f attune.LogFilter, err error) {
	f = attune.LogFilter{Family: c.family(d), Action: c.Action, Outcome: c.Outcome, Rule: c.Rule}
	if f.Since, err = parseDay("since", c.Since); err != nil {
		return f, err
	}
	if f.Until, err = parseDay("until", c.Until); err != nil {
		return f, err
	}
	if !f.Until.IsZero() {
		f.Until = f.Until.AddDate(0, 0, 1) // the first instant after that day
	}
	if !f.Until.IsZero() && !f.Since.Before(f.Until) {
		// No event can match, and "none" would be read as "nobody watched".
		return f, usage("Give the earlier day to --since.", "--since %s is after --until %s.", c.Since, c.Until)
	}
	if c.Person != "" {
		if f.Person, err = d.Staff.Find(string(c.Person)); err != nil {
			return f, err
		}
	}
	if c.Object != "" {
		f.Object, err = object(d, string(c.Object))
	}
	return f, err
}

// family is what the service is asked about: a reference as it is written there, so
// that it finds every record which has it; the whole id where the person typed its
// first letters; else what they typed, for the service may know it.
func (c *logFilter) family(d *attune.Client) string {
	text := strings.TrimSpace(string(c.Family))
	id, err := d.Families.Find(text)
	if text == "" || err != nil {
		return text
	}
	if f, ok := d.Mirror.Family(id); ok && strings.EqualFold(f.Reference, text) {
		return f.Reference
	}
	return id.String()
}

// object is a clip or a link by its address or the first letters of its id, or the
// whole id of any statement.
func object(d *attune.Client, text string) (policies.StatementID, error) {
	if id, err := policies.ParseID[policies.Statement](text); err == nil && !id.IsZero() {
		return id, nil
	}
	clip, notClip := d.Clips.Find(text)
	link, notLink := d.Links.Find(text)
	switch {
	case notClip == nil && notLink == nil:
		return policies.StatementID{}, problem("ambiguous", "Give more letters of it.", "%q could be a clip and a link.", text)
	case notClip == nil:
		return policies.StatementID(clip), nil
	case attune.CodeOf(notClip) == attune.CodeAmbiguous:
		return policies.StatementID{}, notClip
	}
	return policies.StatementID(link), notLink
}

type logSearchCmd struct{ logFilter }

// Help is what --help shows below the flags.
func (logSearchCmd) Help() string {
	return `Example: attune log search --family NF-1042 --action clip.watch --since 2026-11-01`
}

// Run prints each page as it comes: a log of years must not wait, or fit, in memory.
func (c *logSearchCmd) Run(ctx context.Context, g *global) error {
	return g.device(func(d *attune.Client) error {
		filter, err := c.filter(d)
		if err != nil {
			return err
		}
		signed, err := d.Mirror.Checkpoint()
		if err != nil {
			return err
		}
		show := g.counting("Searching")
		defer show.Done()
		show.Total(signed.Size)
		out := eventPrinter{g: g}
		for filter.From >= 0 {
			page, next, err := d.Log.Search(ctx, filter)
			if err != nil {
				return err
			}
			if err := out.page(page); err != nil {
				return err
			}
			show.Add(max(0, next-filter.From))
			filter.From = next
		}
		if !out.found() && c.Action != "" && !isAction(c.Action) {
			g.note("Note: %q is no action that this version knows; clip.watch and link.open are. Check how it is written.", c.Action)
		}
		return out.end()
	})
}

// isAction reports whether events can have this action: one that is asked for, or a
// kind of statement.
func isAction(name string) bool {
	_, kind := policies.RowOf(policies.Kind(name))
	return kind || slices.Contains(policies.Actions(), policies.Action(name))
}

// eventPrinter prints pages of events as one table, or as one JSON object.
type eventPrinter struct {
	g      *global
	begun  bool
	events int
}

func (p *eventPrinter) page(events []attune.LogEvent) error {
	if !p.g.JSON {
		p.events += len(events)
		if len(events) == 0 {
			return nil
		}
		return p.g.print(nil, "%s", table(events, eventRow))
	}
	for _, e := range events {
		b, err := json.Marshal(e, json.Deterministic(true))
		if err != nil {
			return fmt.Errorf("print: %w", err)
		}
		if err := p.write(map[bool]string{false: `{"events":[`, true: ","}[p.begun], string(b)); err != nil {
			return err
		}
		p.begun = true
	}
	return nil
}

func (p *eventPrinter) found() bool { return p.begun || p.events > 0 }

func (p *eventPrinter) end() error {
	switch {
	case p.g.JSON && p.begun:
		return p.write("]}\n")
	case p.g.JSON:
		return p.write(`{"events":[]}` + "\n")
	case p.events == 0:
		return p.write("(none)\n")
	}
	return nil
}

func (p *eventPrinter) write(parts ...string) error {
	_, err := fmt.Fprint(p.g.out, strings.Join(parts, ""))
	return err
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

type logExportCmd struct {
	Out string `required:"" placeholder:"DIR" type:"path" help:"A new folder."`
	logFilter
}

// Help is what --help shows below the flags.
func (logExportCmd) Help() string {
	return `Example: attune log export --out log-2026-11
  or: attune log export --family NF-1042 --out request-12

Without a filter the whole log, in a layout that other verifiers know; with one the events that match, each with
a proof that it stands in the log. VERIFY.txt in the folder says how to check it without Attune. The folder
"names" is personal data and can be deleted alone.`
}

func (c *logExportCmd) Run(ctx context.Context, g *global) error {
	return g.device(func(d *attune.Client) error {
		filter, err := c.filter(d)
		if err != nil {
			return err
		}
		x, err := d.Log.Export(ctx, filter, c.Out, g.counting("Exporting"))
		if err != nil {
			return err
		}
		return g.print(map[string]any{"dir": c.Out, "rows": x.Rows, "part": x.Part, "size": x.Size},
			"Wrote %s of a log of %d to %s; its VERIFY.txt says how to check them. The export is recorded.", count(int(x.Rows), "event", "events"), x.Size, c.Out)
	})
}

type logVerifyCmd struct {
	Dir     string `arg:"" optional:"" type:"path" help:"Folder of an export, verified without a network; else the service's log."`
	Key     string `placeholder:"KEY" help:"The log's key that you were told, as in log.vkey: to verify an export without a device."`
	Anchors string `placeholder:"DIR" type:"path" help:"Compare it with signed states of the log as well: a folder of what attuned anchor put away, or of the lines saved from its e-mails."`
	OpenSSL string `name:"openssl" placeholder:"DIR" type:"path" help:"Also take the signed checkpoint apart into DIR, for openssl."`
}

// Help is what --help shows below the flags.
func (logVerifyCmd) Help() string {
	return `Example: attune log verify --openssl proof
  then: openssl pkeyutl -verify -rawin -pubin -inkey proof/pub.pem -in proof/body -sigfile proof/sig
  or: attune log verify log-2026-11

Recomputes the tree from every row and compares it with the signed checkpoint, with every state of the log that
this device and its colleagues were shown before, and with its own records. With --anchors it also says whether the
log was cut off, or rewritten and signed again, since a state of it was put away. An export is compared with the key
that this device knows, or with KEY. Exit status 1 names the rows that differ.`
}

func (c *logVerifyCmd) Run(ctx context.Context, g *global) error {
	switch {
	case c.Dir == "" && c.Key != "":
		return problem("usage", "Name the folder of an export as well.", "--key is for an export.").status(exitUsage)
	case c.Dir != "" && c.OpenSSL != "":
		return problem("usage", "Its VERIFY.txt has the commands.", "An export has its files for openssl already.").status(exitUsage)
	case c.Anchors != "" && (c.Key != "" || g.Home == ""):
		return problem("usage", "Run it with your device's folder in --home.", "Anchors are verified by a device, which knows the service's keys.").status(exitUsage)
	case c.Dir != "" && (c.Key != "" || g.Home == ""):
		return c.export(g, func(show attune.Progress) (attune.LogExportReport, error) {
			return attune.VerifyLogExport(os.DirFS(c.Dir), c.Key, show)
		})
	case c.Dir != "":
		return g.device(func(d *attune.Client) error {
			return c.export(g, func(show attune.Progress) (attune.LogExportReport, error) {
				return c.log(d).VerifyExport(os.DirFS(c.Dir), show)
			})
		})
	}
	return g.device(func(d *attune.Client) error { return c.live(ctx, g, d) })
}

// log is the one to verify, and what it is compared with.
func (c *logVerifyCmd) log(d *attune.Client) *attune.Log {
	if c.Anchors == "" {
		return d.Log
	}
	return d.Log.Against(os.DirFS(c.Anchors))
}

// live verifies the service's own log.
func (c *logVerifyCmd) live(ctx context.Context, g *global, d *attune.Client) error {
	report, err := c.log(d).Verify(ctx, g.counting("Verifying"))
	if err != nil {
		return err
	}
	if !report.OK {
		return altered(report.Faults)
	}
	if c.OpenSSL != "" {
		if err := takeApart(d, report.Checkpoint, c.OpenSSL); err != nil {
			return err
		}
	}
	report.Faults = list(report.Faults)
	pruned := ""
	if report.Pruned > 0 {
		pruned = fmt.Sprintf("\nOf the first %d only hashes are kept: they were pruned, and the log says so.", report.Pruned)
	}
	return g.print(report, "The access log is whole: %d events, all of them signed; %s of this device stand where its receipts say.\n"+
		"It goes on from each of %s that this device knows of.\nIts key is %s\nThe organisation's root named it in certificate %s.%s",
		report.Signed, count(report.Own, "statement", "statements"), count(report.Seen, "earlier state", "earlier states"), report.Key, report.Certificate, pruned+c.beside(report.Anchors))
}

// beside says that anchors were compared.
func (c *logVerifyCmd) beside(n int) string {
	if c.Anchors == "" {
		return ""
	}
	return fmt.Sprintf("\nIt goes on from %s.", count(n, "anchor", "anchors"))
}

func altered(faults []string) error {
	return problem("log_altered", "Keep this output, and tell your IG officer and your administrator.",
		"The access log was changed: %s.", strings.Join(faults, "; "))
}

// export verifies a folder and says what that proves, and what not.
func (c *logVerifyCmd) export(g *global, verify func(attune.Progress) (attune.LogExportReport, error)) error {
	if info, err := os.Stat(c.Dir); err != nil || !info.IsDir() {
		return problem("input", "Name the folder that attune log export made.", "%s is not a folder.", c.Dir)
	}
	r, err := verify(g.counting("Verifying"))
	if err != nil {
		return err
	}
	if !r.OK {
		return altered(r.Faults)
	}
	var said []string
	if r.Part {
		said = append(said, fmt.Sprintf("Each of %s stands in the signed log of %d, unchanged. That no row was left out is not proved: that takes the whole log.",
			count(int(r.Rows), "row", "rows"), r.Size))
	} else {
		said = append(said, fmt.Sprintf("The export is whole: %s, all that the log had.", count(int(r.Rows), "row", "rows")))
		if r.From > 0 {
			said = append(said, fmt.Sprintf("Rows 0 to %d were pruned before, and the log says so: their hashes are here.", r.From-1))
		}
	}
	if r.Seen > 0 {
		said = append(said, fmt.Sprintf("It goes on from each of %s that this device knows of.", count(r.Seen, "earlier state", "earlier states")))
	}
	if c.Anchors != "" {
		said = append(said, strings.TrimSpace(c.beside(r.Anchors)))
	}
	if r.Replaced {
		said = append(said, "It was signed by a key that the service has replaced since: that of certificate "+r.Certificate.String()+".")
	} else if !r.Certificate.IsZero() {
		said = append(said, "The organisation's root named its key in certificate "+r.Certificate.String()+".")
	}
	if !r.Names {
		said = append(said, "Its folder of names was deleted.")
	}
	if !r.Known {
		said = append(said, "The key came with the export. Compare it with the one that the service's IG officer has:\n"+r.Key)
	}
	return g.print(r, "%s", strings.Join(said, "\n"))
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
