package attune

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/client-sdk/wire"
)

const (
	maxReplyBytes = 128 << 20 // above 1,000 leaves of the log at their longest; held in memory
	maxErrorBytes = 64 << 10
	maxWaits      = 4 // of maxWait at most, for one request: for longer nobody waits at a sync
	maxWait       = 30 * time.Second
	tokenSpare    = time.Minute // a token is renewed while it still has this long to live
)

// remote speaks HTTP to one server: bearer, error bodies, and the server's time.
type remote struct {
	base   string // no slash at the end
	client *http.Client
	now    func() time.Time
	after  func(time.Duration) <-chan time.Time            // time.After when nil
	packer *wire.Packer                                    // compresses pushes; nil for never
	heard  atomic.Int64                                    // answers since the start
	sign   func(issued, expires time.Time) (string, error) // nil before the device joined

	mu sync.Mutex
	// mu guards the fields below.
	token   string
	expires time.Time
	offset  time.Duration // the server's clock less ours, once it told us
}

// baseURL checks an address and returns it without a slash at the end.
func baseURL(s string) (string, error) {
	u, err := url.Parse(strings.TrimRight(s, "/"))
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || u.RawQuery != "" || u.Fragment != "" {
		return "", problem(CodeInput, "Give it as https://name or http://127.0.0.1:8080.", "%q is not a server address.", s)
	}
	return u.String(), nil
}

// secureURL is baseURL for what an invitation carries, where it is made and where
// it is taken: by HTTPS or this machine itself. The invitation names the service's
// root, so nobody on the way could pass for it; but they would read who works there,
// which families there are, and every request that follows.
func secureURL(s string) (string, error) {
	base, err := baseURL(s)
	if err == nil && !secure(base) {
		return "", problem(CodeInsecureAddress, "Ask your administrator to serve it by HTTPS.",
			"The service is at %s, without HTTPS: what is sent there could be read on the way.", base)
	}
	return base, err
}

// call sends in as JSON (nothing for nil) and decodes the reply into out.
func (r *remote) call(ctx context.Context, method, path string, in, out any) error {
	body, header, err := r.written(in)
	if err != nil {
		return err
	}
	header.Set("Accept-Encoding", accepted)
	reply, err := r.send(ctx, method, path, header, body)
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	if out == nil || reply.StatusCode == http.StatusNoContent {
		return nil
	}
	if err := unpacked(reply, maxReplyBytes, out); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return problem(CodeOffline, "Try again; nothing is lost.", "The server's answer was cut or could not be read.").because(err)
	}
	return nil
}

// accepted is how replies may be compressed, the best first.
const accepted = string(wire.Zstd) + ", " + string(wire.Gzip)

// packFrom is the size of a push, in bytes, from which on it is compressed: what is in it
// is mostly ciphertext, of which base64 makes a third more.
const packFrom = 16 << 10

// written is the body of a request, nothing for nil.
func (r *remote) written(in any) ([]byte, http.Header, error) {
	header := http.Header{}
	if in == nil {
		return nil, header, nil
	}
	body, err := wire.Encode(in)
	if err != nil {
		return nil, nil, err
	}
	header.Set("Content-Type", "application/json")
	if _, push := in.(wire.PushRequest); push && len(body) >= packFrom && r.packer != nil {
		if body, err = r.packer.Pack(wire.Zstd, body); err != nil {
			return nil, nil, err
		}
		header.Set("Content-Encoding", string(wire.Zstd))
	}
	return body, header, nil
}

// unpacked decodes the body of a reply, however it travelled. Both what came and what it
// unpacks to are bounded.
func unpacked(reply *http.Response, limit int64, v any) error {
	e, err := wire.ParseEncoding(reply.Header.Get("Content-Encoding"))
	if err != nil {
		return err
	}
	return wire.DecodePacked(e, reply.Body, limit, v)
}

// text reads a short answer that is not JSON.
func (r *remote) text(ctx context.Context, path string) (string, error) {
	reply, err := r.send(ctx, http.MethodGet, path, http.Header{}, nil)
	if err != nil {
		return "", err
	}
	defer reply.Body.Close()
	b, err := io.ReadAll(io.LimitReader(reply.Body, maxErrorBytes))
	return string(b), err
}

