package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

type syncCmd struct{}

// Help is what --help shows below the flags.
func (syncCmd) Help() string {
	return `Example: attune sync

Prints what the service accepted, and what it refused and why. What was refused stays on this
device: see attune status.`
}

func (c *syncCmd) Run(ctx context.Context, g *global) error {
	return g.device(func(d *attune.Client) error {
		report, err := d.Sync(ctx)
		if err != nil && report.Waiting > 0 {
			g.note("%s not sent yet; nothing is lost.", count(report.Waiting, "statement is", "statements are"))
		}
		// What was decided before the connection ended is told all the same: a
		// refusal is final, and the next sync does not repeat it.
		if err == nil || len(report.Accepted)+len(report.Refused)+len(report.Stopped)+len(report.Uploaded) > 0 {
			err = errors.Join(g.print(report, "%s", syncText(report)), err)
		}
		if err != nil {
			return err
		}
		if n := len(report.Refused) + len(report.Stopped); n > 0 {
			return problem("refused", "See attune status for what to do.", "The service refused %d of them.", n)
		}
		return nil
	})
}

func syncText(r attune.Report) string {
	lines := []string{fmt.Sprintf("Sent %d, received %d, uploaded %s.", len(r.Accepted), r.Pulled, count(len(r.Uploaded), "clip", "clips"))}
	for _, o := range r.Refused {
		lines = append(lines, "Refused: "+outcomeText(o))
	}
	for _, s := range r.Stopped {
		lines = append(lines, fmt.Sprintf("Not uploaded: %s: %s %s%s", s.Clip.Short(), s.Message, s.Next, rulesText(s.Rules)))
	}
	if r.Keys > 0 {
		lines = append(lines, fmt.Sprintf("Wrote %s for viewers.", count(r.Keys, "clip's key", "clips' keys")))
	}
	if r.Given > 0 {
		lines = append(lines, fmt.Sprintf("You can watch %s more: see attune clip list.", count(r.Given, "clip", "clips")))
	}
	for _, f := range r.Dropped {
		lines = append(lines, "No longer yours to see: family "+f.Short())
	}
	return strings.Join(lines, "\n")
}

func outcomeText(o attune.Outcome) string {
	return fmt.Sprintf("%s (%s): %s %s%s", strings.ReplaceAll(string(o.Kind), ".", " "), o.ID.Short(), o.Message, o.Next, rulesText(o.Rules))
}

// rulesText follows a sentence, "" when no rule decided.
func rulesText(rules []string) string {
	if len(rules) == 0 {
		return ""
	}
	return " Rule: " + strings.Join(rules, ", ") + "."
}

type statusCmd struct{}

func (statusCmd) Help() string { return `Example: attune status` }

// deviceStatus is what --json prints.
type deviceStatus struct {
	Server    string             `json:"server"`
	Service   string             `json:"service"`
	Waiting   []attune.Outcome   `json:"waiting"`
	Attention []attune.Outcome   `json:"attention"`
	StopAsked []attune.StopAsked `json:"stop_asked"` // by carers, and still to be talked about
	Contact   string             `json:"contact"`    // RFC 3339, "" before the first contact

	Objected []attune.ObjectionView `json:"objected"` // film that is paused until two people agree
	Viewers  []attune.ViewerEntry   `json:"viewers"`  // that wait, for a countersign or for a practitioner's device
	Held     []attune.HeldUpload    `json:"held"`     // film that did not go to the service
	Leaked   []attune.LeakedLink    `json:"leaked"`   // links that the service revoked: their secret was sent to it
	Words    []string               `json:"words"`    // to be read to a registrar; empty once confirmed
}

func (c *statusCmd) Run(g *global) error {
	return g.device(func(d *attune.Client) error {
		waiting, err := d.Outbox.Waiting()
		if err != nil {
			return err
		}
		attention, err := d.Outbox.Attention()
		if err != nil {
			return err
		}
		contact, err := d.Mirror.Contact()
		if err != nil {
			return err
		}
		asked, err := d.Families.StopAsked()
		if err != nil {
			return err
		}
		s := deviceStatus{Server: d.Server(), Waiting: append([]attune.Outcome{}, waiting...), Attention: append([]attune.Outcome{}, attention...), StopAsked: asked}
		if s.Objected, err = d.Families.Objected(); err != nil {
			return err
		}
		if s.Viewers, err = d.Viewers.Waiting(); err != nil {
			return err
		}
		held, err := d.Uploader.Held()
		if err != nil {
			return err
		}
		s.Held = append([]attune.HeldUpload{}, held...)
		if s.Leaked, err = d.Families.Leaked(); err != nil {
			return err
		}
		head := false
		if org := d.Mirror.Org(); org != nil {
			s.Service = org.Service
			p := org.Staff[d.Keys.Staff()]
			head = p != nil && p.Role == policies.HeadOfService
		}
		last := "never"
		if !contact.IsZero() {
			s.Contact, last = contact.UTC().Format("2006-01-02T15:04:05Z"), contact.Local().Format("Mon 2 Jan 15:04")
		}
		lines := []string{fmt.Sprintf("%s at %s, last contact %s.", s.Service, s.Server, last),
			fmt.Sprintf("Not sent yet: %d.", len(waiting))}
		if s.Words = wordsToRead(d); len(s.Words) > 0 {
			lines = append(lines, "Not confirmed yet. Read these words to your registrar: "+strings.Join(s.Words, " "))
		}
		for _, a := range asked {
			lines = append(lines, "Needs attention: "+stopText(a))
		}
		for _, o := range s.Objected {
			lines = append(lines, "Needs attention: "+objectionText(o))
		}
		toSee, toWait := viewersText(s.Viewers, head)
		for _, text := range toSee {
			lines = append(lines, "Needs attention: "+text)
		}
		for _, text := range toWait {
			lines = append(lines, "Waiting: "+text)
		}
		for _, l := range s.Leaked {
			lines = append(lines, "Needs attention: "+leakedText(l))
		}
		for _, o := range attention {
			lines = append(lines, "Needs attention: "+attentionText(o))
		}
		for _, h := range held {
			lines = append(lines, "Needs attention: "+heldText(h))
		}
		return g.print(s, "%s", strings.Join(lines, "\n"))
	})
}

// wordsToRead is what a registrar has still to hear: whoever closed the window in
// which they joined must not need another invitation.
func wordsToRead(d *attune.Client) []string {
	if org := d.Mirror.Org(); org != nil && org.Staff[d.Keys.Staff()].HasPowers() {
		return []string{}
	}
	return d.Keys.Words()
}
