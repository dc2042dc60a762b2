package attune

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/attune-vf/attune/client-sdk/wire"
)

// A server that is busy for a moment does not end a sync; one that stays busy, or
// asks for an hour, does.
func TestBusyServerIsAskedAgain(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		status int
		after  string
		busy   int32 // answers before a good one
		asked  int32
		code   wire.Code
	}{
		"Once":        {http.StatusServiceUnavailable, "1", 1, 2, ""},
		"Limited":     {http.StatusTooManyRequests, "1", 1, 2, ""},
		"NoTimeNamed": {http.StatusServiceUnavailable, "", 9, 1, wire.CodeBusy},
		"AnHour":      {http.StatusServiceUnavailable, "3600", 9, 1, wire.CodeBusy},
		"Odd":         {http.StatusServiceUnavailable, "-1", 9, 1, wire.CodeBusy},
		"Stays":       {http.StatusServiceUnavailable, "1", 99, 1 + maxWaits, wire.CodeBusy},
		"NotBusy":     {http.StatusForbidden, "1", 9, 1, wire.CodeDenied},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int32
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if asked.Add(1) <= tt.busy {
					w.Header().Set("Retry-After", tt.after)
					w.WriteHeader(tt.status)
				}
			}))
			defer s.Close()
			r := &remote{base: s.URL, client: s.Client(), now: time.Now}
			err := r.call(t.Context(), http.MethodGet, "/", nil, nil)
			if asked.Load() != tt.asked || (err == nil) != (tt.code == "") || err != nil && CodeOf(err) != tt.code {
				t.Errorf("asked %d times, %v; want %d, %q", asked.Load(), err, tt.asked, tt.code)
			}
		})
	}
}

// Whoever ends a sync does not wait for the server's pause.
func TestBusyServerIsNotWaitedForAfterCancel(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "30")
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer s.Close()
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, cancel)
	r := &remote{base: s.URL, client: s.Client(), now: time.Now}
	if err := r.call(ctx, http.MethodGet, "/", nil, nil); err == nil {
		t.Error("an answer came from nowhere")
	}
}
