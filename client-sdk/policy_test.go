package attune_test

import (
	"bytes"
	"context"
	"testing"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/authz"
)

// ours is the pack that ships, with figures of the service's own.
func ours(t *testing.T, before, after string) []byte {
	t.Helper()
	text := bytes.Replace(packText(t), []byte(before), []byte(after), 1)
	if bytes.Equal(text, packText(t)) {
		t.Fatalf("%q is not in the pack", before)
	}
	return text
}

func rulesOf(t *testing.T) policies.Digest {
	t.Helper()
	b, err := authz.Load()
	must(t, err)
	return b.SHA256()
}

// TestOwnFigures: what the head of service signed is what every device works by, once
// it has synced: here for how many days a link may live.
func TestOwnFigures(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	days := func(c *attune.Client) int {
		t.Helper()
		p, file, err := c.Policies.Figures()
		must(t, err)
		if a, err := c.Policies.Adopted(); err != nil || policies.DigestOf(file) != a.SHA256 {
			t.Errorf("the file is not what was signed: %v", err)
		}
		return p.LinkDays.Value
	}
	file := ours(t, "link_days:\n  value: 14\n", "link_days:\n  value: 3\n")
	if _, err := sam.Policies.Adopt(file, rulesOf(t)); attune.CodeOf(err) != wire.CodeSigner {
		t.Errorf("adopted by a practitioner: %v, want signer", err)
	}
	if _, err := s.head.Policies.Adopt([]byte("name: council\n"), rulesOf(t)); attune.CodeOf(err) != attune.CodeInput {
		t.Errorf("adopting what is no pack: %v, want input", err)
	}
	id, err := s.head.Policies.Adopt(file, rulesOf(t))
	must(t, err)
	if got := days(s.head); got != 14 {
		t.Errorf("before the service has it: %d days, want 14", got)
	}
	s.sync(s.head)
	if got := days(s.head); got != 3 {
		t.Errorf("after the sync: %d days, want 3", got)
	}
	if got := days(sam); got != 14 {
		t.Errorf("a colleague before they sync: %d days, want 14", got)
	}

	// A server that leaves the figures out, or sends others, is not followed.
	want := map[string]wire.Code{"LeftOut": attune.CodeUntrusted, "Others": attune.CodeAttachment, "Renamed": attune.CodeUntrusted}
	for name, lie := range map[string]func(*wire.Item){
		"LeftOut": func(i *wire.Item) { i.Attachments = []wire.Attachment{} },
		"Others":  func(i *wire.Item) { i.Attachments[0].Body = packText(t) },
		"Renamed": func(i *wire.Item) { i.Attachments[0].Name = "label" },
	} {
		s.pulled(func(p *wire.PullReply) {
			for i := range p.Items {
				if p.Items[i].ID == id {
					lie(&p.Items[i])
				}
			}
		})
		if _, err := sam.Sync(context.Background()); attune.CodeOf(err) != want[name] {
			t.Errorf("%s: %v, want %s", name, err, want[name])
		}
		if got := days(sam); got != 14 {
			t.Errorf("%s: %d days, want 14", name, got)
		}
	}
	s.agrees(sam)
	if got := days(sam); got != 3 {
		t.Errorf("once the lie ended: %d days, want 3", got)
	}
	late := s.hire(policies.Practitioner, "Nia Frost")
	if got := days(late); got != 3 {
		t.Errorf("who joined later: %d days, want 3", got)
	}
}
