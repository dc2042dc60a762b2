package main

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// film is what a phone makes: 720p H.264 at about 2 Mbit/s with sound, a key
// frame every two seconds, the index in front. Noise keeps the encoder from
// saving what a real living room would not let it save. Made once, and again when
// it is to be made otherwise.
func (w *workshop) film(ctx context.Context, seconds int) (string, error) {
	how := []string{
		"-f", "lavfi", "-i", fmt.Sprintf("testsrc2=size=1280x720:rate=25:duration=%d,noise=alls=12:allf=t", seconds),
		"-f", "lavfi", "-i", fmt.Sprintf("sine=frequency=440:duration=%d", seconds),
		"-c:v", "libx264", "-preset", "veryfast", "-profile:v", "main", "-pix_fmt", "yuv420p", "-g", "50",
		"-b:v", "1900k", "-maxrate", "2200k", "-bufsize", "4M", "-threads", "2",
		"-c:a", "aac", "-b:a", "96k", "-movflags", "+faststart",
	}
	sum := sha256.Sum256([]byte(strings.Join(how, " ")))
	path := filepath.Join(w.out, fmt.Sprintf("film-%d-%x.mp4", seconds, sum[:4]))
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	fmt.Fprintf(os.Stderr, "  making a film of %d seconds, once\n", seconds)
	half := filepath.Join(w.temp, "film.mp4")
	cmd := exec.CommandContext(ctx, "ffmpeg", slices.Concat([]string{"-v", "error", "-y"}, how, []string{half})...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("make a film: %w: %s", err, out)
	}
	return path, os.Rename(half, path)
}

// large copies a film and fills it up to size with random bytes in a box that
// players skip. To seal it is as much work as any film of that size.
func (w *workshop) large(from string, size int64) (path string, err error) {
	src, err := os.Open(from)
	if err != nil {
		return "", err
	}
	defer src.Close()
	path = filepath.Join(w.temp, "large-"+filepath.Base(from))
	dst, err := os.Create(path)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, dst.Close()) }()
	n, err := io.Copy(dst, src)
	if err != nil {
		return "", err
	}
	rest := size - n
	if rest < 8 || rest > 1<<32-1 {
		return "", fmt.Errorf("%s has %d bytes and cannot be filled up to %d", from, n, size)
	}
	box := append(binary.BigEndian.AppendUint32(nil, uint32(rest)), "free"...)
	if _, err := dst.Write(box); err != nil {
		return "", err
	}
	_, err = io.CopyN(dst, rand.NewChaCha8([32]byte{1}), rest-8)
	return path, errors.Join(err, dst.Sync())
}
