package fleet

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/authz"
	"github.com/attune-vf/attune/policies/packs"
)

// origin is what all services of a fleet are called, wherever they listen: a copy of
// one folder can then be served beside the other, and takes the same tokens.
const origin = "http://127.0.0.1:8080"

// Service is a founded service in a folder, and the process that serves it.
type Service struct {
	Bin  string // attuned
	Data string
	Org  policies.OrgID
	Head *Person // head of service

	server *exec.Cmd
	base   string // "http://127.0.0.1:40404", while it serves
	client *http.Client
	joined int
}

// Found holds the ceremony in a new folder, starts serving, and lets the head of
// service join.
func Found(ctx context.Context, bin, data string) (*Service, error) {
	s := &Service{Bin: bin, Data: data, client: newClient()}
	invitation, err := s.ceremony(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.Start(ctx); err != nil {
		return nil, err
	}
	inv, err := attune.ParseInvitation(invitation)
	if err != nil {
		return nil, err
	}
	s.Org = inv.Org
	s.Head, err = s.joinBy(ctx, policies.HeadOfService, inv.Invite, keyOf(inv.Key))
	return s, err
}

// ceremony founds the folder and has a root certify it; the root's key is then
// forgotten.
func (s *Service) ceremony(ctx context.Context) (invitation string, err error) {
	var custodians [3]string
	for i := range custodians {
		if _, custodians[i], err = attune.NewCustodian(); err != nil {
			return "", err
		}
	}
	now := time.Now()
	rootKey, orgRoot, err := attune.Found("Northfield Early Help", custodians, now)
	if err != nil {
		return "", err
	}
	rootFile, acceptFile := s.Data+".root", s.Data+".certified"
	if err := os.WriteFile(rootFile, orgRoot, 0o600); err != nil {
		return "", err
	}
	if err := s.run(ctx, "init", "--data", s.Data, "--root", rootFile, "--origin", origin); err != nil {
		return "", err
	}
	body, err := os.ReadFile(filepath.Join(s.Data, "server.request"))
	if err != nil {
		return "", err
	}
	c := attune.Certification{RootKey: rootKey, OrgRoot: orgRoot, Head: "Helen Carr", Now: now}
	if err := json.Unmarshal(body, &c.Request); err != nil {
		return "", err
	}
	bundle, err := authz.Load()
	if err != nil {
		return "", err
	}
	c.Bundle = bundle.SHA256()
	if c.Pack, err = packs.Text("council"); err != nil {
		return "", err
	}
	accept, invitation, err := attune.Certify(c)
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(acceptFile, accept, 0o600); err != nil {
		return "", err
	}
	return invitation, s.run(ctx, "init", "--data", s.Data, "--accept", acceptFile)
}

func (s *Service) run(ctx context.Context, args ...string) error {
	out, err := exec.CommandContext(ctx, s.Bin, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("attuned %s: %w: %s", args[0], err, strings.TrimSpace(string(out)))
	}
	return nil
}

// Start serves the folder, on a port of its own; its log goes to a file beside it.
func (s *Service) Start(ctx context.Context) error {
	// Not ended by a context, which kills: a server signs its last checkpoint.
	cmd := exec.Command(s.Bin, "serve", "--data", s.Data, "--addr", "127.0.0.1:0", "--origin", origin)
	log, err := os.Create(s.Data + ".log")
	if err != nil {
		return err
	}
	defer log.Close()
	cmd.Stderr = log
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	s.server = cmd
	if line, _ := bufio.NewReader(out).ReadString('\n'); !strings.HasPrefix(line, "serving ") {
		s.server = nil
		why, _ := os.ReadFile(log.Name())
		return fmt.Errorf("attuned serve: %w: %s", cmd.Wait(), why)
	}
	addr, err := listening(cmd.Process.Pid)
	s.base = "http://" + addr
	return err
}

// Stop ends the server, which signs and keeps its last checkpoint.
func (s *Service) Stop() error {
	if s.server == nil {
		return nil
	}
	s.client.CloseIdleConnections()
	err := s.server.Process.Signal(syscall.SIGTERM)
	if err = errors.Join(err, s.server.Wait()); err != nil {
		err = fmt.Errorf("attuned serve: %w", err)
	}
	s.server = nil
	return err
}

// Copy is the same service in another folder. It must be stopped, and so is the copy.
func (s *Service) Copy(data string) (*Service, error) {
	if s.server != nil {
		return nil, errors.New("a service that runs cannot be copied")
	}
	c := *s
	c.Data, c.client = data, newClient()
	if err := os.CopyFS(data, os.DirFS(s.Data)); err != nil {
		return nil, err
	}
	return &c, filepath.WalkDir(s.Data, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		return os.Chmod(filepath.Join(data, strings.TrimPrefix(path, s.Data)), info.Mode()) // CopyFS lets others read
	})
}

// PID is the server's process.
func (s *Service) PID() int { return s.server.Process.Pid }

// Base is the address that is listened on, "http://127.0.0.1:40404".
func (s *Service) Base() string { return s.base }
