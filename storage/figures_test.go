package storage_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
	"github.com/attune-vf/attune/storage/storagetest"
)

// ownPack is the service's pack with something changed.
func ownPack(t *testing.T, w *storagetest.World, before, after string) storagetest.Rules {
	t.Helper()
	text := bytes.Replace(w.Rules.Pack, []byte(before), []byte(after), 1)
	if bytes.Equal(text, w.Rules.Pack) {
		t.Fatalf("%q is not in the pack", before)
	}
	return storagetest.Rules{Bundle: w.Rules.Bundle, Pack: text}
}

const viewing30 = "viewing_days:\n  value: 30\n"

// TestOwnFigures: a service works by the file that it adopted, from the moment that it
// was accepted, and after a restart.
func TestOwnFigures(t *testing.T) {
	w := open(t)
	f := w.Open("NF-2041")
	w.Clock.Forward(time.Minute)
	f.List(w.Visitor)
	tenDays := func() error {
		return w.Sam.Tries(f.Record, "viewer.add", &policies.ViewerAdd{
			Staff: w.Visitor.Staff, Purpose: policies.Supervision, Until: policies.At(w.Clock.Now().Add(10 * 24 * time.Hour)),
		})
	}
	if err := tenDays(); errors.Is(err, policies.ErrNotPossible) { // that no form names her is for a rule
		t.Fatalf("ten days of thirty: %v", err)
	}
	own := ownPack(t, w, viewing30, "viewing_days:\n  value: 7\n")
	own.Pack = bytes.ReplaceAll(own.Pack, []byte("    days:\n      value: 30\n"), []byte("    days:\n      value: 7\n"))
	body, file := own.Body(t)
	w.Head.Does(policies.RecordID(w.Org), "policy.adopt", body, file)
	if got := w.Figures().ViewingDays.Value; got != 7 {
		t.Errorf("viewing_days = %d, want 7", got)
	}
	if err := tenDays(); !errors.Is(err, policies.ErrNotPossible) {
		t.Errorf("ten days of seven: %v, want not possible", err)
	}
	w.Reopen()
	if got := w.Figures().ViewingDays.Value; got != 7 {
		t.Errorf("after a restart viewing_days = %d, want 7", got)
	}
}

// TestFiguresThatAreNotAdopted: whoever signs them, a server takes no file that it
// could not work by.
func TestFiguresThatAreNotAdopted(t *testing.T) {
	w := open(t)
	right, file := w.Rules.Body(t)
	odd := func(text []byte) (*policies.PolicyAdopt, []storage.Attachment) {
		b := policies.NewPolicyAdopt("council", text, right.Bundle)
		return &b, []storage.Attachment{{Name: "pack", Body: text}}
	}
	for _, c := range []struct {
		name string
		make func() (*policies.PolicyAdopt, []storage.Attachment)
		want error
	}{
		{"OutsideItsBounds", func() (*policies.PolicyAdopt, []storage.Attachment) {
			return odd(ownPack(t, w, viewing30, "viewing_days:\n  value: 300\n").Pack)
		}, policies.ErrNotPossible},
		{"NoPack", func() (*policies.PolicyAdopt, []storage.Attachment) { return odd([]byte("{{{{{{")) }, policies.ErrNotPossible},
		{"AnotherPacksName", func() (*policies.PolicyAdopt, []storage.Attachment) {
			b := *right
			b.Pack = "nhs"
			return &b, []storage.Attachment{file}
		}, policies.ErrNotPossible},
		{"LeftOut", func() (*policies.PolicyAdopt, []storage.Attachment) { return right, nil }, storage.ErrAttachment},
		{"AnotherFile", func() (*policies.PolicyAdopt, []storage.Attachment) {
			return right, []storage.Attachment{{Name: "pack", Body: append([]byte("# ours\n"), file.Body...)}}
		}, storage.ErrAttachment},
		{"UnderAnotherName", func() (*policies.PolicyAdopt, []storage.Attachment) {
			return right, []storage.Attachment{{Name: "label", Body: file.Body}}
		}, storage.ErrAttachment},
	} {
		t.Run(c.name, func(t *testing.T) {
			body, attached := c.make()
			if err := w.Head.Tries(policies.RecordID(w.Org), "policy.adopt", body, attached...); !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
		})
	}
	if _, err := w.Records.Org(context.Background()); err != nil || w.Figures().ViewingDays.Value != 30 {
		t.Errorf("what was refused counts: %v", err)
	}
	w.Reopen()
}

// TestFiguresThatWentMissing: without the file that was adopted no server starts, and
// none of the packs that it ships takes its place.
func TestFiguresThatWentMissing(t *testing.T) {
	w := open(t)
	if err := w.Store.Close(); err != nil {
		t.Fatal(err)
	}
	w.Store = nil
	db, err := sql.Open("sqlite", w.Config.Database)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, change := range []string{
		`UPDATE attachments SET body = CAST('name: council' AS BLOB) WHERE name = 'pack'`,
		`DELETE FROM attachments WHERE name = 'pack'`,
	} {
		if done, err := db.Exec(change); err != nil {
			t.Fatal(err)
		} else if n, _ := done.RowsAffected(); n != 1 {
			t.Fatalf("%d rows changed, want 1", n)
		}
		s, err := storage.Open(context.Background(), w.Config)
		if !errors.Is(err, storage.ErrNoFigures) {
			t.Errorf("%s: %v, want that the figures cannot be read", change, err)
		}
		if s != nil {
			s.Close()
		}
	}
}
