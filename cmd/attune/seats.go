package main

import (
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"

	attune "github.com/attune-vf/attune/client-sdk"
)

// lockedFlag hands the keys of a locked device to the program that goes on with it.
const lockedFlag = "--locked-keys="

// seat is a service and this person's device at it, which is open or locked.
type seat struct {
	attune.Service
	open   *attune.Client
	locked *attune.Locked                 // nil while it is open
	again  func() (*attune.Client, error) // opens it again; nil unless it is lent
	teller *teller
}

// lockedSeat is what a locked device needs, for the program that goes on with it.
type lockedSeat struct {
	Service attune.Service   `json:"service"`
	Key     attune.LockedKey `json:"key"`
}

func (s *seat) follow(ctx context.Context, how attune.Follow) error {
	if s.locked != nil {
		return s.locked.Follow(ctx, how)
	}
	return s.open.Follow(ctx, how)
}

func (s *seat) close() error {
	switch {
	case s.locked != nil:
		return s.locked.Close()
	case s.open != nil:
		return s.open.Close()
	}
	return nil
}

// seats are all that one attune sync --watch follows.
type seats []*seat

func (all seats) close() error {
	var errs []error
	for _, s := range all {
		errs = append(errs, s.close())
	}
	return errors.Join(errs...)
}

func (all seats) dirs() (out []string) {
	for _, s := range all {
		out = append(out, s.Dir)
	}
	return out
}

func (all seats) isLocked() bool {
	for _, s := range all {
		if s.locked != nil {
			return true
		}
	}
	return false
}

// lock goes on as another program where that can be, and then does not return; else in
// this one, in which what can be overwritten was.
func (all seats) lock(g *global) error {
	var keys []lockedSeat
	for _, s := range all {
		if s.locked != nil {
			return nil // by a program that never had the rest
		}
		key, err := s.open.LockedKey()
		if err != nil {
			return err
		}
		keys = append(keys, lockedSeat{s.Service, key})
	}
	for _, s := range all {
		l, err := s.open.Lock()
		if err != nil {
			return err
		}
		s.open, s.locked = nil, l
	}
	if err := all.close(); err != nil {
		return err
	}
	_ = relaunch(keys)
	for i, s := range all {
		l, err := attune.OpenLocked(s.Dir, keys[i].Key, g.followConfig())
		if err != nil {
			return err
		}
		s.locked = l
	}
	return nil
}

func (all seats) unlock(passphrase []byte) error {
	for _, s := range all {
		if s.locked == nil {
			continue
		}
		c, err := s.locked.Unlock(passphrase)
		if err != nil {
			return err
		}
		s.open, s.locked = c, nil
	}
	return nil
}

// seated opens the device of the service that was named, or of every one.
func (g *global) seated() (out seats, err error) {
	all, err := g.services()
	if err != nil {
		return nil, err
	}
	if g.Service != "" || len(all) < 2 {
		dir, err := g.dir()
		if err != nil {
			return nil, err
		}
		all = []attune.Service{{Dir: dir}}
	}
	for _, s := range all {
		c, err := g.opened(s.Dir)
		if err != nil {
			return nil, errors.Join(err, out.close())
		}
		out = append(out, &seat{Service: s, open: c})
	}
	return out, nil
}

// opened opens a device to follow with. Another command may be at it for a moment.
func (g *global) opened(dir string) (*attune.Client, error) {
	g.follows = true
	var pass []byte
	defer func() { clear(pass) }()
	ask := func() (p []byte, err error) {
		if pass == nil {
			if pass, err = g.passphrase(false); err != nil {
				return nil, err
			}
		}
		return slices.Clone(pass), nil
	}
	for tries := 0; ; tries++ {
		c, err := g.unlocked(dir, g.followConfig(), ask)
		if attune.CodeOf(err) != attune.CodeInUse {
			return c, err
		}
		if told := g.inUse(dir, err); told != err || tries == 20 { //nolint:errorlint // the same, where nobody answers
			return nil, told
		}
		time.Sleep(500 * time.Millisecond)
	}
}

// handed opens what another program locked.
func (g *global) handed(fd int) (out seats, err error) {
	f := os.NewFile(uintptr(fd), "keys")
	if f == nil {
		return nil, usage("It is for attune itself.", "%s is not for people.", strings.TrimSuffix(lockedFlag, "="))
	}
	text, err := io.ReadAll(io.LimitReader(f, maxOrder))
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, usage("It is for attune itself.", "%s is not for people.", strings.TrimSuffix(lockedFlag, "="))
	}
	defer clear(text)
	var keys []lockedSeat
	if err := json.Unmarshal(text, &keys); err != nil {
		return nil, usage("It is for attune itself.", "%s is not for people.", strings.TrimSuffix(lockedFlag, "="))
	}
	for _, k := range keys {
		l, err := attune.OpenLocked(k.Service.Dir, k.Key, g.followConfig())
		if err != nil {
			return nil, errors.Join(err, out.close())
		}
		out = append(out, &seat{Service: k.Service, locked: l})
	}
	return out, nil
}

// run follows with every seat until all have ended.
func (all seats) run(ctx context.Context, g *global) func() error {
	changed, stop := newNetworks(ctx, len(all))
	ended := make([]error, len(all))
	var each sync.WaitGroup
	var mu sync.Mutex // one line is written at a time
	for i, s := range all {
		if s.teller == nil || s.teller.locked != (s.locked != nil) {
			s.teller = &teller{g: g, of: s.Service, locked: s.locked != nil}
		}
		t := s.teller
		t.mu = &mu
		each.Go(func() {
			ended[i] = s.follow(ctx, attune.Follow{Told: t.told, Changed: changed[i]})
			if ended[i] != nil && len(all) > 1 {
				t.line("It ended: %s", asFailure(ended[i]).Message)
			}
		})
	}
	return func() error {
		each.Wait()
		stop()
		return errors.Join(ended...)
	}
}
