package main

import (
	"os"
	"path/filepath"

	attune "github.com/attune-vf/attune/client-sdk"
)

type serviceEvidenceCmd struct {
	Folder string `arg:"" type:"path" help:"Folder to write to; made if it is not there."`
}

// Help is what --help shows below the flags.
func (serviceEvidenceCmd) Help() string {
	return `Example: attune service evidence for-iris

On this device the files are sealed, because they hold what was stated about families. What is written
is open to whoever has the folder: give it to your information governance officer, and delete it.`
}

// Run writes each file, and none over another.
func (c *serviceEvidenceCmd) Run(g *global) error {
	return g.device(func(client *attune.Client) error {
		files, err := client.Evidence()
		if err != nil {
			return err
		}
		if err := os.MkdirAll(c.Folder, 0o700); err != nil {
			return err
		}
		written := []string{}
		for _, file := range files {
			body, err := client.ShowEvidence(file)
			if err != nil {
				return err
			}
			path := filepath.Join(c.Folder, filepath.Base(file))
			f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
			if err != nil {
				return err
			}
			_, err = f.Write(body)
			if closing := f.Close(); err == nil {
				err = closing
			}
			if err != nil {
				return err
			}
			written = append(written, path)
		}
		return g.print(map[string]any{"files": written}, "%s written to %s.", count(len(written), "file", "files"), c.Folder)
	})
}
