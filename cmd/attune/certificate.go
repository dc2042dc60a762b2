package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/client-sdk/certificate"
	"github.com/attune-vf/attune/policies"
)

type certificateCmd struct {
	List   certificateListCmd   `cmd:"" help:"Film that was destroyed, and which devices have not answered."`
	Show   certificateShowCmd   `cmd:"" help:"The certificate of one clip."`
	Export certificateExportCmd `cmd:"" help:"Write certificates as files: one to verify, one to print."`
	Verify certificateVerifyCmd `cmd:"" help:"Verify a certificate, on any machine and without a network."`
}

type certificateListCmd struct {
	Family      ref  `arg:"" optional:"" help:"Reference or id; every family on this device when not given."`
	Outstanding bool `help:"Only film for which a device has not answered."`
}

// Help is what --help shows below the flags.
func (certificateListCmd) Help() string {
	return `Example: attune certificate list
         attune certificate list --outstanding`
}

func (c *certificateListCmd) Run(g *global) error {
	return g.device(func(d *attune.Client) error {
		all, err := certified(d, c.Family)
		if err != nil {
			return err
		}
		kept := []attune.Certified{}
		for _, x := range all {
			if !c.Outstanding || len(x.Outstanding) > 0 {
				kept = append(kept, x)
			}
		}
		records, err := d.Destroyed.Records()
		if err != nil {
			return err
		}
		if c.Outstanding || c.Family != "" {
			records = []attune.EndedRecord{} // nobody knows any more whose they were
		}
		ended := endedRecords(records)
		if len(kept) == 0 {
			return g.print(map[string]any{"certificates": kept, "records": records}, "%s", cmp.Or(ended, "(none)"))
		}
		return g.print(map[string]any{"certificates": kept, "records": records}, "%s", ended+table(kept, func(x attune.Certified) []string {
			return []string{x.Clip.Short(), x.Reference, x.At.Local().Format("2006-01-02"), string(x.Ground), "backups until " + x.Backup,
				fmt.Sprintf("%d of %d devices answered", x.Received, x.Received+len(x.Outstanding))}
		}))
	})
}

func certified(d *attune.Client, family ref) ([]attune.Certified, error) {
	var id policies.FamilyID
	if family != "" {
		var err error
		if id, err = d.Families.Find(string(family)); err != nil {
			return nil, err
		}
	}
	return d.Destroyed.List(id)
}

type certificateShowCmd struct {
	Clip ref `arg:"" help:"The clip's id."`
}

// Help is what --help shows below the flags.
func (certificateShowCmd) Help() string {
	return `Example: attune certificate show 5QX2

For IG officers. The service proves that the certificate stands in its access log, and keeps that you asked.`
}

func (c *certificateShowCmd) Run(ctx context.Context, g *global) error {
	return g.device(func(d *attune.Client) error {
		clip, err := d.Clips.Find(string(c.Clip))
		if err != nil {
			return err
		}
		f, err := d.Destroyed.Certificate(ctx, clip)
		if err != nil {
			return err
		}
		return g.print(f, "%s", shown(f))
	})
}

// shown is a certificate on a screen.
func shown(f certificate.File) string {
	b := f.Body
	lines := []string{
		"Certificate of destruction " + f.Certificate.String(),
		"Clip                       " + b.Clip.String() + ", " + plain(string(b.Class)),
		"Ground                     " + plain(string(b.Ground)),
		fmt.Sprintf("Went                       %d stored versions, %d unfinished uploads, %d keys and titles", len(b.Versions), b.Uploads, b.Keys),
		"Cannot be opened since     " + f.Ends.Unopenable,
		"Backups may hold it until  " + f.Ends.Backup,
	}
	if f.Ends.ForGood != "" {
		lines = append(lines, "Gone for good after        "+f.Ends.ForGood)
	} else {
		lines = append(lines, "Gone for good              not known yet: devices have not answered")
	}
	for _, device := range f.Devices.Outstanding {
		lines = append(lines, "  waits for device         "+device.String())
	}
	return strings.Join(lines, "\n")
}

type certificateExportCmd struct {
	Clip   []ref  `sep:"none" help:"A clip: its id. Repeat for more."`
	Family ref    `placeholder:"FAMILY" help:"Everything of one family that was destroyed: reference or id."`
	Out    string `required:"" placeholder:"DIR" type:"path" help:"A folder, made when it is not there. Files in it are not replaced."`
}

// Help is what --help shows below the flags.
func (certificateExportCmd) Help() string {
	return `Example: attune certificate export --clip 5QX2 --out certificates
         attune certificate export --family NF-1042 --out certificates

For IG officers. Of each clip there is a JSON file, which proves itself, and a page to print, which names it; VERIFY.txt
says how somebody checks it who does not have Attune. There are identifiers in them and no names. Export again when
devices have answered: the second date then stands on it.`
}

