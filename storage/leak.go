package storage

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/attune-vf/attune/client-sdk/seal"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/accesslog"
	"github.com/attune-vf/attune/storage/rows"
)

// Leak is the whole of a share link, found where only its public part should be:
// some program wrote the # as %23, and sent the secret to the server. It holds what
// the link is opened with, not the secret itself.
type Leak struct {
	token policies.Bytes16
	auth  policies.Digest // SHA-256 of the auth value, as the link has it
}

// Format keeps a leak out of logs.
func (Leak) Format(s fmt.State, _ rune) { fmt.Fprint(s, "[leaked link]") }

const (
	tokenChars    = 22   // 16 bytes in base64url
	fragmentChars = 48   // as seal.LinkSecret.Fragment writes it
	maxUnescapes  = 2    // gateways that escape what was escaped have been seen twice over
	maxLine       = 8192 // bytes looked at; a link has 71
)

// FindLeak looks for a link's secret in what stands behind /s/ in a request line,
// path and query. The checksum in the secret tells it from anything else that is
// as long; whether it is this link's is for [Links.EndLeaked] to say. It takes
// whatever a stranger sends.
//
// Source: DESIGN §10; attacks, 19.
func FindLeak(line string) (Leak, bool) {
	if len(line) < tokenChars || len(line) > maxLine {
		return Leak{}, false
	}
	var found Leak
	if err := found.token.UnmarshalText([]byte(line[:tokenChars])); err != nil {
		return Leak{}, false
	}
	rest := line[tokenChars:]
	for range maxUnescapes + 1 {
		for _, word := range strings.FieldsFunc(rest, notBase64) {
			if secret, err := seal.ParseFragment(word); len(word) == fragmentChars && err == nil {
				auth := secret.Auth()
				found.auth = policies.DigestOf(auth[:])
				return found, true
			}
		}
		plain, err := url.PathUnescape(rest)
		if err != nil || plain == rest {
			break
		}
		rest = plain
	}
	return Leak{}, false
}

func notBase64(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_')
}

// EndLeaked revokes a link whose secret was sent to the server, and reports whether
// this did it. The server states link.revoke itself: no team device may be awake,
// and from the secret and a look at the database on, the PIN protects nothing.
//
// A secret that is not this link's does nothing and leaves no event: whoever knows
// only the address must not be able to end a link, or fill the log. A link that was
// revoked before stays as it is.
//
// Source: DESIGN §10; RULES.md, LINK-LEAKED.
func (l *Links) EndLeaked(ctx context.Context, who policies.Caller, leak Leak) (bool, error) {
	link, in, err := l.leaking(ctx, leak)
	if err != nil || link == nil {
		return false, err
	}
	ctx = context.WithoutCancel(ctx) // whoever sent it may hang up
	who.Link = link.ID
	// The revocation does not depend on the event before it: a restriction is taken
	// also when nothing else can be written.
	err = l.d.rows.Write(ctx, func(tx *rows.Tx) error {
		_, _, err := tx.Log(rows.Event{
			At: int64(l.d.now()), Action: LeakAction, Outcome: accesslog.Refused, Subject: caller(who),
			Family: family(in), Object: clip(link.Clip), Rules: []string{policies.LeakRule}, Request: who.Request, Detail: who.Address,
		})
		return err
	})
	return true, errors.Join(l.records.state(ctx, who, in, func(f *policies.Family) (policies.Kind, policies.Body) {
		if f.LinkLeaked(link.ID) {
			return "", nil
		}
		return "link.revoke", &policies.LinkRevoke{Link: link.ID}
	}), err)
}

// LeakAction is what the log calls a link's secret that arrived in a request line.
const LeakAction = "link.leak"

// leaking is the link that a leak opens, and its family; nil when there is none,
// or when it was revoked already.
func (l *Links) leaking(ctx context.Context, leak Leak) (link *policies.Link, in policies.FamilyID, err error) {
	err = l.d.rows.Read(ctx, func(v *rows.View) error {
		row, known, err := v.LinkByToken(leak.token)
		if err != nil || !known {
			return err
		}
		f, err := v.Family(row.Family)
		if err != nil || f == nil || f.Links[row.Link] == nil {
			return err
		}
		found := *f.Links[row.Link]
		if subtle.ConstantTimeCompare(found.Auth[:], leak.auth[:]) == 1 && !f.LinkEnded(found.ID) {
			link, in = &found, f.ID
		}
		return nil
	})
	return link, in, err
}
