package main

import (
	"fmt"

	attune "github.com/attune-vf/attune/client-sdk"
)

type serviceShowCmd struct{}

// Help is what --help shows below the flags.
func (serviceShowCmd) Help() string { return `Example: attune service show` }

// Run prints it.
func (c *serviceShowCmd) Run(g *global) error {
	return g.device(func(client *attune.Client) error {
		st, err := client.Restored.Show()
		if err != nil {
			return err
		}
		return g.print(st, "%s", serviceText(st))
	})
}

func serviceText(st attune.ServiceState) string {
	text := "The service was never put back from a backup."
	switch when := st.PutBack.Local().Format("2 Jan 2006 15:04"); {
	case st.Recovering:
		text = fmt.Sprintf("The service was put back from a backup on %s. It serves no film until an information governance officer ends that.", when)
	case !st.PutBack.IsZero():
		text = fmt.Sprintf("The service was put back from a backup on %s, and that is over.", when)
	}
	if st.Overdue {
		text += "\n" + overdueText
	}
	if st.Lost > 0 {
		text += fmt.Sprintf("\nIt has not taken back %d entries that this device holds; they are brought with each sync.", st.Lost)
	}
	return text
}

// overdueText is said of a recovery that nobody ends: what the service forgot is not held
// against it until then.
const overdueText = "The service was put back from a backup more than a week ago, and nobody has said that it is whole again. Until then it may lack what was withdrawn since, and nobody is told: ask your IG officer why."

type serviceRecoveredCmd struct{}

// Help is what --help shows below the flags.
func (serviceRecoveredCmd) Help() string {
	return `Example: attune service recovered

Once everybody's devices have synced: until then the service may lack what somebody said since the backup. What comes
later is taken all the same, if its author may still say it then.`
}

// Run states it; the service knows at the next sync.
func (c *serviceRecoveredCmd) Run(g *global) error {
	return g.device(func(client *attune.Client) error {
		id, err := client.Restored.Recovered()
		if err != nil {
			return err
		}
		return g.print(map[string]any{"id": id}, "The service serves film again once this device has synced.")
	})
}
