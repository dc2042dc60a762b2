package server_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/attune-vf/attune/client-sdk/seal"
	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/server"
	"github.com/attune-vf/attune/server/pages"
	"github.com/attune-vf/attune/storage"
	"github.com/attune-vf/attune/storage/storagetest"
)

// BenchmarkPush is one durable push of one statement over HTTP on loopback: from
// the request to the answer that it is accepted, with signature, rules, log and
// fsync. make bench runs it.
func BenchmarkPush(b *testing.B) {
	for _, clients := range []int{1, 32} {
		b.Run(fmt.Sprintf("Clients%d", clients), func(b *testing.B) { benchmarkPush(b, clients) })
	}
}

func benchmarkPush(b *testing.B, clients int) {
	svc := storagetest.New(b, storagetest.Adopted(b))
	p, err := pages.New()
	if err != nil {
		b.Fatal(err)
	}
	web := httptest.NewUnstartedServer(nil)
	origin := "http://" + web.Listener.Addr().String()
	web.Config.Handler = server.New(server.Config{
		Store: svc.Store, Pages: p, Org: svc.Org, Origin: origin, Now: svc.Clock.Now,
		DevicePerMinute: 1 << 30, // the limit is not what is measured
		Log:             slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelError})),
	}).Handler()
	web.Start()
	b.Cleanup(web.Close)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}}
	b.Cleanup(client.CloseIdleConnections)

	pushes := make([]func() error, clients)
	for c := range pushes {
		pushes[c] = pusher(b, svc, client, origin, c, (b.N-c+clients-1)/clients)
	}
	b.ResetTimer()
	var pushing sync.WaitGroup
	for _, push := range pushes {
		pushing.Go(func() {
			if err := push(); err != nil {
				b.Error(err)
			}
		})
	}
	pushing.Wait()
}

// pusher signs count statements of a practitioner of their own in advance, each
// the beginning of a family, and returns what pushes one after another.
func pusher(b *testing.B, svc *storagetest.World, client *http.Client, origin string, number, count int) func() error {
	who := svc.Join(fmt.Sprintf("Pat Reed %d", number), policies.Practitioner)
	now := svc.Clock.Now()
	token, err := statement.SignToken(statement.Token{
		Device: who.Device, Audience: svc.Org, Origin: origin, Issued: now, Expires: now.Add(statement.MaxTokenLife),
	}, who.DeviceKey())
	if err != nil {
		b.Fatal(err)
	}
	family, err := seal.NewIdentity()
	if err != nil {
		b.Fatal(err)
	}
	bodies := make([][]byte, count)
	for i := range bodies {
		said, _ := who.Say(policies.RecordID{}, "family.open", &policies.FamilyOpen{
			Reference: fmt.Sprintf("NF-%d-%d", number, i), Programme: policies.VIG, Recipient: family.Recipient().String(),
		})
		if bodies[i], err = wire.Encode(wire.PushRequest{Statements: onWire([]storage.Sealed{said})}); err != nil {
			b.Fatal(err)
		}
	}
	return func() error {
		for _, body := range bodies {
			if err := push(client, origin, token, body); err != nil {
				return err
			}
		}
		return nil
	}
}

func push(client *http.Client, origin, token string, body []byte) error {
	r, err := http.NewRequest(http.MethodPost, origin+"/v1/sync/push", bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	reply, err := client.Do(r)
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	said, err := io.ReadAll(reply.Body)
	if err != nil {
		return err
	}
	var out wire.PushReply
	if err := json.Unmarshal(said, &out); err != nil || len(out.Results) != 1 || out.Results[0].Status != wire.Accepted {
		return fmt.Errorf("push answered %s %s", reply.Status, said)
	}
	return nil
}
