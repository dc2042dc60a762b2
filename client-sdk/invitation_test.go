package attune_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

func invitation() attune.Invitation {
	return attune.Invitation{
		Server: "https://attune.example.org", Org: policies.OrgID{1}, Invite: policies.StaffID{2}, Key: policies.Digest{3},
		Role: policies.Practitioner, Expires: policies.At(time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)),
	}
}

func TestInvitationSurvivesMail(t *testing.T) {
	t.Parallel()
	want := invitation()
	line := want.String()
	for name, text := range map[string]string{
		"AsWritten": line,
		"Broken":    line[:30] + "\r\n" + line[30:60] + "\n  " + line[60:],
		"Padded":    "  " + line + "\n",
	} {
		got, err := attune.ParseInvitation(text)
		if err != nil || got != want {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
}

func TestInvitationDamaged(t *testing.T) {
	t.Parallel()
	line := invitation().String()
	for i := len("attune-invite-1:"); i < len(line); i++ {
		other := "A"
		if line[i] == 'A' {
			other = "B"
		}
		if _, err := attune.ParseInvitation(line[:i] + other + line[i+1:]); attune.CodeOf(err) != attune.CodeInvitation {
			t.Fatalf("letter %d changed: %v, want it refused", i, err)
		}
	}
	for name, text := range map[string]string{
		"Empty": "", "Cut": line[:len(line)-9], "NotOne": "hello", "Newer": strings.Replace(line, "-1:", "-2:", 1),
		"OnlyPrefix": "attune-invite-1:", "Long": line + strings.Repeat("A", 9000),
	} {
		_, err := attune.ParseInvitation(text)
		var e *attune.Error
		if !errors.As(err, &e) || e.Code != attune.CodeInvitation || e.Next == "" {
			t.Errorf("%s: %v, want a plain refusal that says what to do", name, err)
		}
	}
}

func TestJoinTwiceWithOneInvitation(t *testing.T) {
	t.Parallel()
	s := newService(t)
	line, _, err := s.head.Staff.Invite(policies.Practitioner, "Sam Reed")
	must(t, err)
	s.sync(s.head)
	s.join("sam", line)
	_, _, err = attune.Join(context.Background(), s.home("eve"), line, passphrase, s.config())
	if attune.CodeOf(err) != attune.CodeInvitation {
		t.Errorf("second use: %v, want invitation", err)
	}
	if _, _, err = attune.Join(context.Background(), s.home("sam"), line, passphrase, s.config()); attune.CodeOf(err) != attune.CodeHome {
		t.Errorf("same home again: %v, want home", err)
	}
}

func TestJoinExpired(t *testing.T) {
	t.Parallel()
	s := newService(t)
	line, _, err := s.head.Staff.Invite(policies.Practitioner, "Sam Reed")
	must(t, err)
	s.sync(s.head)
	s.pass(8 * 24 * time.Hour)
	if _, _, err = attune.Join(context.Background(), s.home("sam"), line, passphrase, s.config()); attune.CodeOf(err) != attune.CodeInvitation {
		t.Errorf("after eight days: %v, want invitation", err)
	}
}

// TestJoinAnswerLost: the server took the certificates, and the device never
// learned it. Only the same keys can go on.
func TestJoinAnswerLost(t *testing.T) {
	t.Parallel()
	s := newService(t)
	line, _, err := s.head.Staff.Invite(policies.Practitioner, "Sam Reed")
	must(t, err)
	s.sync(s.head)
	s.lose("/v1/join")
	if _, _, err = attune.Join(context.Background(), s.home("sam"), line, passphrase, s.config()); !attune.Offline(err) {
		t.Fatalf("lost answer: %v, want offline", err)
	}
	s.spoil.Store(nil)
	if _, _, err = attune.Join(context.Background(), s.home("sam"), line, []byte("another"), s.config()); attune.CodeOf(err) != attune.CodePassphrase {
		t.Errorf("going on with another passphrase: %v, want passphrase", err)
	}
	_, j := s.join("sam", line)
	if j.Role != policies.Practitioner || len(j.Words) != 6 {
		t.Errorf("joined as %+v", j)
	}
}

// TestJoinAnotherService: whoever answers at the address must be the organisation
// that the invitation names.
func TestJoinAnotherService(t *testing.T) {
	t.Parallel()
	s, other := newService(t), newService(t)
	line, _, err := s.head.Staff.Invite(policies.Practitioner, "Sam Reed")
	must(t, err)
	s.sync(s.head)
	inv, err := attune.ParseInvitation(line)
	must(t, err)
	inv.Server = other.url
	if _, _, err = attune.Join(context.Background(), s.home("sam"), inv.String(), passphrase, s.config()); err == nil {
		t.Error("joined at another service")
	}
}

func TestConfirmOtherWords(t *testing.T) {
	t.Parallel()
	s := newService(t)
	line, id, err := s.head.Staff.Invite(policies.Practitioner, "Sam Reed")
	must(t, err)
	s.sync(s.head)
	_, j := s.join("sam", line)
	s.sync(s.head)
	wrong := append([]string{}, j.Words...)
	wrong[0], wrong[1] = wrong[1], wrong[0]
	if err := s.head.Staff.Confirm(id, wrong); attune.CodeOf(err) != attune.CodeWords {
		t.Errorf("other words: %v, want words_differ", err)
	}
	must(t, s.head.Staff.Confirm(id, []string{" " + strings.ToUpper(strings.Join(j.Words, " ")) + " "}))
}
