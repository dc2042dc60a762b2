package main

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	attune "github.com/attune-vf/attune/client-sdk"
)

// global holds the flags of every command, and where results go.
type global struct {
	Home           string `env:"ATTUNE_HOME" placeholder:"DIR" type:"path" help:"Folder of this device's keys and records."`
	PassphraseFile string `env:"ATTUNE_PASSPHRASE_FILE" placeholder:"FILE" type:"path" help:"File whose first line unlocks the keys; else it is asked for."`
	Service        string `env:"ATTUNE_SERVICE" placeholder:"SERVICE" help:"Which service, by name or number, when this device has joined several."`
	Server         string `env:"ATTUNE_SERVER" placeholder:"URL" help:"Address of the service, when it is not the one in the invitation."`
	JSON           bool   `help:"Print one JSON object a line, for scripts."`

	out, err io.Writer       `kong:"-"`
	stopped  <-chan struct{} `kong:"-"` // closed by Ctrl-C
	follows  bool            `kong:"-"` // is attune sync --watch itself, which borrows from no other
	lender   []net.Conn      `kong:"-"` // open while this program has a home that it borrowed: to its end
}

// commands is the command line, in the groups of [groups]: what is needed every day
// stands first.
type commands struct {
	global

	Sync        syncCmd        `cmd:"" group:"day" help:"Send what is queued, fetch what is new."`
	Status      statusCmd      `cmd:"" group:"day" help:"What waits here, and what needs attention."`
	Lock        lockCmd        `cmd:"" group:"day" help:"Lock what attune sync --watch has open; film goes on being sent."`
	Unlock      unlockCmd      `cmd:"" group:"day" help:"Unlock it."`
	Decision    decisionCmd    `cmd:"" group:"day" help:"What waits for you, and what you decide."`
	Dismiss     dismissCmd     `cmd:"" group:"day" help:"Take off the list what you have dealt with."`
	Family      familyCmd      `cmd:"" group:"family" help:"Families."`
	Person      personCmd      `cmd:"" group:"family" help:"People of a family."`
	Team        teamCmd        `cmd:"" group:"family" help:"The practitioners of a family."`
	Approval    approvalCmd    `cmd:"" group:"family" help:"The head of service's approval of filming."`
	Consent     consentCmd     `cmd:"" group:"family" help:"Signed consent forms."`
	Viewer      viewerCmd      `cmd:"" group:"family" help:"Who outside a family's team may watch."`
	Session     sessionCmd     `cmd:"" group:"film" help:"Visits."`
	Clip        clipCmd        `cmd:"" group:"film" help:"Recordings."`
	Watch       watchCmd       `cmd:"" group:"film" help:"Watch a clip in this machine's player."`
	Link        linkCmd        `cmd:"" group:"film" help:"Links by which carers watch."`
	Export      exportCmd      `cmd:"" group:"film" help:"Write a clip's header and payload, for the stock age tool."`
	Disposal    disposalCmd    `cmd:"" group:"law" help:"What may be destroyed, and who confirmed it."`
	Retention   retentionCmd   `cmd:"" group:"law" help:"Until when film is kept, and why."`
	Certificate certificateCmd `cmd:"" group:"law" help:"Certificates of film that was destroyed."`
	Hold        holdCmd        `cmd:"" group:"law" help:"What is kept from being destroyed."`
	Request     requestCmd     `cmd:"" group:"law" help:"What families and courts ask for under the law."`
	Breakglass  breakglassCmd  `cmd:"" group:"law" help:"Film opened against somebody's will: danger, a court, the police."`
	Recovery    recoveryCmd    `cmd:"" group:"law" help:"A family's key, from two of the three custodians."`
	Log         logCmd         `cmd:"" group:"law" help:"The access log: search it, export it, verify it."`
	Alerts      alertsCmd      `cmd:"" group:"law" help:"What in the access log an IG officer should look at."`
	Policy      policyCmd      `cmd:"" group:"law" help:"The rules, the figures and the papers that the service works by."`
	Invite      inviteCmd      `cmd:"" group:"staff" help:"Invite a member of staff."`
	Confirm     confirmCmd     `cmd:"" group:"staff" help:"Confirm who joined, by the six words that they read to you."`
	Staff       staffCmd       `cmd:"" group:"staff" help:"Members of staff."`
	Deputy      deputyCmd      `cmd:"" group:"staff" help:"Who decides about families in the head of service's place."`
	Equipment   equipmentCmd   `cmd:"" group:"staff" help:"The register of cameras, cards, laptops, phones and tablets."`
	Join        joinCmd        `cmd:"" group:"join" help:"Join a service with an invitation."`
	Services    serviceCmd     `cmd:"" group:"join" name:"service" help:"The services that this device has joined."`
	Device      deviceCmd      `cmd:"" group:"join" help:"Your devices: a second one, a lost one."`
	Custodian   custodianCmd   `cmd:"" group:"found" help:"A custodian's key, made on the custodian's own device."`
	Ceremony    ceremonyCmd    `cmd:"" group:"found" help:"Found an organisation, on a machine that is not the server."`
}

