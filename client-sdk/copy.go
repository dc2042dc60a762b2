package attune

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// SaveCopy writes the family's own copy of the film, in clear, to dst, which must
// not exist yet: whole, or not at all when ctx ends before. It is an act of its own,
// with a reason that the log keeps: from then on nothing here can protect that file.
func (c *Clips) SaveCopy(ctx context.Context, clip policies.ClipID, dst, reason string) error {
	return c.SaveCopyFor(ctx, clip, policies.FamilyCopy, dst, reason)
}

// SaveCopyFor is SaveCopy for another purpose that needs a copy. For watching with
// the family, in review or in supervision none is made: there is [Clips.Open].
func (c *Clips) SaveCopyFor(ctx context.Context, clip policies.ClipID, purpose policies.Purpose, dst, reason string) error {
	if strings.TrimSpace(reason) == "" {
		e := wire.EntryOf(wire.CodeReason)
		return problem(wire.CodeReason, e.Next, "%s", e.Message)
	}
	p, err := (&viewing{c.d, wire.ViewRequest{Purpose: purpose, Copy: true, Reason: reason}}).open(ctx, clip)
	if err != nil {
		return err
	}
	defer p.Close()
	defer context.AfterFunc(ctx, func() { p.Close() })() // or a copy would go on to its end, unasked
	show := c.d.cfg.progress("Copying " + clip.Short())
	defer show.Done()
	show.Total(p.Size)
	return interrupted(ctx, damaged(clip, c.d.writeClear(dst, counted{p.Reader(), show})))
}

// interrupted: what broke because ctx ended is told as that.
func interrupted(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// writeNew writes a file that must not exist, for its owner only, whole or not at all.
func writeNew(path string, from io.Reader) error {
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return taken(err)
	}
	_, err = io.Copy(out, from)
	if err == nil {
		err = out.Sync()
	}
	if err = errors.Join(err, out.Close()); err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", path, err), os.Remove(path))
	}
	return nil
}
