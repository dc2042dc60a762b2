package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

type deviceCmd struct {
	Request deviceRequestCmd `cmd:"" help:"On a new device: ask a device that you have already."`
	Add     deviceAddCmd     `cmd:"" help:"On a device that you have: take a new one in."`
	Accept  deviceAcceptCmd  `cmd:"" help:"On the new device: finish with the other's reply."`
	List    deviceListCmd    `cmd:"" help:"Your devices, or a colleague's."`
	Keyring deviceKeyringCmd `cmd:"" help:"Open this device by the machine's keyring, or by its passphrase alone."`
	Revoke  deviceRevokeCmd  `cmd:"" help:"Stop a device that was lost, or is no longer used."`
	Network deviceNetworkCmd `cmd:"" help:"Over which networks film is sent."`
}

type deviceRequestCmd struct {
	Out string `required:"" placeholder:"FILE" type:"path" help:"Where to write the request."`
}

// Help is what --help shows below the flags.
func (deviceRequestCmd) Help() string {
	return `Example: attune --home ~/.attune device request --out ask.txt

Makes this device's key under a passphrase that you choose, and prints six words. Carry the file to a
device that you have already, and do there: attune device add. Nothing in the file is secret.`
}

func (c *deviceRequestCmd) Run(g *global) error {
	if g.Home == "" {
		return usage("Name it with --home or ATTUNE_HOME.", "The folder of this device was not named.")
	}
	dir, err := attune.Asking(g.Home)
	if err != nil {
		return err
	}
	pass, err := g.passphrase(true)
	if err != nil {
		return err
	}
	r, err := attune.NewDeviceRequest(dir, pass)
	clear(pass)
	if err != nil {
		return err
	}
	if err := writeNew(c.Out, []byte(r.String()+"\n")); err != nil {
		return err
	}
	words := strings.Join(r.Words(), " ")
	return g.print(map[string]any{"request": c.Out, "words": words},
		"Carry %s to a device that you have, and do there: attune device add. It asks for these six words:\n\n  %s\n", c.Out, words)
}

type deviceAddCmd struct {
	Request string `required:"" placeholder:"FILE" type:"path" help:"The new device's request."`
	Reply   string `required:"" placeholder:"FILE" type:"path" help:"Where to write the reply."`
	Words   string `help:"The six words that the new device shows."`
}

// Help is what --help shows below the flags.
func (deviceAddCmd) Help() string {
	return `Example: attune device add --request ask.txt --reply reply.age

Takes a new device of yours in, if its six words are those of the request: read them off its own screen.
The reply holds your keys, sealed to that device alone. Carry it there, and delete it afterwards.`
}

func (c *deviceAddCmd) Run(ctx context.Context, g *global) error {
	line, err := readSmall(c.Request)
	if err != nil {
		return err
	}
	if _, err := attune.ParseDeviceRequest(string(line)); err != nil {
		return err // before anybody reads words out for nothing
	}
	return g.device(func(d *attune.Client) error {
		words := strings.Fields(c.Words)
		if c.Words == "" {
			answer, err := ask("The six words that the new device shows: ")
			if err != nil {
				return err
			}
			words = strings.Fields(answer)
		}
		reply, added, err := d.Devices.Add(ctx, string(line), words)
		if err != nil {
			return err
		}
		if err := writeNew(c.Reply, reply); err != nil {
			return err
		}
		show := strings.Join(added.Words, " ")
		return g.print(map[string]any{"device": added.Device, "reply": c.Reply, "words": show},
			"Carry %s to the new device, and do there: attune device accept. It then shows these six words:\n\n  %s\n", c.Reply, show)
	})
}

type deviceAcceptCmd struct {
	Reply string `required:"" placeholder:"FILE" type:"path" help:"The reply of the other device."`
}

// Help is what --help shows below the flags.
func (deviceAcceptCmd) Help() string {
	return `Example: attune --home ~/.attune device accept --reply reply.age

Finishes what attune device request began. Compare the six words with those that the other device showed:
if they differ, the reply is not yours; do not use this folder.`
}

