package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// commands is the command line.
type commands struct {
	JSON bool `help:"Print one JSON object a line, for scripts."`

	Init    initCmd    `cmd:"" help:"Found a server's folder: make its keys, then accept what the root certified."`
	Rotate  rotateCmd  `cmd:"" help:"Replace the server's keys, with the root's certificate."`
	Adopt   adoptCmd   `cmd:"" help:"Take the rules and figures of this version, as the head of service signed them."`
	Serve   serveCmd   `cmd:"" help:"Serve the folder over HTTP until SIGTERM or Ctrl-C."`
	Sweep   sweepCmd   `cmd:"" help:"Destroy film whose end has come, and certify it."`
	Anchor  anchorCmd  `cmd:"" help:"Put signed states of the access log where nobody can change them, and e-mail them."`
	Health  healthCmd  `cmd:"" help:"Ask a running server whether it can take a write."`
	Check   checkCmd   `cmd:"" help:"Check the folder: keys, adopted rules and figures, access log, every stored clip."`
	Backup  backupCmd  `cmd:"" help:"Copy the database beside a server that runs, and verify the copy."`
	Restore restoreCmd `cmd:"" help:"Put a backup back without undoing what was withdrawn; --verify only tries it."`
	Log     logCmd     `cmd:"" help:"The access log."`
	Later   laterCmd   `cmd:"" help:"Let days pass in a demonstration."`

	Objects objectsCmd `cmd:"" help:"The S3 server that sealed payloads may lie on."`
}

const description = `The Attune server: one binary, one folder.

Exit status: 0 done, 1 refused or failed, 2 wrong usage or port taken, 3 a prerequisite is missing.

Example, after "attune ceremony" made org.root on another machine:

  attuned init --data /srv/attune --root org.root
  attuned init --data /srv/attune --accept certified
  attuned serve --data /srv/attune`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run parses, wires and runs one command, and returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var c commands
	leave := -1 // what kong wants to exit with, after --help
	parser := kong.Must(&c, kong.Name("attuned"), kong.Description(description),
		kong.Writers(stdout, stderr), kong.Exit(func(status int) { leave = status }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	parsed, err := parser.Parse(args)
	if leave >= 0 {
		return leave
	}
	if err != nil {
		return report(stderr, c.JSON, problem("usage", "Try: attuned --help", "%s.", sentence(err.Error())).status(exitUsage))
	}
	parsed.BindTo(ctx, (*context.Context)(nil))
	if err := parsed.Run(&printer{stdout, stderr, c.JSON}); err != nil {
		return report(stderr, c.JSON, err)
	}
	return 0
}

// printer writes results: a sentence for people, or one JSON line.
type printer struct {
	out, err io.Writer
	json     bool
}

func (p *printer) print(v any, format string, args ...any) error {
	if !p.json {
		_, err := fmt.Fprintf(p.out, format+"\n", args...)
		return err
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("print: %w", err)
	}
	_, err = fmt.Fprintf(p.out, "%s\n", b)
	return err
}

// note goes to standard error, for people only.
func (p *printer) note(format string, args ...any) {
	if !p.json {
		fmt.Fprintf(p.err, format+"\n", args...)
	}
}
