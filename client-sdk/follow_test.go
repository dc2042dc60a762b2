package attune

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/attune-vf/attune/client-sdk/wire"
)

// following is a device whose rounds and notices a test plays, on the clock of the
// bubble that it runs in.
func following(round func(context.Context) (Report, error)) *follower {
	return &follower{
		round: round, after: time.After, woken: make(chan struct{}, 1),
		listen: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
		heard:  func() int64 { return 0 },
		over:   func(Report) error { return nil },
	}
}

// TestFollowRearms: whatever ends a round, the next one comes, within the ceiling of the
// pauses and not before what the server asked for; a round that succeeds forgets them.
func TestFollowRearms(t *testing.T) {
	t.Parallel()
	for seed := range uint64(25) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				random := rand.New(rand.NewPCG(seed, 4))
				ctx, cancel := context.WithCancel(t.Context())
				var ended time.Time // of the round before
				var want Backoff    // what the ceilings must be
				var most, least time.Duration
				rounds := 0
				f := following(func(ctx context.Context) (Report, error) {
					if gap := time.Since(ended); rounds > 0 && (gap > most || gap < least) {
						t.Errorf("round %d came after %v, want %v to %v", rounds, gap, least, most)
					}
					if rounds++; rounds == 300 {
						cancel()
					}
					failed := func(asked time.Duration) {
						most, least = want.Ceiling()+asked, asked
						want.Next(0)
						ended = time.Now()
					}
					switch random.IntN(6) {
					case 0:
						want.Reset()
						most, least, ended = longestQuiet, longestQuiet, time.Now()
						return Report{Pulled: 1}, nil
					case 1:
						failed(0)
						panic("a fault")
					case 2: // it hangs, and ends only when it is told to
						<-ctx.Done()
						failed(0)
						return Report{}, ctx.Err()
					case 3:
						asked := time.Duration(random.IntN(3000)) * time.Second
						failed(asked)
						return Report{}, errors.Join(errors.New("beside it"), &Error{Code: wire.CodeBusy, RetryAfter: asked})
					}
					failed(0)
					return Report{}, problem(CodeOffline, "", "no signal")
				})
				told := 0
				f.Told = func(r Round) {
					if told++; (r.Err != nil) != (r.Failed > 0) {
						t.Errorf("round %d: %v after %d failures", told, r.Err, r.Failed)
					}
				}
				if err := f.run(ctx); err != nil {
					t.Errorf("it ended with %v", err)
				}
				if rounds != 300 || told != 299 {
					t.Errorf("%d rounds, %d told, want 300 and 299", rounds, told)
				}
			})
		})
	}
}

// TestFollowWaits: what ends the quiet after a round, and a pause after a failure.
func TestFollowWaits(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		fails bool // every round
		cause func(*follower)
		want  func(gap time.Duration) bool
	}{
		"NothingHappens": {false, nil, func(g time.Duration) bool { return g == longestQuiet }},
		"Queued":         {false, func(f *follower) { (&desk{woken: f.woken}).nudge() }, atOnce},
		"Notice":         {false, func(f *follower) { f.listen = func(context.Context) error { return nil } }, atOnce},
		"Network":        {false, func(f *follower) { f.Changed = now() }, atOnce},
		"QueuedInAPause": {true, func(f *follower) { (&desk{woken: f.woken}).nudge() }, atOnce},
		"NetworkInPause": {true, func(f *follower) { f.Changed = now() }, atOnce},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				var first time.Time
				var gap time.Duration
				f := following(nil)
				f.back.Random = func() float64 { return 0.99 }
				for range 9 {
					f.back.Next(0)
				}
				f.round = func(context.Context) (Report, error) {
					if first.IsZero() {
						first = time.Now()
						if tt.cause != nil {
							tt.cause(f)
						}
						if tt.fails {
							return Report{}, errors.New("no")
						}
						return Report{}, nil
					}
					gap = time.Since(first)
					cancel()
					return Report{}, nil
				}
				if err := f.run(ctx); err != nil || !tt.want(gap) {
					t.Errorf("the next round came after %v, %v", gap, err)
				}
			})
		})
	}
}

func atOnce(gap time.Duration) bool { return gap == 0 }

func now() <-chan struct{} {
	c := make(chan struct{}, 1)
	c <- struct{}{}
	return c
}

// TestFollowAnotherNetwork: in another network the pauses begin anew.
func TestFollowAnotherNetwork(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		changed := make(chan struct{})
		f := following(func(context.Context) (Report, error) { return Report{}, errors.New("no") })
		f.Changed = changed
		f.back.Random = func() float64 { return 0.999 }
		var failed []int
		f.Told = func(r Round) {
			if failed = append(failed, r.Failed); len(failed) == 5 {
				go func() { changed <- struct{}{} }()
			}
			if len(failed) == 8 {
				cancel()
			}
		}
		if err := f.run(ctx); err != nil || fmt.Sprint(failed) != "[1 2 3 4 5 1 2 3]" {
			t.Errorf("failures in a row: %v, %v", failed, err)
		}
	})
}

// TestFollowEmptyNotices: a server that says all the time that there is something new,
// and has nothing, is asked less and less.
func TestFollowEmptyNotices(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
		defer cancel()
		rounds := 0
		f := following(func(context.Context) (Report, error) { rounds++; return Report{}, nil })
		f.listen = func(context.Context) error { return nil }
		if err := f.run(ctx); err != nil || rounds > 500 {
			t.Errorf("%d rounds in a day, %v", rounds, err)
		}
	})
}

