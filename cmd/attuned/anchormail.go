package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
)

// mail sends the alarm and new alerts at once and the state once a day, each once to each
// address.
func (r *round) mail(ctx context.Context, a storage.Anchored, p *printer) error {
	sent := 0
	post := func(kind, which string, l letter) error {
		n, err := r.post.once(ctx, r.sent, kind, which, l)
		sent += n
		if err != nil {
			return problem("mail", "It is sent again at the next round. Nothing that was anchored is lost.", "%s.", sentence(err.Error()))
		}
		return nil
	}
	if len(a.Faults) > 0 {
		l := alarm(a)
		sum := sha256.Sum256([]byte(l.text))
		if err := post("alarm", hex.EncodeToString(sum[:]), l); err != nil {
			return err
		}
	}
	found, err := r.store.Alerts(ctx, time.Local)
	if err != nil {
		return fmt.Errorf("look for alerts: %w", err)
	}
	if len(found) > 0 {
		if err := post("alerts", found[len(found)-1].ID(), alertLetter(found)); err != nil {
			return err
		}
	}
	if day := time.Now().UTC(); a.Key != "" {
		if err := post("state", day.Format(time.DateOnly), state(a, day)); err != nil {
			return err
		}
	}
	if sent > 0 {
		p.note("e-mailed %d times", sent)
	}
	return nil
}

// state is the daily letter. It holds nothing of any person: the log's name is a hash, and a
// root says nothing of what lies under it.
func state(a storage.Anchored, day time.Time) letter {
	var b strings.Builder
	fmt.Fprintf(&b, "This is the signed state of the access log of an Attune service.\nNothing is wrong. Keep this e-mail where the service's administrators cannot reach it.\n\n")
	fmt.Fprintf(&b, "  Log:     %s\n  Events:  %d\n  Root:    %s\n  E-mailed %s\n\n", a.Origin, a.Size, a.Root, day.Format("2006-01-02 15:04 UTC"))
	fmt.Fprintf(&b, "The state with its signature, to the letter:\n\n%s\n", a.Note)
	b.WriteString(`What it is for: the log can only grow. Whoever changes or removes one of these events, even with the
service's own keys, has a log that does not go on from this root.

To compare: save the lines under "to the letter" in a file, with the empty line in them, in a folder
that holds nothing else. Then, on the IG officer's device:

  attune log verify --anchors FOLDER

If no such e-mail came yesterday, ask your administrator why.
`)
	return letter{fmt.Sprintf("Attune access log: %d events, %s", a.Size, day.Format(time.DateOnly)), b.String()}
}

// alarm is the letter about a log that contradicts an anchor.
func alarm(a storage.Anchored) letter {
	var b strings.Builder
	b.WriteString("The access log of an Attune service does not agree with a state of it that was signed and anchored.\n\n")
	for _, f := range a.Faults {
		fmt.Fprintf(&b, "  %s: %s\n", f.Kind, f.Why)
	}
	if a.Note != "" {
		fmt.Fprintf(&b, "\nThe state that it shows now:\n\n%s", a.Note)
	}
	b.WriteString(`
What to do: change nothing. Have the service's folder and the anchors copied as they are, by somebody
who does not run the service. An anchor and the state above, both signed, are the evidence.
If the service was just put back from a backup, compare the dates first.
`)
	return letter{"ALARM: an Attune access log was changed", b.String()}
}

// alertLetter lists the alerts of the last day. It names nobody: who reads it looks the
// events up, and that is recorded.
func alertLetter(found []policies.Alert) letter {
	var b strings.Builder
	b.WriteString("What in the access log of an Attune service an information governance officer should look at:\n\n")
	for _, a := range found {
		fmt.Fprintf(&b, "  %s  %s, events %d to %d: %s\n", a.At.Time().UTC().Format("2006-01-02 15:04 UTC"), a.Kind, a.First, a.Last, a.Text)
	}
	b.WriteString("\nAn alert accuses nobody. On your device:\n\n  attune sync\n  attune alerts\n")
	return letter{fmt.Sprintf("Attune: %d to look at in the access log", len(found)), b.String()}
}
