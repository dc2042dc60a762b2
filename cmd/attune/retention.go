package main

import (
	"strings"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

type retentionCmd struct {
	Allow     retentionAllowCmd     `cmd:"" help:"Let a sweep go on that stopped at the clock, or at how much would go."`
	List      retentionListCmd      `cmd:"" help:"Each clip: until when it is kept, and why."`
	Due       retentionDueCmd       `cmd:"" help:"Film whose time is over and that waits for a person, by family and class."`
	Authorise retentionAuthoriseCmd `cmd:"" help:"Registrar: let film go whose time is over, or keep it and look again."`
	Record    retentionRecordCmd    `cmd:"" help:"A family's whole record: what becomes of it; an IG officer lets it go."`
	Standing  retentionStandingCmd  `cmd:"" help:"Classes whose film goes at the end of its time without anybody looking at each."`
	Preview   retentionPreviewCmd   `cmd:"" help:"What becomes of each clip, as it would stand on a day, and why."`
}

type retentionListCmd struct {
	Family ref    `arg:"" optional:"" help:"Reference or id; every family on this device when not given."`
	AsOf   string `placeholder:"DAY" help:"As it will stand on this day, if nothing changes until then."`
	Dated  bool   `help:"Only what has a date."`
}

// Help is what --help shows below the flags.
func (retentionListCmd) Help() string {
	return `Example: attune retention list NF-1042
         attune retention list --dated --as-of 2027-01-31

By the figures that the service adopted, with the source of each. It works out dates, and destroys nothing:
film whose time is over goes only once somebody who did not make it lets it go.`
}

func (c *retentionListCmd) Run(g *global) error {
	at := time.Now()
	if c.AsOf != "" {
		var err error
		if at, err = time.ParseInLocation(time.DateOnly, c.AsOf, time.Local); err != nil {
			return usage("Write it as 2027-01-31.", "--as-of: %q is not a day.", c.AsOf)
		}
		at = at.Add(12 * time.Hour)
	}
	return g.device(func(d *attune.Client) error {
		var family policies.FamilyID
		if c.Family != "" {
			var err error
			if family, err = d.Families.Find(string(c.Family)); err != nil {
				return err
			}
		}
		list, err := d.Retention.List(family, at)
		if err != nil {
			return err
		}
		kept, text := []attune.Kept{}, []string{}
		for _, k := range list {
			if c.Dated && k.Standing != policies.StandDated {
				continue
			}
			kept = append(kept, k)
			text = append(text, k.Reference+"  "+k.Clip.Short()+"  "+string(k.Kind)+" filmed "+date(policies.At(k.Filmed))+": "+keptUntil(k.Forecast)+".\n"+indented(strings.Join(k.Reasons, "\n")))
		}
		if len(text) == 0 {
			text = append(text, "No film.")
		}
		return g.print(map[string]any{"kept": kept}, "%s", strings.Join(text, "\n"))
	})
}

type familySummaryCmd struct {
	Family ref    `arg:"" help:"Reference or id."`
	Clip   []ref  `sep:"none" help:"A clip that it sums up: id. Repeat; else all film that has no summary yet."`
	On     string `placeholder:"DAY" help:"The day on which it was filed; today when not given."`
	Where  string `default:"case_record" enum:"case_record,health_record" help:"${enum}."`
}

// Help is what --help shows below the flags.
func (familySummaryCmd) Help() string {
	return `Example: attune family summary NF-1042 --where case_record

Once you have written down what the film showed, in the case or health record: film need then not be kept as the
record of it. The text stays where you wrote it.`
}

func (c *familySummaryCmd) Run(g *global) error {
	return g.family(c.Family, func(d *attune.Client, family policies.FamilyID) error {
		clips, err := findClips(d, c.Clip)
		if err != nil {
			return err
		}
		id, err := d.Families.FileSummary(family, clips, c.On, policies.SummaryPlace(c.Where))
		if err != nil {
			return err
		}
		return g.print(map[string]any{"id": id, "family": family}, "The summary is on file. Until when film is kept now: attune retention list %s. %s", c.Family, syncNow)
	})
}