// TestFollowEnds: a device that was stopped, and has nothing left that the service could
// take, ends with the reason.
func TestFollowEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		stopped, rounds := errors.New("stopped"), 0
		f := following(func(context.Context) (Report, error) { rounds++; return Report{Waiting: 3 - rounds}, stopped })
		f.over = func(r Report) error {
			if r.Waiting > 0 {
				return nil
			}
			return stopped
		}
		if err := f.run(t.Context()); !errors.Is(err, stopped) || rounds != 3 {
			t.Errorf("%v after %d rounds, want the reason after 3", err, rounds)
		}
	})
}

// played is a server whose notices a test plays.
type played func(*http.Request) (*http.Response, error)

func (p played) RoundTrip(r *http.Request) (*http.Response, error) { return p(r) }

func listening(p played) *listener {
	return &listener{
		remote: &remote{base: "http://server", client: &http.Client{Transport: p}, now: time.Now, after: time.After},
		after:  time.After, cursor: func() (string, error) { return "c&1", nil },
	}
}

func answer(status int, kind string, body io.ReadCloser) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {kind}}, Body: body}
}

// TestListen: by what ways news comes, how long it takes, and how often the server is
// asked for it.
func TestListen(t *testing.T) {
	t.Parallel()
	stream := func(r *http.Request, play func(io.Writer)) (*http.Response, error) {
		read, write := io.Pipe()
		go func() { play(write); <-r.Context().Done(); write.Close() }()
		return answer(200, "text/event-stream", read), nil
	}
	for name, tt := range map[string]struct {
		serve func(r *http.Request, asked int) (*http.Response, error)
		after time.Duration
		asked int
	}{
		"Stream": {func(r *http.Request, _ int) (*http.Response, error) {
			return stream(r, func(w io.Writer) {
				for range 100 {
					time.Sleep(25 * time.Second)
					io.WriteString(w, ":\n\n")
				}
				io.WriteString(w, "data: {\"head\":7}\n\n")
			})
		}, 2500 * time.Second, 1},
		"StreamThatNeverComes": {func(r *http.Request, asked int) (*http.Response, error) { // buffered on its way
			if asked == 1 {
				return stream(r, func(io.Writer) {})
			}
			return answer(200, "application/json", io.NopCloser(strings.NewReader(`{"head":7}`))), nil
		}, streamSilence + time.Second, 2},
		"Asking": {func(r *http.Request, asked int) (*http.Response, error) {
			if asked == 1 {
				return answer(200, "application/json", io.NopCloser(strings.NewReader(`{"head":7}`))), nil
			}
			if r.URL.Query().Get("wait") != "25" || r.URL.Query().Get("cursor") != "c&1" {
				return nil, errors.New("asked otherwise: " + r.URL.RawQuery)
			}
			time.Sleep(25 * time.Second)
			if asked < 5 {
				return answer(204, "", io.NopCloser(strings.NewReader(""))), nil
			}
			return answer(200, "application/json", io.NopCloser(strings.NewReader(`{"head":9}`))), nil
		}, (4*25 + 4) * time.Second, 5},
		"NoNotices": {func(*http.Request, int) (*http.Response, error) {
			return answer(404, "text/html", io.NopCloser(strings.NewReader("no"))), nil
		}, pollEvery, 1},
		"StreamsThatEnd": {func(r *http.Request, asked int) (*http.Response, error) {
			if asked < 10 {
				return answer(200, "text/event-stream", io.NopCloser(strings.NewReader(": hello\n\nevent: other\n\n"))), nil
			}
			return stream(r, func(w io.Writer) { io.WriteString(w, "data: {\"head\":7}\n\n") })
		}, 9 * time.Second, 10},
		"StreamsFail": {func(r *http.Request, asked int) (*http.Response, error) { // such as at a proxy that knows none
			return answer(500, "text/html", io.NopCloser(strings.NewReader("no"))), nil
		}, 0, 1},
		"Refused": {func(*http.Request, int) (*http.Response, error) { // a round says why
			return answer(401, "application/json", io.NopCloser(strings.NewReader(`{"code":"unauthorised"}`))), nil
		}, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				asked, start := 0, time.Now()
				l := listening(func(r *http.Request) (*http.Response, error) { asked++; return tt.serve(r, asked) })
				err := l.wait(t.Context())
				if took := time.Since(start); err != nil || took != tt.after || asked != tt.asked {
					t.Errorf("news after %v and %d requests, %v; want %v and %d", took, asked, err, tt.after, tt.asked)
				}
			})
		})
	}
}

// TestListenTriesOtherWays: a way that fails while the server is there gives place to the
// next; after an hour of polling they are tried again; no signal is nobody's fault.
func TestListenTriesOtherWays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var asked []string
		l := listening(func(r *http.Request) (*http.Response, error) {
			way := r.Header.Get("Accept")
			if asked = append(asked, way+r.URL.Query().Get("wait")); len(asked) == 1 {
				return nil, errors.New("no signal")
			}
			return answer(500, "text/html", io.NopCloser(strings.NewReader("no"))), nil
		})
		start := time.Now()
		for len(asked) < 4 {
			if err := l.wait(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		want := "[text/event-stream text/event-stream 25 text/event-stream]"
		if took := time.Since(start); fmt.Sprint(asked) != want || took < time.Hour || took > time.Hour+2*time.Minute {
			t.Errorf("asked %v in %v, want %s in an hour", asked, took, want)
		}
	})
}

// TestListenEnds: nobody waits for a server after the end.
func TestListenEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		l := listening(func(r *http.Request) (*http.Response, error) { <-r.Context().Done(); return nil, r.Context().Err() })
		if err := l.wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("it ended with %v", err)
		}
	})
}
