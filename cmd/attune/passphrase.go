package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/term"
)

// passphrase unlocks the keys of this device: from the named file (its first
// line), or asked for on the terminal without echo. It never comes from an
// argument or an environment variable's value, which other users can read.
func (g *global) passphrase(choose bool) ([]byte, error) {
	if g.PassphraseFile != "" {
		body, err := os.ReadFile(g.PassphraseFile)
		if err != nil {
			return nil, problem("passphrase", "Check --passphrase-file or ATTUNE_PASSPHRASE_FILE.", "The passphrase file %s cannot be read%s.", g.PassphraseFile, mark(errors.Is(err, fs.ErrNotExist), ": it is not there"))
		}
		line, _, _ := bytes.Cut(body, []byte("\n"))
		return bytes.TrimSuffix(line, []byte("\r")), nil
	}
	if !term.IsTerminal(int(os.Stdin.Fd())) {
		return nil, problem("passphrase", "Name its file with --passphrase-file or ATTUNE_PASSPHRASE_FILE.", "There is no terminal to ask for the passphrase on.")
	}
	first, err := askHidden("Passphrase of this device: ")
	if err != nil || !choose {
		return first, err
	}
	second, err := askHidden("The same again: ")
	if err == nil && !bytes.Equal(first, second) {
		err = problem("passphrase", "Try again.", "The two passphrases differ.")
	}
	return first, err
}

func askHidden(question string) ([]byte, error) {
	fmt.Fprint(os.Stderr, question)
	answer, err := term.ReadPassword(int(os.Stdin.Fd()))
	fmt.Fprintln(os.Stderr)
	if err != nil {
		return nil, fmt.Errorf("read passphrase: %w", err)
	}
	return answer, nil
}
