package storage_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/attune-vf/attune/client-sdk/seal"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
	"github.com/attune-vf/attune/storage/accesslog"
)

func TestFindLeak(t *testing.T) {
	id, secret, err := seal.NewLink()
	if err != nil {
		t.Fatal(err)
	}
	token, fragment := policies.Bytes16(id).String(), secret.Fragment()
	other := "0" + fragment[1:]
	for name, tt := range map[string]struct {
		line string
		want bool
	}{
		"Hash":           {token + "#" + fragment, true},
		"HashEscaped":    {token + "%23" + fragment, true}, // twice: net/url took one away
		"ThreeTimes":     {token + "%2523" + fragment, true},
		"FourTimes":      {token + "%252523" + fragment, false},
		"Query":          {token + "?" + fragment, true},
		"NamedInQuery":   {token + "?utm=x&f=%23" + fragment + "&y=z", true},
		"NextSegment":    {token + "/" + fragment, true},
		"BehindAnAct":    {token + "/open?#" + fragment, true},
		"NoHash":         {token + fragment, true},
		"FullStop":       {token + "#" + fragment + ".", true}, // a gateway took the sentence's end for the link's
		"Bracket":        {token + "#" + fragment + ")", true},
		"EasyRead":       {token + "#" + fragment + ".e", true},
		"Plain":          {token, false},
		"PlainAct":       {token + "/open", false},
		"OtherChecksum":  {token + "#" + other, false},
		"Cut":            {token + "#" + fragment[:47], false},
		"Longer":         {token + "#" + fragment + "A", false},
		"LongToken":      {token + "A#" + fragment, true}, // what follows the token does not matter: the secret decides
		"ShortToken":     {token[1:] + "#" + fragment, false},
		"NoToken":        {"#" + fragment, false},
		"BadEscape":      {token + "%zz#" + fragment, true},
		"BadEscapeFirst": {token + "%2523" + fragment + "%zz", false},
		"Empty":          {"", false},
		"TooLong":        {token + "#" + fragment + strings.Repeat("?", 9000), false},
	} {
		t.Run(name, func(t *testing.T) {
			leak, got := storage.FindLeak(tt.line)
			if got != tt.want {
				t.Errorf("FindLeak(%q) = %v, want %v", tt.line, got, tt.want)
			}
			if text := fmt.Sprintf("%v %+v %#v %s %x", leak, leak, leak, leak, leak); strings.Contains(text, token) || strings.Count(text, "[leaked link]") != 5 {
				t.Errorf("a leak prints as %s", text)
			}
		})
	}
}

// What a stranger sends is looked at once, and never believed further than its
// checksum.
func FuzzFindLeak(f *testing.F) {
	id, secret, err := seal.NewLink()
	if err != nil {
		f.Fatal(err)
	}
	whole := policies.Bytes16(id).String() + "#" + secret.Fragment()
	for _, line := range []string{whole, url.PathEscape(whole), url.QueryEscape(url.QueryEscape(whole)), whole[:40], "carer.css?" + whole, "\xff%\x00" + whole} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		leak, ok := storage.FindLeak(line)
		again, same := storage.FindLeak(line)
		if ok != same || leak != again {
			t.Error("the same line was read in two ways")
		}
		if !ok && leak != (storage.Leak{}) {
			t.Error("something was found and not said")
		}
	})
}

// TestEndLeaked: whoever sent the whole secret ends the link, once, and the log
// says why; a stranger who knows only the address does nothing.
func TestEndLeaked(t *testing.T) {
	ctx := context.Background()
	w := open(t)
	f := w.Open("NF-2041")
	c := f.Store(1000, true)
	l, other := f.Share(c, 5), f.Share(c, 5)
	leak := func(token policies.Bytes16, secret seal.LinkSecret) storage.Leak {
		t.Helper()
		found, ok := storage.FindLeak(token.String() + "#" + secret.Fragment())
		if !ok {
			t.Fatal("not found")
		}
		return found
	}
	for name, junk := range map[string]storage.Leak{
		"SecretOfAnotherLink": leak(l.Token, other.Secret),
		"UnknownLink":         leak(policies.Bytes16{1}, l.Secret),
		"Nothing":             {},
	} {
		if ended, err := w.Links.EndLeaked(ctx, policies.Caller{}, junk); ended || err != nil {
			t.Errorf("%s: %v, %v; want nothing done", name, ended, err)
		}
	}
	if n := len(events(t, w, "link.revoke")) + len(events(t, w, storage.LeakAction)); n != 0 {
		t.Fatalf("%d events after junk, want none", n)
	}
	page, err := openLink(w, l, l.PIN)
	if err != nil {
		t.Fatal(err)
	}

	var all sync.WaitGroup
	for range 8 { // a gateway and its retries
		all.Go(func() {
			if _, err := w.Links.EndLeaked(ctx, policies.Caller{Request: "gateway"}, leak(l.Token, l.Secret)); err != nil {
				t.Errorf("end: %v", err)
			}
		})
	}
	all.Wait()

	if _, err := openLink(w, l, l.PIN); !errors.Is(err, storage.ErrLinkEnded) {
		t.Errorf("the link after its secret leaked: %v, want ended", err)
	}
	if _, _, err := w.Links.Read(ctx, policies.Caller{}, l.Token, page.Session, 0, 10); !errors.Is(err, storage.ErrLinkEnded) {
		t.Errorf("an opened page of it: %v, want ended", err)
	}
	if _, err := openLink(w, other, other.PIN); err != nil {
		t.Errorf("the family's other link: %v", err)
	}
	revoked := events(t, w, "link.revoke")
	if len(revoked) != 1 || revoked[0].Request != "gateway" || len(revoked[0].Rules) != 1 || revoked[0].Rules[0] != "STATE-SERVER" {
		t.Errorf("revocations = %+v, want one by the server", revoked)
	}
	told := events(t, w, storage.LeakAction)
	if len(told) == 0 || told[0].Outcome != accesslog.Refused || told[0].Rules[0] != policies.LeakRule {
		t.Errorf("events of the leak = %+v", told)
	}
	if ended, err := w.Links.EndLeaked(ctx, policies.Caller{}, leak(l.Token, l.Secret)); ended || err != nil {
		t.Errorf("once more: %v, %v; want nothing done", ended, err)
	}
	w.Reopen()
	if _, err := openLink(w, l, l.PIN); !errors.Is(err, storage.ErrLinkEnded) {
		t.Errorf("after a restart: %v, want ended", err)
	}
}

// TestEndLeakedAfterRevoking: what a practitioner ended stays ended by them.
func TestEndLeakedAfterRevoking(t *testing.T) {
	w := open(t)
	f := w.Open("NF-2041")
	l := f.Share(f.Store(1000, true), 5)
	w.Sam.Does(f.Record, "link.revoke", &policies.LinkRevoke{Link: l.ID})
	found, _ := storage.FindLeak(l.Token.String() + "#" + l.Secret.Fragment())
	if ended, err := w.Links.EndLeaked(context.Background(), policies.Caller{}, found); ended || err != nil {
		t.Errorf("ended = %v, %v; want nothing done", ended, err)
	}
	if n := len(events(t, w, "link.revoke")); n != 1 {
		t.Errorf("%d revocations, want the practitioner's", n)
	}
}
