package main

import (
	"os"
	"strings"

	attune "github.com/attune-vf/attune/client-sdk"
)

type custodianCmd struct {
	New custodianNewCmd `cmd:"" help:"Make a custodian's key."`
}

type custodianNewCmd struct {
	Out string `required:"" placeholder:"FILE" type:"path" help:"Where to write the secret key; FILE.pub is what the ceremony needs."`
}

// Help is what --help shows below the flags.
func (custodianNewCmd) Help() string {
	return `Example: attune custodian new --out custodian.key

Any two of three custodians together can open a family's key, with the stock age tool. The secret
stays with the custodian, on a stick in a safe; nobody else ever needs it.`
}

func (c *custodianNewCmd) Run(g *global) error {
	identity, recipient, err := attune.NewCustodian()
	if err != nil {
		return err
	}
	if err := writeNew(c.Out, []byte(identity+"\n")); err != nil {
		return err
	}
	if err := writeNew(c.Out+".pub", []byte(recipient+"\n")); err != nil {
		return err
	}
	return g.print(map[string]any{"secret": c.Out, "public": c.Out + ".pub", "recipient": recipient},
		"Wrote the secret key to %s, for nobody but you, and the public key to %s.pub.", c.Out, c.Out)
}

// custodianKey takes a public key itself, or the file that holds it.
func custodianKey(text string) (string, error) {
	if strings.HasPrefix(text, "age1") {
		return text, nil
	}
	body, err := os.ReadFile(text)
	if err != nil {
		return "", problem("input", "Give the custodian's .pub file, or the age1pq1… line in it.", "The custodian's public key cannot be read: %v.", err)
	}
	key := strings.TrimSpace(string(body))
	if strings.HasPrefix(key, "AGE-SECRET-KEY-") {
		return "", problem("input", "Give the .pub file beside it, and make a new key if this one was on this machine.", "%s is a custodian's secret key.", text)
	}
	return key, nil
}
