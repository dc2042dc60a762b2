package attune_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

func TestPickService(t *testing.T) {
	t.Parallel()
	all := []attune.Service{{Number: 1, Name: "Northfield Early Help"}, {Number: 2, Name: "Southmoor"}, {Number: 12, Name: "Southend"}}
	for text, want := range map[string]int{
		"1": 1, "2": 2, "12": 12, "southmoor": 2, " SOUTHEND ": 12, "north": 1, "southm": 2, "Northfield Early Help": 1,
	} {
		if s, err := attune.PickService(all, text); err != nil || s.Number != want {
			t.Errorf("%q: %d %v, want %d", text, s.Number, err, want)
		}
	}
	for text, want := range map[string]any{"": attune.CodeAmbiguous, "south": attune.CodeAmbiguous, "3": attune.CodeUnknown, "east": attune.CodeUnknown} {
		if _, err := attune.PickService(all, text); any(attune.CodeOf(err)) != want {
			t.Errorf("%q: %v, want %v", text, err, want)
		}
	}
	if s, err := attune.PickService(all[:1], ""); err != nil || s.Number != 1 {
		t.Errorf("the only one: %v %v", s, err)
	}
}

// TestTwoServicesOneHome: the second service has its own folder, keys and records in the
// home, an attempt that was cut short goes on where it was, and neither is joined twice.
func TestTwoServicesOneHome(t *testing.T) {
	t.Parallel()
	north, south := newService(t), newService(t)
	home := filepath.Join(t.TempDir(), "sue")
	invite := func(s *service) string {
		line, _, err := s.head.Staff.Invite(policies.Supervisor, "Sue Lane")
		must(t, err)
		s.sync(s.head)
		return line
	}
	join := func(s *service, line string) error {
		dir, err := attune.PlaceFor(home, line)
		if err != nil {
			return err
		}
		c, _, err := attune.Join(context.Background(), dir, line, passphrase, s.config())
		if err == nil {
			err = c.Close()
		}
		return err
	}
	must(t, join(north, invite(north)))
	line := invite(south)
	south.down.Store(true)
	if err := join(south, line); !attune.Offline(err) {
		t.Fatalf("without a connection: %v", err)
	}
	if all, err := attune.Services(home); err != nil || len(all) != 1 {
		t.Fatalf("joined %v, %v; want the first only", all, err)
	}
	south.down.Store(false)
	must(t, join(south, line))
	all, err := attune.Services(home)
	must(t, err)
	if len(all) != 2 || all[0].Dir != home || all[1].Dir != filepath.Join(home, "services", "2") || all[1].Server != south.url {
		t.Fatalf("services: %+v", all)
	}
	if err := join(south, invite(south)); attune.CodeOf(err) != attune.CodeHome {
		t.Errorf("joined twice: %v, want home", err)
	}
	seen := map[any]string{}
	for _, s := range all {
		c, err := attune.Open(s.Dir, passphrase, north.config())
		must(t, err)
		me := c.Mirror.Org().Staff[c.Keys.Staff()]
		for _, key := range []any{me.Key, me.Recipient, c.Mirror.Org().ID} {
			if was, twice := seen[key]; twice {
				t.Errorf("%v is of %s and of %s", key, was, s.Name)
			}
			seen[key] = s.Name
		}
		must(t, c.Close())
	}
	for _, d := range []string{filepath.Join(home, "services"), all[1].Dir} {
		if info, err := os.Stat(d); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: %v %v, want only for its owner", d, info.Mode(), err)
		}
	}
	// Somebody's stray folder is no service.
	must(t, os.MkdirAll(filepath.Join(home, "services", "02"), 0o700))
	must(t, os.WriteFile(filepath.Join(home, "services", "3"), nil, 0o600))
	if again, err := attune.Services(home); err != nil || len(again) != 2 {
		t.Errorf("with strays: %v %v", again, err)
	}
}
