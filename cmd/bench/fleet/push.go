package fleet

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/attune-vf/attune/client-sdk/wire"
)

// newClient asks for what is measured: bodies as they are, on connections that stay.
func newClient() *http.Client {
	return &http.Client{Transport: &http.Transport{
		DisableCompression: true, MaxIdleConns: 256, MaxIdleConnsPerHost: 256,
		DialContext: (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
	}}
}

// Push hands statements in, in as many pushes as it takes, and expects all of them to
// be accepted.
func (s *Service) Push(ctx context.Context, p *Person, all ...wire.Sealed) error {
	bodies, err := Bodies(all)
	if err != nil {
		return err
	}
	for _, body := range bodies {
		if err := s.PushBody(ctx, p, body); err != nil {
			return err
		}
	}
	return nil
}

// maxBody leaves room below what a push may be: the largest attachments come alone.
const maxBody = 1 << 20

// Bodies are the pushes that statements travel in.
func Bodies(all []wire.Sealed) (bodies [][]byte, err error) {
	for len(all) > 0 {
		n, size := 0, 0
		for n < len(all) && n < wire.MaxPushStatements && (n == 0 || size < maxBody) {
			size += len(all[n].Statement)
			for _, a := range all[n].Attachments {
				size += len(a.Body) * 4 / 3
			}
			n++
		}
		body, err := wire.Encode(wire.PushRequest{Statements: all[:n]})
		if err != nil {
			return nil, err
		}
		bodies, all = append(bodies, body), all[n:]
	}
	return bodies, nil
}

// PushBody sends one push and expects all of it to be accepted.
func (s *Service) PushBody(ctx context.Context, p *Person, body []byte) error {
	reply, err := s.ask(ctx, s.client, p, http.MethodPost, "/v1/sync/push", body)
	if err != nil {
		return err
	}
	return accepted(reply)
}

// accepted looks at the statuses of a reply, and at nothing else of it: what is
// measured is the server.
func accepted(reply []byte) error {
	if n := bytes.Count(reply, []byte(`"status":"`)); n == 0 || n != bytes.Count(reply, []byte(`"status":"accepted"`)) {
		var out wire.PushReply
		_ = json.Unmarshal(reply, &out) // for the words of the refusal below
		for i, r := range out.Results {
			if r.Status != wire.Accepted {
				return fmt.Errorf("statement %d of the push: %s %s %s %v", i+1, r.Status, r.Code, r.Message, r.Rules)
			}
		}
		return fmt.Errorf("push answered %.300s", reply)
	}
	return nil
}

// join certifies, from an address of its own: of one, the server takes a team's at a time.
func (s *Service) join(ctx context.Context, both []wire.Sealed) error {
	body, err := wire.Encode(wire.PushRequest{Statements: both})
	if err != nil {
		return err
	}
	from := &net.TCPAddr{IP: net.IPv4(127, 2, byte(s.joined>>8), byte(s.joined))}
	c := &http.Client{Transport: &http.Transport{DialContext: (&net.Dialer{LocalAddr: from}).DialContext, DisableKeepAlives: true}}
	reply, err := s.ask(ctx, c, nil, http.MethodPost, "/v1/join", body)
	if err != nil {
		return err
	}
	return accepted(reply)
}

// Get asks for something as a person's device.
func (s *Service) Get(ctx context.Context, p *Person, path string) ([]byte, error) {
	return s.ask(ctx, s.client, p, http.MethodGet, path, nil)
}

func (s *Service) ask(ctx context.Context, client *http.Client, p *Person, method, path string, body []byte) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, s.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if p != nil {
		token, err := p.Token()
		if err != nil {
			return nil, err
		}
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	reply, err := client.Do(r)
	if err != nil {
		return nil, err
	}
	defer reply.Body.Close()
	said, err := io.ReadAll(reply.Body)
	if err == nil && reply.StatusCode != http.StatusOK && reply.StatusCode != http.StatusNoContent {
		err = fmt.Errorf("%s %s: %s: %.300s", method, path, reply.Status, said)
	}
	return said, err
}