func (c *certificateExportCmd) Run(ctx context.Context, g *global) error {
	if (len(c.Clip) == 0) == (c.Family == "") {
		return usage("Give --clip, or --family.", "What is to be exported is not clear.")
	}
	return g.device(func(d *attune.Client) error {
		clips, err := findClips(d, c.Clip)
		if err != nil {
			return err
		}
		if c.Family != "" {
			all, err := certified(d, c.Family)
			if err != nil {
				return err
			}
			for _, x := range all {
				clips = append(clips, x.Clip)
			}
		}
		if err := os.MkdirAll(c.Out, 0o700); err != nil {
			return usage("Name a folder that can be made.", "--out: %v.", err)
		}
		files := []string{}
		how := filepath.Join(c.Out, "VERIFY.txt")
		if err := os.WriteFile(how, []byte(certificate.HowToVerify()), 0o600); err != nil {
			return usage("Name a folder that you may write to.", "%v.", err)
		}
		for _, clip := range clips {
			f, err := d.Destroyed.Certificate(ctx, clip)
			if err != nil {
				return err
			}
			some, err := writeCertificate(c.Out, f)
			files = append(files, some...)
			if err != nil {
				return err
			}
		}
		return g.print(map[string]any{"files": files, "certificates": len(clips)}, "%s in %s. Verify one: attune certificate verify FILE.json; without Attune: VERIFY.txt says how.", count(len(clips), "certificate", "certificates"), c.Out)
	})
}

// writeCertificate writes both files, the page last: it names the other.
func writeCertificate(dir string, f certificate.File) (files []string, err error) {
	b, err := f.JSON()
	if err != nil {
		return nil, err
	}
	name := filepath.Join(dir, "destroyed-"+f.Body.Clip.Short())
	if err := writeFresh(name+".json", func(w *os.File) error { _, err := w.Write(b); return err }); err != nil {
		return nil, err
	}
	files = append(files, name+".json")
	if err := writeFresh(name+".pdf", func(w *os.File) error { return f.PDF(w) }); err != nil {
		return files, err
	}
	return append(files, name+".pdf"), nil
}

func writeFresh(path string, fill func(*os.File) error) error {
	w, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, os.ErrExist) {
		return usage("Name another folder, or take that file away first.", "%s is there already.", path)
	}
	if err != nil {
		return usage("Name a folder that you may write to.", "%v.", err)
	}
	if err := errors.Join(fill(w), w.Sync(), w.Close()); err != nil {
		return errors.Join(err, os.Remove(path)) // made a moment ago, and by us
	}
	return nil
}

type certificateVerifyCmd struct {
	File         string `arg:"" type:"existingfile" help:"The JSON file."`
	Organisation string `placeholder:"ID" help:"The service's identifier that you know from elsewhere: there, attune service list."`
}

// Help is what --help shows below the flags.
func (certificateVerifyCmd) Help() string {
	return `Example: attune certificate verify destroyed-5QX2.json --organisation FINGERPRINT

Needs no network and no device. It proves that the service's root certified the server, that the server signed the
certificate, and that it stands in the access log. That the service is the one you mean, only you can compare: it is
named by the fingerprint of its root, which attune service list shows to everybody who works there. What devices said
is their own word.`
}

func (c *certificateVerifyCmd) Run(g *global) error {
	b, err := os.ReadFile(c.File)
	if err != nil {
		return usage("Name a file that can be read.", "%v.", err)
	}
	f, err := certificate.Parse(b)
	if err != nil {
		return problem("certificate", "Give the .json file that attune certificate export wrote.", "%s is no certificate: %v.", c.File, err)
	}
	v, err := f.Verify()
	if err != nil {
		return problem("certificate", "Do not rely on it. Ask who gave it to you for the file as it was exported.", "%s: %v.", c.File, err)
	}
	note := "Compare the service with the one that you know."
	if c.Organisation != "" {
		if c.Organisation != v.Organisation.String() {
			return problem("certificate", "It is sound, and another service's.", "%s is of the service %s.", c.File, v.Organisation)
		}
		note = "It is the service that you named."
	}
	return g.print(v, "The certificate holds: clip %s, row %d of the access log since %s.\nService %s. %s\nCannot be opened since %s; backups until %s; of %s that could open it %d answered.",
		v.Clip, v.Index, v.Accepted, v.Organisation, note, v.Ends.Unopenable, v.Ends.Backup, count(v.Received+v.Outstanding, "device", "devices"), v.Received)
}