func (c *deviceAcceptCmd) Run(ctx context.Context, g *global) error {
	if g.Home == "" {
		return usage("Name it with --home or ATTUNE_HOME.", "The folder of this device was not named.")
	}
	reply, err := readSmall(c.Reply)
	if err != nil {
		return err
	}
	dir, err := attune.Asking(g.Home)
	if err != nil {
		return err
	}
	pass, err := g.passphrase(false)
	if err != nil {
		return err
	}
	d, joined, err := attune.AcceptDevice(ctx, dir, reply, pass, g.config())
	clear(pass)
	if err != nil {
		return err
	}
	words := strings.Join(joined.Words, " ")
	m, err := d.Staff.Show(joined.Staff)
	if err == nil {
		err = g.print(map[string]any{
			"id": joined.Staff, "device": joined.Device, "role": joined.Role, "service": joined.Service, "name": m.Name, "words": words,
		}, "This is now a device of %s, %s at %s. The other device showed these six words:\n\n  %s\n\nDelete %s. %s",
			m.Name, plain(string(joined.Role)), joined.Service, words, c.Reply, syncNow)
	}
	return errors.Join(err, d.Close())
}

// maxSmall bounds what is read of a file that somebody handed over.
const maxSmall = 1 << 20

func readSmall(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, problem("input", "Check how it is written, and in which folder it lies.", "%s cannot be read.", path)
	}
	body, err := io.ReadAll(io.LimitReader(f, maxSmall))
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, problem("input", "Name a file.", "%s cannot be read.", path)
	}
	return body, nil
}

type deviceListCmd struct {
	Of          ref  `placeholder:"PERSON" help:"Whose; yours when left out."`
	Unconfirmed bool `help:"Of everybody, those that were to lose something and have not said that they did."`
}

// Help is what --help shows below the flags.
func (deviceListCmd) Help() string {
	return `Example: attune device list
         attune device list --of "Sam Reed"
         attune device list --unconfirmed

A device that was revoked loses all that it had of families, and one whose person may see a family no longer
loses that family, when it next meets the service; it then says so. --unconfirmed lists those that have not
said so yet, the longest first, as far as the records on this device show: those of a head of service or an IG
officer show all. Ask where such a device is. Until it has met the service it may still hold what it had.`
}

func (c *deviceListCmd) Run(g *global) error {
	return g.device(func(d *attune.Client) error {
		if c.Unconfirmed {
			return unconfirmed(g, d)
		}
		who := d.Keys.Staff()
		if c.Of != "" {
			var err error
			if who, err = d.Staff.Find(string(c.Of)); err != nil {
				return err
			}
		}
		list, err := d.Devices.List(who)
		if err != nil {
			return err
		}
		return g.print(map[string]any{"devices": list}, "%s", table(list, func(v attune.DeviceView) []string {
			return []string{v.ID.Short(), v.Name, v.State, "until " + date(policies.At(v.Until)), mark(v.This, "this one")}
		}))
	})
}

// unconfirmed prints which devices have not said that they lost what they were to lose.
func unconfirmed(g *global, d *attune.Client) error {
	all, err := d.Devices.Unconfirmed()
	if err != nil {
		return err
	}
	return g.print(map[string]any{"unconfirmed": all}, "%s", table(all, func(u attune.Unconfirmed) []string {
		what := "everything, with the keys"
		if u.Reference != "" {
			what = "family " + u.Reference
		}
		return []string{u.Device.Short(), u.Name, what, "since " + dateOf(u.Since)}
	}))
}

type deviceRevokeCmd struct {
	Device ref `arg:"" help:"Id, as attune device list shows it."`
}

// Help is what --help shows below the flags.
func (deviceRevokeCmd) Help() string {
	return `Example: attune device revoke 7hY2pQ0a

Stops one of your own devices, or as a registrar anybody's, for good.`
}

func (c *deviceRevokeCmd) Run(g *global) error {
	return g.device(func(d *attune.Client) error {
		id, err := d.Devices.Find(string(c.Device), true)
		if err != nil {
			return err
		}
		if err := d.Devices.Revoke(id); err != nil {
			return err
		}
		own := d.Mirror.Org().Devices[id].Staff == d.Keys.Staff()
		return g.print(map[string]any{"id": id, "revoked": true}, "%s", lostText(id, own))
	})
}

// lostText is what to do about a device that is out of one's hands.
func lostText(id policies.DeviceID, own bool) string {
	rekey := "Their key was on it: ask them to replace it, on a device that they have: attune staff rekey\n" +
		"   If they have none left: attune staff reinvite, and a registrar in another role confirms the words."
	if own {
		rekey = "Your key was on it: replace it here, and read the new six words to your colleagues: attune staff rekey"
	}
	return fmt.Sprintf(`Stopped %s. What to do now, in this order:
1. %s
2. %s
3. Tell the information governance officer when it was lost, and whether it was locked.
Families' keys are replaced by themselves at their teams' next syncs.`, id.Short(), syncNow, rekey)
}
