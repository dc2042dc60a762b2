package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"golang.org/x/term"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

type inviteCmd struct {
	Role string `required:"" enum:"practitioner,supervisor,ig_officer,head_of_service,operator" help:"${enum}."`
	Name string `required:"" help:"The name that colleagues know them by."`

	Outside bool `help:"They work for another organisation: the head of service countersigns what they may watch. Supervisors and practitioners only."`
}

// Help is what --help shows below the flags.
func (inviteCmd) Help() string {
	return `Example: attune invite --role practitioner --name "Sam Reed"
         attune invite --role supervisor --name "Mo Finch" --outside

Sync, then hand the printed line to that person yourself: whoever holds it can join in their place.`
}

func (c *inviteCmd) Run(g *global) error {
	return g.device(func(d *attune.Client) error {
		invite := d.Staff.Invite
		if c.Outside {
			invite = d.Staff.InviteOutside
		}
		invitation, id, err := invite(policies.Role(c.Role), c.Name)
		if err != nil {
			return err
		}
		g.note("Invitation for %s, %s. Sync, then hand it over; it works once.", c.Name, plain(c.Role))
		return g.print(map[string]any{"id": id, "invitation": invitation, "role": c.Role, "name": c.Name, "outside": c.Outside}, "%s", invitation)
	})
}

type confirmCmd struct {
	Person ref    `arg:"" help:"Name or id of who joined."`
	Words  string `help:"The six words, as the person read them to you."`
}

// Help is what --help shows below the flags.
func (confirmCmd) Help() string {
	return `Example: attune confirm "Sam Reed" --words "harbour spoon …"

Ring the person on a number that you know, or ask them face to face. Words from a message prove nothing.
An IG officer may confirm also whom a head of service has confirmed: before somebody covers for a colleague.`
}

func (c *confirmCmd) Run(g *global) error {
	return g.device(func(d *attune.Client) error {
		id, err := d.Staff.Find(string(c.Person))
		if err != nil {
			return err
		}
		words, err := c.words()
		if err != nil {
			return err
		}
		if err := d.Staff.Confirm(id, words); err != nil {
			return err
		}
		return g.print(map[string]any{"id": id, "confirmed": true}, "Confirmed %s. Sync to tell the service.", c.Person)
	})
}

func (c *confirmCmd) words() ([]string, error) {
	if c.Words != "" {
		return strings.Fields(c.Words), nil
	}
	line, err := ask("The six words, as the person reads them: ")
	return strings.Fields(line), err
}

// ask reads one line on the terminal.
func ask(question string) (string, error) {
	if !term.IsTerminal(int(os.Stdin.Fd())) {
		return "", problem("usage", "See --help for the flag that answers it.", "There is no terminal to ask on: %s", strings.TrimSpace(question)).status(exitUsage)
	}
	fmt.Fprint(os.Stderr, question)
	line, err := bufio.NewReader(os.Stdin).ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("read answer: %w", err)
	}
	return strings.TrimSpace(line), nil
}

type staffCmd struct {
	List     staffListCmd     `cmd:"" help:"Everybody who was invited, and where they stand."`
	Train    staffTrainCmd    `cmd:"" help:"Record what somebody is trained in, and until when."`
	Renew    staffRenewCmd    `cmd:"" help:"Let a person's certificate last longer."`
	Rekey    staffRekeyCmd    `cmd:"" help:"Replace your own key, after a device of yours was lost."`
	Reinvite staffReinviteCmd `cmd:"" help:"Invite somebody whose keys are lost to make new ones."`
	Trust    staffTrustCmd    `cmd:"" help:"Take a colleague's new key, by the six words that they read to you."`
	Leaving  staffLeavingCmd  `cmd:"" help:"What there is to see to when somebody leaves."`
	Revoke   staffRevokeCmd   `cmd:"" help:"End a person's certificate and all of their devices."`
}

type staffListCmd struct{}

func (staffListCmd) Help() string { return `Example: attune staff list` }

func (c *staffListCmd) Run(g *global) error {
	return g.device(func(d *attune.Client) error {
		list, err := d.Staff.List()
		if err != nil {
			return err
		}
		return g.print(map[string]any{"staff": list}, "%s", table(list, func(m attune.Member) []string {
			return []string{m.ID.Short(), m.Name, plain(string(m.Role)), m.State, untilText(m), mark(m.Me, "you"),
				mark(m.Outside, "of another organisation"), mark(m.Replace, "a new key waits for its words"), mark(m.NewKey, "has a new key"), trainingText(m)}
		}))
	})
}

type staffRevokeCmd struct {
	Person ref  `arg:"" help:"Name or id."`
	Myself bool `help:"Yes, this is your own certificate."`
}

func (staffRevokeCmd) Help() string {
	return `Example: attune staff revoke "Sam Reed"

For somebody who leaves, or whose device or invitation is in other hands. It ends their certificate and
all of their devices, for good: to work here again they need a new invitation.`
}

func (c *staffRevokeCmd) Run(g *global) error {
	return g.device(func(d *attune.Client) error {
		id, err := d.Staff.Find(string(c.Person))
		if err != nil {
			return err
		}
		if id == d.Keys.Staff() && !c.Myself {
			// Nobody can take it back, and the last registrar would leave a service that
			// can invite nobody. Asked for twice, it stays possible: keys may be stolen.
			return problem("input", "Ask another registrar to do it. If your own keys are in other hands, do it at once with --myself.", "This is you: it would end your own certificate and devices, for good.")
		}
		follows, err := d.Staff.Leaving(id)
		if err != nil {
			return err
		}
		if err := d.Staff.Revoke(id); err != nil {
			return err
		}
		return g.print(map[string]any{"id": id, "revoked": true, "leaving": follows}, "Revoked %s. %s%s", c.Person, syncNow, leavingText(follows))
	})
}