// send makes one request whose body can be sent again, and returns a reply of
// the 200s; anything else is an [*Error]. A 401 that carries the server's time
// is tried once more with a token made for that time. A server that says that it is
// busy, and until when, is asked again then, a few times.
func (r *remote) send(ctx context.Context, method, path string, header http.Header, body []byte) (*http.Response, error) {
	again, waits := true, 0
	for {
		req, err := http.NewRequestWithContext(ctx, method, r.base+path, bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		for k, v := range header {
			req.Header[k] = v
		}
		req.Header.Set(wire.ProtocolHeader, strconv.Itoa(wire.Protocol))
		if err := r.authorise(req); err != nil {
			return nil, err
		}
		reply, err := r.client.Do(req)
		if err != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			return nil, problem(CodeOffline, "Your work is kept here; sync when you are connected.", "The server at %s cannot be reached.", r.base).because(unwrapURL(err))
		}
		r.heard.Add(1)
		if reply.StatusCode/100 == 2 {
			return reply, nil
		}
		wait := later(reply, r.now())
		refusal := readError(reply)
		refusal.RetryAfter = wait
		if wait > 0 && wait <= maxWait && waits < maxWaits {
			waits++
			select {
			case <-r.sleep(wait):
				continue
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
		if refusal.Code == wire.CodeTokenTime && again && r.adopt(refusal.time) {
			again = false
			continue
		}
		return nil, &refusal.Error
	}
}

// later is how long a busy server asks to be left alone, in seconds or until a date of
// its own clock; 0 when it is not busy.
func later(reply *http.Response, now time.Time) time.Duration {
	if reply.StatusCode != http.StatusServiceUnavailable && reply.StatusCode != http.StatusTooManyRequests {
		return 0
	}
	text := reply.Header.Get("Retry-After")
	if seconds, err := strconv.Atoi(text); err == nil {
		return time.Duration(min(max(seconds, 0), int(maxRetryAfter/time.Second))) * time.Second
	}
	until, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	if said, err := http.ParseTime(reply.Header.Get("Date")); err == nil {
		now = said
	}
	return min(max(until.Sub(now), 0), maxRetryAfter)
}

func (r *remote) sleep(d time.Duration) <-chan time.Time {
	if r.after == nil {
		return time.After(d)
	}
	return r.after(d)
}

func unwrapURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

func (r *remote) authorise(req *http.Request) error {
	if r.sign == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now().Add(r.offset)
	if r.token == "" || now.Add(tokenSpare).After(r.expires) {
		expires := now.Add(statement.MaxTokenLife)
		token, err := r.sign(now, expires)
		if err != nil {
			return err
		}
		r.token, r.expires = token, expires
	}
	req.Header.Set("Authorization", "Bearer "+r.token)
	return nil
}

// adopt takes the server's clock for the tokens to come, and for nothing else: a
// hostile server could set it as it likes.
func (r *remote) adopt(serverMicros int64) bool {
	if serverMicros <= 0 {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.offset, r.token = time.UnixMicro(serverMicros).Sub(r.now()), ""
	return true
}

// forget has the next request carry a new token: this device signs with another key.
func (r *remote) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.token = ""
}

type refusal struct {
	Error
	time int64
}

// readError reads an error body, or makes the best of a proxy's page.
func readError(reply *http.Response) *refusal {
	defer reply.Body.Close()
	var b wire.ErrorBody
	if unpacked(reply, maxErrorBytes, &b) != nil || b.Code == "" {
		code := headCode(reply.StatusCode)
		e := wire.EntryOf(code)
		return &refusal{Error: Error{Code: code, Message: e.Message, Next: e.Next, Cause: errors.New("HTTP " + reply.Status)}}
	}
	b.Message, b.Next = advised(b.Code, b.Rules, b.Message, b.Next)
	return &refusal{time: b.Time, Error: Error{
		Code: b.Code, Message: b.Message, Next: b.Next, Rules: b.Rules, RequestID: b.RequestID,
	}}
}

// headCode stands in where there is no body, as in every answer to HEAD.
func headCode(status int) wire.Code {
	switch status {
	case http.StatusUnauthorized:
		return wire.CodeUnauthorised
	case http.StatusForbidden:
		return wire.CodeDenied
	case http.StatusNotFound:
		return wire.CodeNotFound
	case http.StatusConflict:
		return wire.CodeOffset
	case http.StatusGone:
		return wire.CodeUploadGone
	case http.StatusUpgradeRequired:
		return wire.CodeTooOld
	case http.StatusRequestEntityTooLarge:
		return wire.CodeTooLarge
	case http.StatusRequestedRangeNotSatisfiable:
		return wire.CodeRange
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout, http.StatusTooManyRequests:
		return wire.CodeBusy
	case http.StatusInsufficientStorage:
		return wire.CodeFull
	}
	return wire.CodeInternal
}
