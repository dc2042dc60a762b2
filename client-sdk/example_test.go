package attune_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

// inExample stands in for a test: examples have none, and use the same service.
type inExample struct {
	testing.TB
	ends []func()
}

func (e *inExample) Helper()           {}
func (e *inExample) Cleanup(f func())  { e.ends = append(e.ends, f) }
func (e *inExample) Fatal(args ...any) { panic(fmt.Sprint(args...)) }

func (e *inExample) Errorf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

func (e *inExample) TempDir() string {
	dir, err := os.MkdirTemp("", "attune-example")
	must(e, err)
	e.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func (e *inExample) end() {
	for _, f := range slices.Backward(e.ends) {
		f()
	}
}

// exampleService is a service in this process, and a practitioner's device at work with
// a family.
func exampleService() (s *service, f family, end func()) {
	e := &inExample{}
	s = newService(e)
	f = s.family(s.hire(policies.Practitioner, "Sam Reed"))
	return s, f, e.end
}

// A new person opens their app with the invitation that the head of service gave them,
// and reads six words to whoever is registrar.
func ExampleJoin() {
	s, _, end := exampleService()
	defer end()
	ctx, head := context.Background(), s.head

	invitation, id, err := head.Staff.Invite(policies.Practitioner, "Ana Wren")
	if err != nil {
		panic(err)
	}
	if _, err := head.Sync(ctx); err != nil {
		panic(err)
	}

	home := filepath.Join(s.dir, "ana")
	ana, joined, err := attune.Join(ctx, home, invitation, []byte("a long passphrase"), s.config())
	if err != nil {
		panic(err)
	}
	defer ana.Close()
	fmt.Println(joined.Role, "at", joined.Service, "with", len(joined.Words), "words")

	// By telephone, or across the desk: never by the channel of the invitation.
	if _, err := head.Sync(ctx); err != nil {
		panic(err)
	}
	if err := head.Staff.Confirm(id, joined.Words); err != nil {
		panic(err)
	}
	if _, err := head.Sync(ctx); err != nil {
		panic(err)
	}
	if _, err := ana.Sync(ctx); err != nil {
		panic(err)
	}
	ready, err := ana.Ready()
	fmt.Println("ready for visits:", err == nil && !ready.Until.IsZero())
	// Output:
	// practitioner at Northfield Early Help with 6 words
	// ready for visits: true
}

// Each later start opens the same folder.
func ExampleOpen() {
	s, f, end := exampleService()
	defer end()
	home := f.practitioner.Home()
	if err := f.practitioner.Close(); err != nil {
		panic(err)
	}

	_, err := attune.Open(home, []byte("not the passphrase"), s.config())
	fmt.Println(attune.CodeOf(err))

	device, err := attune.Open(home, passphrase, s.config())
	if err != nil {
		panic(err)
	}
	defer device.Close()
	families, err := device.Families.List()
	if err != nil {
		panic(err)
	}
	fmt.Println(families[0].Reference)
	// Output:
	// passphrase
	// NF-1042
}

// Work goes on without a connection, and is sent when there is one.
func ExampleClient_Sync() {
	s, f, end := exampleService()
	defer end()
	ctx, device := context.Background(), f.practitioner

	s.down.Store(true) // a living room without signal
	if _, err := device.Sessions.Log(f.id, "", 0, true, "a good visit"); err != nil {
		panic(err)
	}
	report, err := device.Sync(ctx)
	fmt.Println("offline:", attune.Offline(err), "- kept:", report.Waiting)

	s.down.Store(false)
	report, err = device.Sync(ctx)
	if err != nil {
		var e *attune.Error
		if errors.As(err, &e) {
			fmt.Println(e.Message, e.Next) // as a person may read it
		}
		return
	}
	for _, o := range report.Accepted {
		fmt.Println("accepted:", o.Kind)
	}
	for _, o := range report.Refused {
		fmt.Println("refused:", o.Message, o.Next)
	}
	// Output:
	// offline: true - kept: 1
	// accepted: session.log
}

// A recording is sealed at once, and sent with the next sync.
func ExampleClips_Add() {
	_, f, end := exampleService()
	defer end()
	ctx, device := context.Background(), f.practitioner

	gate, err := device.Clips.Gate(f.id, []policies.PersonID{f.mum, f.child})
	if err != nil {
		panic(err)
	}
	fmt.Println("may be filmed:", gate.Open)

	added, err := device.Clips.Add(ctx, attune.AddClip{
		Family: f.id, File: filepath.Join("film", "testdata", "visit.mp4"),
		Kind: policies.Excerpt, Chosen: true, Title: "Bath time",
		People: []policies.PersonID{f.mum, f.child},
	})
	if err != nil {
		panic(err)
	}
	report, err := device.Sync(ctx)
	if err != nil {
		panic(err)
	}
	fmt.Println("uploaded:", len(report.Uploaded) == 1 && report.Uploaded[0] == added.Clip)

	film, err := device.Clips.Open(ctx, added.Clip, policies.FilmAndUse)
	if err != nil {
		panic(err)
	}
	defer film.Close()
	fmt.Println(film.Title, film.MediaType) // film.Reader() is for http.ServeContent
	// Output:
	// may be filmed: true
	// uploaded: true
	// Bath time video/mp4
}

// A carer says stop. It counts on this device at once, and goes before everything else.
func ExampleConsents_Withdraw() {
	_, f, end := exampleService()
	defer end()
	device := f.practitioner

	if err := device.Consents.Withdraw(f.id, []policies.PersonID{f.mum}, policies.ByPhone); err != nil {
		panic(err)
	}
	_, err := device.Clips.Add(context.Background(), attune.AddClip{
		Family: f.id, File: filepath.Join("film", "testdata", "visit.mp4"), Kind: policies.Film,
		People: []policies.PersonID{f.mum},
	})
	var gate *attune.GateError
	fmt.Println("gate shut:", errors.As(err, &gate))

	report, err := device.Sync(context.Background())
	if err != nil {
		panic(err)
	}
	fmt.Println("accepted:", report.Accepted[0].Kind)
	// Output:
	// gate shut: true
	// accepted: consent.withdraw
}

// A chosen clip goes to a carer's phone: the address by one channel, the PIN by another.
func ExampleLinks_Create() {
	s, f, end := exampleService()
	defer end()
	device := f.practitioner
	added, err := device.Clips.Add(context.Background(), attune.AddClip{
		Family: f.id, File: filepath.Join("film", "testdata", "visit.mp4"),
		Kind: policies.Excerpt, Chosen: true, People: []policies.PersonID{f.mum, f.child},
	})
	if err != nil {
		panic(err)
	}
	s.sync(device)

	shared, err := device.Links.Create(added.Clip, f.mum, attune.LinkTerms{Opens: 5})
	if err != nil {
		panic(err)
	}
	s.sync(device) // it works from now on
	fmt.Println(len(shared.PIN), "digits,", shared.Opens, "openings")
	// Output:
	// 6 digits, 5 openings
}
