package accesslog_test

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/attune-vf/attune/storage/accesslog"
)

// Anybody can make a key and sign that their log has a million million rows. What
// such an export costs its verifier is bounded by the files that it brings.
func TestVerifyWholeClaimsMoreThanItHolds(t *testing.T) {
	const claimed = 1 << 40
	for name, spoil := range map[string]func(*testing.T, fstest.MapFS){
		"the size alone": func(*testing.T, fstest.MapFS) {},
		"and a row far away": func(t *testing.T, files fstest.MapFS) {
			events := files[accesslog.EventsFile]
			rows := strings.SplitAfter(string(events.Data), "\n")
			far := strings.Replace(rows[1], `"n":1,`, `"n":1099511627000,`, 1)
			events.Data = append(events.Data, far...)
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, v := signer(t, origin)
			l := newLog(t, 300)
			files := l.whole(t, origin)
			c := l.edge.Checkpoint(origin)
			c.Size = claimed
			files[accesslog.CheckpointFile] = &fstest.MapFile{Data: []byte(sign(t, c, origin))}
			spoil(t, files)
			done := make(chan accesslog.Report, 1)
			go func() {
				_, r, err := accesslog.VerifyWhole(files, v, accesslog.Options{})
				if err != nil {
					t.Error(err)
				}
				done <- r
			}()
			select {
			case r := <-done:
				if r.OK() {
					t.Error("found good")
				}
			case <-time.After(20 * time.Second):
				t.Fatal("still walking")
			}
		})
	}
}
