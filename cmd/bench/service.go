package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// service is a demonstration of the product, as make run starts it: founded,
// walked through with a film, and serving.
type service struct {
	w    *workshop
	data string
	film string
	port string
	demo *exec.Cmd
	said *bytes.Buffer // by the demonstration on its way
}

// sharedLink is a link as attune prints it.
type sharedLink struct {
	ID  string `json:"id"`
	URL string `json:"url"`
	PIN string `json:"pin"`
}

// newService founds a service in a folder of its own and sends it the film.
func (w *workshop) newService(ctx context.Context, film string) (*service, error) {
	dir, err := w.dir("service")
	if err != nil {
		return nil, err
	}
	for _, pkg := range []string{"./cmd/attuned", "./cmd/attune", "./cmd/demo"} {
		if _, err := w.build(ctx, pkg); err != nil {
			return nil, err
		}
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	s := &service{w: w, data: filepath.Join(dir, "data"), film: film, port: port}
	return s, s.start()
}

// start returns once the service serves; the first time it founds it.
func (s *service) start() error {
	// Not ended by a context, which kills: it has a server of its own to stop.
	s.demo = exec.Command(filepath.Join(s.w.bin, "demo"), "--bin", s.w.bin, "--data", s.data, "--port", s.port, "--video", s.film)
	s.said = new(bytes.Buffer)
	s.demo.Stderr = s.said
	out, err := s.demo.StdoutPipe()
	if err != nil {
		return err
	}
	if err := s.demo.Start(); err != nil {
		return err
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "ready: ") {
			return nil // what it says after that fits into the pipe
		}
	}
	return fmt.Errorf("the demonstration did not start: %w: %s", s.demo.Wait(), strings.TrimSpace(s.said.String()))
}

// stop ends the demonstration and its server.
func (s *service) stop() error {
	if s.demo.ProcessState != nil {
		return nil
	}
	if err := s.demo.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	if err := s.demo.Wait(); err != nil {
		return fmt.Errorf("the demonstration: %w: %s", err, strings.TrimSpace(s.said.String()))
	}
	return nil
}

func (s *service) address() string    { return "127.0.0.1:" + s.port }
func (s *service) sam() string        { return filepath.Join(s.data, "demo-secrets", "homes", "sam") }
func (s *service) passphrase() string { return filepath.Join(s.data, "demo-secrets", "passphrase") }

// command is one of a person's commands, on the device in home.
func (s *service) command(ctx context.Context, home string, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, filepath.Join(s.w.bin, "attune"), append([]string{
		"--json", "--home", home, "--server", "http://" + s.address(), "--passphrase-file", s.passphrase(),
	}, args...)...)
}

// as runs a command of the practitioner's and reads what it prints into out.
func (s *service) as(ctx context.Context, out any, args ...string) error {
	cmd := s.command(ctx, s.sam(), args...)
	var printed, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &printed, &said
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("attune %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(said.String()))
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(printed.Bytes(), out)
}

// clip is the one clip that was walked with.
func (s *service) clip(ctx context.Context) (string, error) {
	var list struct{ Clips []struct{ ID string } }
	if err := s.as(ctx, &list, "clip", "list", demoFamily); err != nil {
		return "", err
	}
	if len(list.Clips) != 1 {
		return "", fmt.Errorf("%d clips, want 1", len(list.Clips))
	}
	return list.Clips[0].ID, nil
}

// demoFamily is the family of the demonstration.
const demoFamily = "NF-1042"

// share makes links to the clip, which the service knows on return.
func (s *service) share(ctx context.Context, count, opens int) ([]sharedLink, error) {
	clip, err := s.clip(ctx)
	if err != nil {
		return nil, err
	}
	made := make([]sharedLink, count)
	for i := range made {
		err = errors.Join(err, s.as(ctx, &made[i], "link", "create", clip, "--carer", "Mum", "--opens", fmt.Sprint(opens)))
	}
	return made, errors.Join(err, s.as(ctx, nil, "sync"))
}

// copyHome copies the practitioner's device: what one run puts into it is not
// there for the next.
func (s *service) copyHome() (string, error) {
	to, err := s.w.dir("home")
	if err != nil {
		return "", err
	}
	return to, os.CopyFS(to, os.DirFS(s.sam()))
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, errors.Join(err, l.Close())
}
