package main

import (
	"slices"
	"strings"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

type staffTrainCmd struct {
	Person     ref    `arg:"" help:"Name or id."`
	Programme  string `required:"" enum:"vig,vipp_sd" help:"${enum}."`
	Level      string `required:"" enum:"trainee,accredited,supervisor" help:"${enum}."`
	Until      string `required:"" placeholder:"DATE" help:"Last day of the accreditation, or of the training."`
	Supervisor ref    `placeholder:"PERSON" help:"Who supervises them: recorded as a supervisor of the programme before. A trainee needs one."`
}

// Help is what --help shows below the flags.
func (staffTrainCmd) Help() string {
	return `Example: attune staff train "Mo Finch" --programme vig --level supervisor --until 2028-06-30
         attune staff train "Sam Reed" --programme vig --level trainee --until 2027-09-30 --supervisor "Mo Finch"

For a registrar, from the certificate of the programme's own body. The last record counts. Whoever is recorded
as no longer accredited, or as a trainee without a supervisor in force, makes no new film; what was filmed in
time is taken, and watching goes on. Somebody of whom nothing is recorded is not stopped.`
}

func (c *staffTrainCmd) Run(g *global) error {
	return g.device(func(d *attune.Client) error {
		who, err := d.Staff.Find(string(c.Person))
		if err != nil {
			return err
		}
		var supervisor policies.StaffID
		if c.Supervisor != "" {
			if supervisor, err = d.Staff.Find(string(c.Supervisor)); err != nil {
				return err
			}
		}
		until, err := parseUntil("until", c.Until)
		if err != nil {
			return err
		}
		if err := d.Staff.Train(who, policies.Programme(c.Programme), policies.Level(c.Level), until, supervisor); err != nil {
			return err
		}
		return g.print(map[string]any{"id": who, "programme": c.Programme, "level": c.Level, "until": policies.At(until)},
			"Recorded: %s is %s in %s until %s%s. %s", c.Person, c.Level, plain(c.Programme), date(policies.At(until)),
			mark(until.Before(time.Now()), ", which is over: they make no new film"), syncNow)
	})
}

// myTraining is what this person should see to of their own training.
func myTraining(d *attune.Client) ([]attune.TrainingView, error) {
	if org := d.Mirror.Org(); org == nil || org.Staff[d.Keys.Staff()] == nil {
		return nil, nil
	}
	me, err := d.Staff.Show(d.Keys.Staff())
	return slices.DeleteFunc(me.Training, func(t attune.TrainingView) bool { return !t.Soon && !t.Unsupervised }), err
}

// endingText tells somebody what stands, or will stand, in the way of filming.
func endingText(t attune.TrainingView) string {
	switch {
	case t.Over:
		return "Your accreditation in " + plain(string(t.Programme)) + " ended on " + date(t.Until) + "; you make no new film. Give your new certificate to a registrar."
	case t.Unsupervised:
		return "You are recorded as a trainee in " + plain(string(t.Programme)) + ", and nobody supervises you now; you make no new film. Ask a registrar."
	}
	return "Your accreditation in " + plain(string(t.Programme)) + " ends on " + date(t.Until) + ". Give your new certificate to a registrar before that."
}

// trainingText is what somebody is trained in, in a few words.
func trainingText(m attune.Member) string {
	var out []string
	for _, t := range m.Training {
		text := plain(string(t.Programme)) + " " + string(t.Level) + " until " + date(t.Until)
		if t.SupervisorName != "" {
			text += " under " + t.SupervisorName
		}
		out = append(out, text+mark(t.Over, " (ended)")+mark(t.Unsupervised, " (nobody supervises them)"))
	}
	if makesFilm := m.Role == policies.Practitioner || m.Role == policies.Supervisor; len(out) == 0 && makesFilm {
		return "training not recorded"
	}
	return strings.Join(out, "; ")
}
