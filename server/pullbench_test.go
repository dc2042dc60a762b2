package server_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"syscall"
	"testing"

	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/server"
	"github.com/attune-vf/attune/server/pages"
	"github.com/attune-vf/attune/storage"
	"github.com/attune-vf/attune/storage/storagetest"
)

// BenchmarkPull is a first sync of 2,000 sessions of ten families, page by page, from the
// request to the last byte written, ruled and logged, without a socket. Its figure is the
// CPU of the process in µs for one statement.
func BenchmarkPull(b *testing.B) {
	svc := storagetest.New(b, storagetest.Adopted(b))
	p, err := pages.New()
	if err != nil {
		b.Fatal(err)
	}
	const origin = "http://127.0.0.1"
	h := server.New(server.Config{Store: svc.Store, Pages: p, Org: svc.Org, Origin: origin, Now: svc.Clock.Now,
		DevicePerMinute: 1 << 30, Log: slog.New(slog.DiscardHandler)}).Handler()
	const families, sessions = 10, 200
	for i := range families {
		f := svc.Open(fmt.Sprintf("NF-%d", i))
		var all []storage.Sealed
		for n := range sessions {
			s, _ := svc.Sam.Say(f.Record, "session.log", &policies.SessionLog{On: "2026-11-23", Number: 1 + n})
			all = append(all, s)
		}
		svc.MustAccept(svc.Sam.Caller(), all...)
	}
	token, err := statement.SignToken(statement.Token{Device: svc.Sam.Device, Audience: svc.Org, Origin: origin,
		Issued: svc.Clock.Now(), Expires: svc.Clock.Now().Add(statement.MaxTokenLife)}, svc.Sam.DeviceKey())
	if err != nil {
		b.Fatal(err)
	}
	pull := func() {
		for cursor := ""; ; {
			r, err := http.NewRequest(http.MethodGet, origin+"/v1/sync/pull?limit=1000&cursor="+cursor, nil)
			if err != nil {
				b.Fatal(err)
			}
			r.Header.Set("Authorization", "Bearer "+token)
			w := &lastOf{header: http.Header{}}
			h.ServeHTTP(w, r)
			if w.status == http.StatusNoContent {
				return
			}
			if w.status != http.StatusOK {
				b.Fatal(w.status)
			}
			if cursor = w.cursor(); !w.more() {
				return
			}
		}
	}
	pull() // from here on beginnings are in memory
	before := processCPU(b)
	b.ResetTimer()
	for range b.N {
		pull()
	}
	b.ReportMetric((processCPU(b)-before)*1e6/float64(b.N)/(families*sessions), "cpu-µs/statement")
}

// processCPU is what this process has used of the processors, in seconds.
func processCPU(b *testing.B) float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

// lastOf keeps the last bytes of an answer, where the cursor is.
type lastOf struct {
	header http.Header
	status int
	body   []byte
}

func (w *lastOf) Header() http.Header { return w.header }

func (w *lastOf) WriteHeader(status int) { w.status = status }

func (w *lastOf) Write(p []byte) (int, error) {
	w.body = append(w.body[:0], p[max(0, len(p)-(16<<10)):]...)
	return len(p), nil
}

func (w *lastOf) cursor() string {
	at := bytes.LastIndex(w.body, []byte(`"cursor":"`))
	rest := w.body[at+len(`"cursor":"`):]
	return string(rest[:bytes.IndexByte(rest, '"')])
}

func (w *lastOf) more() bool { return bytes.Contains(w.body, []byte(`"more":true`)) }
