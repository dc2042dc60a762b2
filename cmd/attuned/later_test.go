package main

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"
	"time"
)

// TestDaysPassOnlyInADemonstration: a service goes by the machine's clock, whatever somebody
// puts into its folder.
func TestDaysPassOnlyInADemonstration(t *testing.T) {
	f := folder(t.TempDir())
	for _, path := range []string{f.database(), f.serverKey(), f.logKey()} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	later := func(days string) (int, string) {
		var said bytes.Buffer
		status := run(context.Background(), []string{"later", "--data", string(f), "--days", days}, &said, &said)
		return status, said.String()
	}
	if status, said := later("8"); status != exitFailed || !strings.Contains(said, "is no demonstration") {
		t.Errorf("in a service: %d %s", status, said)
	}
	if clock, err := f.clock(); clock != nil || err != nil {
		t.Errorf("a service's clock: %v", err)
	}
	if err := os.WriteFile(f.daysLater(), []byte("8\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := f.clock(); err == nil {
		t.Error("a service goes by a demonstration's clock")
	}
	if err := os.WriteFile(f.demoMark(), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for days, want := range map[string]int{"0": exitUsage, "-1": exitUsage, "293": exitUsage, "x": exitUsage} {
		if status, said := later(days); status != want {
			t.Errorf("%s days: %d %s, want %d", days, status, said, want)
		}
	}
	if status, said := later("2"); status != 0 || !strings.Contains(said, "10 days ahead") {
		t.Errorf("two more: %d %s", status, said)
	}
	now, err := f.now()
	if ahead := time.Until(now); err != nil || ahead < 239*time.Hour || ahead > 241*time.Hour {
		t.Errorf("ahead by %v, %v", ahead, err)
	}
	if err := os.WriteFile(f.daysLater(), []byte("soon"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := f.clock(); err == nil {
		t.Error("a clock that cannot be read was taken for the machine's")
	}
}
