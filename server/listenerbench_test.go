package server_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/server"
	"github.com/attune-vf/attune/server/pages"
	"github.com/attune-vf/attune/storage/storagetest"
)

// BenchmarkListener is what a device costs that waits for news over a stream, in memory:
// stacks and heap in use, and what the process holds of the system, each after as many
// have come as the server takes. The other ends are in the same process, a socket each.
// make bench measures a process of its own.
func BenchmarkListener(b *testing.B) {
	svc := storagetest.New(b, storagetest.Adopted(b))
	p, err := pages.New()
	if err != nil {
		b.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	origin := "http://" + l.Addr().String()
	s := server.New(server.Config{Store: svc.Store, Pages: p, Org: svc.Org, Origin: origin, Now: svc.Clock.Now,
		Log: slog.New(slog.DiscardHandler)})
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- server.Serve(ctx, s, l) }()
	defer func() {
		stop()
		if err := <-served; err != nil {
			b.Error(err)
		}
	}()
	const people, each = 100, 16
	tokens := make([]string, people)
	for i := range tokens {
		who := svc.Join(fmt.Sprintf("Pat Reed %d", i), policies.Practitioner)
		now := svc.Clock.Now()
		tokens[i], err = statement.SignToken(statement.Token{Device: who.Device, Audience: svc.Org, Origin: origin,
			Issued: now, Expires: now.Add(statement.MaxTokenLife)}, who.DeviceKey())
		if err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		was := resident(b)
		var open []net.Conn
		for i := range people * each {
			c, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				b.Fatal(err)
			}
			open = append(open, c)
			fmt.Fprintf(c, "GET /v1/sync/notice?cursor= HTTP/1.1\r\nHost: attune\r\nAccept: text/event-stream\r\nAuthorization: Bearer %s\r\n\r\n", tokens[i%people])
			reply, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil || reply.StatusCode != http.StatusOK {
				b.Fatal(reply, err)
			}
		}
		time.Sleep(time.Second)
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(resident(b)-was)/(people*each), "resident-KiB")
		b.ReportMetric(float64(after.StackInuse-before.StackInuse)/1024/(people*each), "stack-KiB")
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/1024/(people*each), "heap-KiB")
		b.ReportMetric(float64(after.StackInuse-before.StackInuse)/1024/(people*each), "stack-KiB-after-GC")
		for _, c := range open {
			c.Close()
		}
		for svc.Store.Records.Listeners() > 0 {
			time.Sleep(time.Millisecond)
		}
	}
}

// resident is what this process holds of the system's memory, in KiB.
func resident(b *testing.B) (kib int64) {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			fmt.Sscan(rest, &kib)
		}
	}
	return kib
}
