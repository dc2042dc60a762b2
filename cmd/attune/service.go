package main

import (
	"errors"
	"fmt"
	"slices"

	attune "github.com/attune-vf/attune/client-sdk"
)

type serviceCmd struct {
	List serviceListCmd `cmd:"" help:"Those that this device has joined, with their numbers."`

	Evidence  serviceEvidenceCmd  `cmd:"" help:"Write what shows that the server said what is not so, for your IG officer."`
	Show      serviceShowCmd      `cmd:"" help:"Whether the service was put back from a backup, and what this device holds that it forgot."`
	Recovered serviceRecoveredCmd `cmd:"" help:"Let a service that was put back serve film again. For an IG officer."`
}

type serviceListCmd struct{}

// Help is what --help shows below the flags.
func (serviceListCmd) Help() string {
	return `Example: attune service list
         attune --service 2 staff list

A supervisor may work for several services from one folder: attune join with each one's invitation. Each has its own keys
here, and learns nothing of the others. With several, say which one a command is for by --service or ATTUNE_SERVICE;
attune sync and attune status go through all of them. What stands last is the fingerprint of the service's root, by which
somebody else knows its certificates.`
}

func (c *serviceListCmd) Run(g *global) error {
	all, err := g.services()
	if err != nil {
		return err
	}
	return g.print(map[string]any{"services": list(all)}, "%s", table(all, func(s attune.Service) []string {
		return []string{fmt.Sprint(s.Number), s.Name, s.Server, s.Organisation.String()}
	}))
}

// services are those that this device has joined.
func (g *global) services() ([]attune.Service, error) {
	if g.Home == "" {
		return nil, problem("home", "Name it with --home or ATTUNE_HOME.", "The folder of this device was not named.").status(exitUsage)
	}
	return attune.Services(g.Home)
}

// dir is the folder of the service that a command is for.
func (g *global) dir() (string, error) {
	all, err := g.services()
	if err != nil {
		return "", err
	}
	if len(all) == 0 {
		return g.Home, nil // to be told that it has joined none
	}
	s, err := attune.PickService(all, g.Service)
	var asked *attune.Error
	if errors.As(err, &asked) {
		return "", problem(string(asked.Code), asked.Next+" See: attune service list", "%s", asked.Message).status(exitUsage)
	}
	return s.Dir, err
}

// each opens the device of the service that was named, or of every one in turn. One
// that fails does not keep the others from their turn.
func (g *global) each(do func(s attune.Service, c *attune.Client) error) error {
	all, err := g.services()
	if err != nil {
		return err
	}
	if g.Service != "" || len(all) < 2 {
		return g.device(func(c *attune.Client) error { return do(attune.Service{}, c) })
	}
	if g.Server != "" {
		return usage("Say which with --service.", "--server is the address of one service, and this device has joined %d.", len(all))
	}
	var pass []byte
	defer func() { clear(pass) }()
	failed := 0
	ask := func() ([]byte, error) { // kept for the next service, which may have the same
		if pass == nil {
			if pass, err = g.passphrase(false); err != nil {
				return nil, err
			}
		}
		return slices.Clone(pass), nil
	}
	for _, s := range all {
		g.heading(s)
		c, err := g.unlocked(s.Dir, g.config(), ask)
		if attune.CodeOf(err) == attune.CodePassphrase && pass != nil && g.PassphraseFile == "" { // each may have its own
			clear(pass)
			pass = nil
			c, err = g.unlocked(s.Dir, g.config(), ask)
		}
		if attune.CodeOf(err) == attune.CodeInUse {
			err = g.inUse(s.Dir, err)
		}
		if err == nil {
			err = errors.Join(do(s, c), c.Close())
		}
		if err != nil {
			report(g.err, g.JSON, err)
			failed++
		}
	}
	if failed > 0 {
		return problem("services", "See above.", "It was not done in full at %d of %d services.", failed, len(all))
	}
	return nil
}

// heading begins what is told of one of several services.
func (g *global) heading(s attune.Service) {
	if !g.JSON {
		fmt.Fprintf(g.out, "%d. %s\n", s.Number, s.Name)
	}
}

// ofService is a result with the service that it is of, where there are several.
type ofService[R any] struct {
	Number int    `json:"number,omitzero"`
	Name   string `json:"name,omitzero"`
	Result R      `json:",embed"`
}

func of[R any](s attune.Service, r R) ofService[R] { return ofService[R]{s.Number, s.Name, r} }
