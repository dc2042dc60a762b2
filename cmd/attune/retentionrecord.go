package main

import (
	"fmt"
	"strings"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

type retentionRecordCmd struct {
	Family ref    `arg:"" help:"Reference or id."`
	LetGo  bool   `help:"IG officer: you looked at it, and it goes a month from now."`
	Closed string `placeholder:"DAY" help:"The day on which the case closed and the last contact was, where the dates count from that."`
	Until  string `placeholder:"DAY" help:"The last day that it had to be kept; as shown when not given."`
}

// Help is what --help shows below the flags.
func (retentionRecordCmd) Help() string {
	return `Example: attune retention record NF-1042
         attune retention record NF-1042 --let-go --closed 2020-03-31 --until 2026-03-31

The whole record of a family: forms, notes, names of clips, keys. It can go once its film is destroyed, the work has
ended, and the last date of the service's policy is over. An IG officer lets it go; a hold in the month after keeps all
of it. Nothing is left then but numbers by which the access log can be verified, and the certificates of its film.`
}

func (c *retentionRecordCmd) Run(g *global) error {
	return g.family(c.Family, func(d *attune.Client, family policies.FamilyID) error {
		if c.LetGo {
			id, err := d.Retention.LetRecordGo(family, c.Closed, c.Until)
			if err != nil {
				return err
			}
			return g.print(map[string]any{"id": id, "family": family}, "The whole record goes a month from when the service hears of it, if nothing holds it. %s", syncNow)
		}
		w, err := d.Retention.Record(family)
		if err != nil {
			return err
		}
		var why []string
		for _, r := range w.Reasons {
			why = append(why, r.Text)
		}
		return g.print(w, "%s  the whole record: %s.\n%s", w.Reference, recordState(w.Fated), indented(strings.Join(why, "\n")))
	})
}

// recordState says where a whole record stands.
func recordState(x policies.Fated) string {
	switch x.State {
	case policies.FateHeld:
		return "held"
	case policies.FateKept:
		return "kept until " + x.Until.String()
	case policies.FateDue:
		return "its time is over, and it waits for the information governance officer"
	case policies.FateGrace:
		return "let go; it is destroyed after " + date(x.Date-1)
	case policies.FateGo:
		return "let go; it is destroyed when the service next looks"
	case policies.FateLook:
		return "kept until somebody decides"
	}
	return "kept; its date is not known yet"
}

// endedRecords lists whole records of which digests are left; "" for none.
func endedRecords(list []attune.EndedRecord) (text string) {
	for _, r := range list {
		text += fmt.Sprintf("whole record %s  %s  backups until %s  %s\n", r.Family.Short(), r.At.Local().Format("2006-01-02"), r.Backup,
			count(r.Received, "device", "devices")+" answered")
	}
	return text
}
