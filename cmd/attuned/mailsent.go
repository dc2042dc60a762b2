package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// sentFile is the file that remembers what was e-mailed last, for each kind of letter and
// address. Lost or damaged it costs an e-mail that comes twice.
type sentFile string

func (f sentFile) read() map[string]string {
	sent := map[string]string{}
	b, err := os.ReadFile(string(f))
	if err != nil || json.Unmarshal(b, &sent) != nil || sent == nil {
		return map[string]string{}
	}
	return sent
}

func (f sentFile) write(sent map[string]string) error {
	b, err := json.Marshal(sent)
	if err != nil {
		return err
	}
	next, err := os.CreateTemp(filepath.Dir(string(f)), ".sent-*")
	if err != nil {
		return err
	}
	_, err = next.Write(b)
	if err = errors.Join(err, next.Close()); err == nil {
		err = os.Rename(next.Name(), string(f))
	}
	if err != nil {
		err = errors.Join(err, os.Remove(next.Name()))
	}
	return err
}

// once sends a letter to every address that was not sent this one of its kind yet. What
// fails is an error, and tried again by the next call.
func (p *postman) once(ctx context.Context, f sentFile, kind, which string, l letter) (int, error) {
	sent, n := f.read(), 0
	var errs []error
	for _, to := range p.to {
		if sent[kind+" "+to] == which {
			continue
		}
		if err := p.send(ctx, to, l); err != nil {
			errs = append(errs, err)
			continue
		}
		n++
		sent[kind+" "+to] = which
		if err := f.write(sent); err != nil {
			errs = append(errs, fmt.Errorf("remember what was e-mailed: %w", err))
		}
	}
	return n, errors.Join(errs...)
}
