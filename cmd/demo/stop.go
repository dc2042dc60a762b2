package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// stopped has the carer press "Ask us to stop" while a colleague watches. From then
// on the link, the team's own watch and the playback that was running are refused,
// the log names the rules, and the practitioner is told.
func (st *stage) stopped(ctx context.Context, s settings) error {
	l, err := st.share(ctx)
	if err != nil {
		return err
	}
	playing, err := st.play(ctx, "alex", l.Clip)
	if err != nil {
		return err
	}
	defer playing.close()
	if err := playing.read(0); err != nil {
		return fmt.Errorf("before the press: %w", err)
	}
	if err := browse(ctx, s, l, "stopped"); err != nil {
		return err
	}
	if playing.read(playing.size*3/4) == nil {
		return errors.New("the playback that was running goes on")
	}
	if err := browse(ctx, s, l, "ended", "--wrong-pin", "none"); err != nil {
		return err
	}
	if err := st.as(ctx, "sam", nil, "watch", l.Clip, "--print-url"); err == nil || !strings.Contains(err.Error(), "VIEW-CONSENT") {
		return fmt.Errorf("the practitioner's own watch: %v, want denied by VIEW-CONSENT", err)
	}
	return errors.Join(st.stopLogged(ctx), st.told(ctx, l.ID))
}

// stopLogged looks for the carer's act, what the server stated, and each refusal.
func (st *stage) stopLogged(ctx context.Context) error {
	found, err := st.events(ctx)
	if err != nil {
		return err
	}
	for _, want := range []event{
		{"link.stop", "allowed", []string{"LINK-STOP"}}, {"consent.suspend", "done", []string{"STATE-SERVER"}},
		{"link.open", "denied", []string{"LINK-CONSENT"}}, {"clip.watch", "denied", []string{"VIEW-CONSENT"}},
	} {
		if !slices.ContainsFunc(found, func(e event) bool {
			return e.Action == want.Action && e.Outcome == want.Outcome && slices.Contains(e.Rules, want.Rules[0])
		}) {
			return fmt.Errorf("no event %s %s by %s in the log", want.Action, want.Outcome, want.Rules[0])
		}
	}
	return nil
}

// told: the practitioner's device says who asked, at the next sync.
func (st *stage) told(ctx context.Context, link string) error {
	if err := st.sync(ctx, "sam"); err != nil {
		return err
	}
	var status struct {
		StopAsked []struct{ Label, Link string } `json:"stop_asked"`
	}
	if err := st.as(ctx, "sam", &status, "status"); err != nil {
		return err
	}
	if a := status.StopAsked; len(a) != 1 || a[0].Label != "Mum" || a[0].Link != link {
		return fmt.Errorf("status says %+v, want that Mum asked by link %s", a, link)
	}
	return nil
}

// playback is a film that somebody of the team is watching.
type playback struct {
	cmd  *exec.Cmd
	url  string
	size int64
}

// play begins to watch, as with a player that is slow.
func (st *stage) play(ctx context.Context, who, clip string, more ...string) (*playback, error) {
	args := append([]string{"--json", "--home", st.home(who), "--server", st.origin, "--passphrase-file", st.passphrase(),
		"watch", clip, "--print-url"}, more...)
	p := &playback{cmd: exec.CommandContext(ctx, st.binary("attune"), args...)}
	p.cmd.Stderr = os.Stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	var said struct {
		URL   string
		Bytes int64
	}
	if err == nil {
		err = json.Unmarshal([]byte(line), &said)
	}
	if err != nil {
		p.close()
		return nil, fmt.Errorf("attune watch said %q: %w", line, err)
	}
	p.url, p.size = said.URL, said.Bytes
	return p, nil
}

func (p *playback) close() {
	p.cmd.Process.Signal(os.Interrupt)
	p.cmd.Wait() // it was interrupted: its status says no more
}

// read takes a little of the film, as a player does.
func (p *playback) read(offset int64) error {
	const piece = 4096
	client := http.Client{Timeout: time.Minute, Transport: &http.Transport{DisableKeepAlives: true}}
	r, err := http.NewRequest(http.MethodGet, p.url, nil)
	if err != nil {
		return err
	}
	r.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", offset, offset+piece-1))
	reply, err := client.Do(r)
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	n, err := io.Copy(io.Discard, reply.Body)
	if err == nil && (reply.StatusCode != http.StatusPartialContent || n != piece) {
		err = fmt.Errorf("%s, %d bytes", reply.Status, n)
	}
	return err
}
