package attune_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/client-sdk/seal"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// Lies about a viewer's keys. No head covers an attachment that comes later: what
// the device is left with is the commitment in clip.add, and the fold.

// lateKeys rewrites the items that bring keys.
func (w *watched) lateKeys(how func(i *wire.Item)) {
	w.pulled(func(p *wire.PullReply) {
		for i := range p.Items {
			if p.Items[i].Kind == wire.ItemAttached {
				how(&p.Items[i])
			}
		}
	})
}

// TestHostileViewerItem: an item that cannot be right refuses the page, and the
// device goes on once the lie ends.
func TestHostileViewerItem(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	w.list()
	w.sync(w.bea)
	other := "header/" + policies.DigestOf([]byte("x")).String()
	for name, lie := range map[string]func(i *wire.Item){
		"UnknownStatement": func(i *wire.Item) { i.ID[0] ^= 1 },
		"AnotherRecord":    func(i *wire.Item) { i.Place.Record = policies.RecordID(w.mo.Keys.Org()) },
		"OfAnotherKind":    func(i *wire.Item) { i.ID = policies.StatementID(w.id) },
		"FixedName":        func(i *wire.Item) { i.Attachments[0].Name = "title" },
		"NoName":           func(i *wire.Item) { i.Attachments[0].Name = "header/" },
		"TooLarge":         func(i *wire.Item) { i.Attachments[0].Body = bytes.Repeat([]byte{1}, 64<<10+1) },
		"Empty":            func(i *wire.Item) { i.Attachments[0].Body = []byte{} },
		"None":             func(i *wire.Item) { i.Attachments = []wire.Attachment{} },
		"WithAStatement":   func(i *wire.Item) { i.Statement = "a.b.c" },
		"SecondIsWrong": func(i *wire.Item) {
			i.Attachments = append(i.Attachments, wire.Attachment{Name: other, Body: []byte{1}}, wire.Attachment{Name: "note", Body: []byte{1}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			w.lateKeys(lie)
			refuses(t, w.mo, attune.CodeAttachment)
			if list, err := w.mo.Families.List(); err != nil || len(list) != 0 {
				t.Errorf("the refused page left %+v, %v", list, err)
			}
		})
	}
	w.agrees(w.mo)
	w.plays(w.clip)
}

// TestHostileViewerKey: a key that is not the clip's opens nothing.
func TestHostileViewerKey(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	second := w.add(t, film(t, "visit.mp4"), "").Clip
	w.sync(w.sam)
	w.list()
	w.sync(w.bea)
	own, err := seal.ParseRecipient(w.mo.Keys.Recipient())
	must(t, err)
	forged, err := seal.NewHeader(seal.FileKey{1, 2, 3}, own)
	must(t, err)
	for _, c := range []struct {
		name string
		want wire.Code
		lie  func(first, later *wire.Attachment)
	}{
		{"OfAnotherClip", attune.CodeClipKey, func(a, b *wire.Attachment) { a.Body, b.Body = b.Body, a.Body }},
		{"Junk", attune.CodeSealed, func(a, b *wire.Attachment) { a.Body, b.Body = []byte("junk"), []byte("junk") }},
		{"TheOperatorsOwn", attune.CodeClipKey, func(a, b *wire.Attachment) { a.Body, b.Body = forged, forged }},
	} {
		t.Run(c.name, func(t *testing.T) {
			var first *wire.Attachment
			w.lateKeys(func(i *wire.Item) {
				if first == nil {
					first = &i.Attachments[0]
					return
				}
				c.lie(first, &i.Attachments[0])
			})
			w.sync(w.mo)
			w.spoil.Store(nil)
			for _, clip := range []policies.ClipID{w.clip, second} {
				if _, err := w.mo.Clips.Open(context.Background(), clip, policies.Supervision); attune.CodeOf(err) != c.want {
					t.Errorf("opened with a key that is not the clip's: %v", err)
				}
			}
			v, err := w.mo.Families.Show(w.id)
			must(t, err)
			if v.Clips[0].Title != "" {
				t.Errorf("title %q from a key that is not the clip's", v.Clips[0].Title)
			}
			// It asks again by itself, and is told the truth.
			w.sync(w.mo)
			w.plays(second)
			must(t, w.sam.Viewers.Remove(w.id, w.mo.Keys.Staff()))
			w.sync(w.sam)
			w.sync(w.mo)
			w.list()
			w.sync(w.bea)
		})
	}
	w.sync(w.mo)
	w.plays(second)
}

// TestHostileViewer: a server that wants a key for somebody whom nobody listed can
// only leave statements out, or show ones that nobody signed. Neither makes a device
// of the team write one.
func TestHostileViewer(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	eve := w.hireOutside("Eve Hart")
	w.list()
	keys := []string{}
	// The server hides from Bea's device who was removed: then nothing is written at
	// all, since what follows does not agree with it.
	must(t, w.sam.Viewers.Remove(w.id, w.mo.Keys.Staff()))
	w.sync(w.sam)
	_, err := w.sam.Sessions.Log(w.id, "", 0, true, "")
	must(t, err)
	w.sync(w.sam)
	w.pulled(func(p *wire.PullReply) {
		var kept []wire.Item
		for _, i := range p.Items {
			if kindOf(t, i) != "viewer.remove" {
				kept = append(kept, i)
			}
		}
		p.Items = kept
	})
	r, err := w.bea.Sync(context.Background())
	if code := attune.CodeOf(err); code != attune.CodeBroken || r.Keys != 0 {
		t.Errorf("a removal left out: %d keys, %v", r.Keys, err)
	}
	w.agrees(w.bea)
	// Eve is nobody's viewer: no header carries her name.
	name := policies.HeaderFor(eve.Keys.Recipient())
	w.pulled(func(p *wire.PullReply) {
		for _, i := range p.Items {
			for _, a := range i.Attachments {
				if strings.HasPrefix(a.Name, name) {
					keys = append(keys, a.Name)
				}
			}
		}
	})
	w.sync(w.bea)
	w.sync(w.sam)
	if len(keys) != 0 {
		t.Errorf("keys for a stranger: %v", keys)
	}
}