// groups are the headings of attune --help.
func groups() []kong.Group {
	return []kong.Group{
		{Key: "day", Title: "Every day:"},
		{Key: "family", Title: "Families, and what they agreed to:"},
		{Key: "film", Title: "Visits and film:"},
		{Key: "law", Title: "What is decided, kept, asked for and proved:"},
		{Key: "staff", Title: "People and equipment (for heads of service and IG officers):"},
		{Key: "join", Title: "Joining, and your own devices:"},
		{Key: "found", Title: "Founding a service:"},
	}
}

const description = `A person's tool for video feedback work: record, share, review, audit.

Where an id is asked for, its first letters will do, and for a family its reference.
What is done without a network is kept and sent by the next "attune sync".

What a command needs to know, with an example: attune help COMMAND, such as attune help consent sign.

Exit status: 0 done, 1 refused or failed, 2 wrong usage, 3 a prerequisite is missing.

Example: attune --home ~/.attune join attune-invite-1:…`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run parses, wires and runs one command, and returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var c commands
	c.out, c.err, c.stopped = stdout, stderr, ctx.Done()
	leave := -1                             // what kong wants to exit with, after --help
	if len(args) > 0 && args[0] == "help" { // as people type it: attune help consent sign
		args = append(slices.Clone(args[1:]), "--help")
	}
	parser := kong.Must(&c, append(texts(), kong.Name("attune"), kong.Description(description), kong.ExplicitGroups(groups()),
		kong.Writers(stdout, stderr), kong.Exit(func(status int) { leave = status }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}))...)
	parsed, err := parser.Parse(markRefs(args))
	if leave >= 0 {
		return leave
	}
	if err != nil {
		asJSON := c.JSON || strings.Contains(" "+strings.Join(args, " ")+" ", " --json ")
		return report(stderr, asJSON, misused(err))
	}
	parsed.BindTo(ctx, (*context.Context)(nil))
	if err := parsed.Run(&c.global); err != nil && ctx.Err() != nil {
		return report(stderr, c.JSON, problem("interrupted", "Nothing is lost; do it again when you are ready.", "It was stopped before its end."))
	} else if err != nil {
		return report(stderr, c.JSON, err)
	}
	return 0
}

// misused tells what is wrong with a command line, and the help of the command that
// was meant rather than that of all of them.
func misused(err error) *failure {
	help, said := "attune --help", err.Error()
	var parse *kong.ParseError
	if errors.As(err, &parse) && parse.Context != nil {
		for _, p := range parse.Context.Path {
			if p.Command != nil {
				help = "attune " + p.Command.Path() + " --help"
			}
		}
	}
	if _, _, list := strings.Cut(said, "expected one of "); list {
		said = "The command is not complete" // the help has the list, with what each does
	}
	if before, _, missing := strings.Cut(said, ": stat "); missing {
		said = "The file of " + before + " is not there"
		return problem("usage", "Check how it is written, and in which folder it lies.", "%s.", said).status(exitUsage)
	}
	return problem("usage", "Try: "+help, "%s.", sentence(said)).status(exitUsage)
}

// sentence begins with a capital, as what people read does.
func sentence(s string) string {
	s = strings.TrimRight(unmark(s), ".?")
	return strings.ToUpper(s[:1]) + s[1:]
}

// device opens the home for one command and closes it after.
func (g *global) device(do func(c *attune.Client) error) error {
	dir, err := g.dir()
	if err != nil {
		return err
	}
	c, err := g.unlocked(dir, g.config(), func() ([]byte, error) { return g.passphrase(false) })
	if attune.CodeOf(err) == attune.CodeInUse {
		return g.inUse(dir, err)
	}
	if err != nil {
		return err
	}
	err = do(c)
	return errors.Join(err, c.Close())
}

func (g *global) config() attune.Config {
	return attune.Config{Progress: g.progress(), Server: g.Server, Metered: metered}
}
