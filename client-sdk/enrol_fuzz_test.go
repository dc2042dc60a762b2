package attune

import (
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/attune-vf/attune/client-sdk/seal"
	"github.com/attune-vf/attune/policies"
)

// FuzzParseDeviceRequest: what somebody carried over is a request or is refused in words;
// what is taken is written again as it was.
func FuzzParseDeviceRequest(f *testing.F) {
	id, err := seal.NewIdentity()
	if err != nil {
		f.Fatal(err)
	}
	good := DeviceRequest{Key: policies.PublicKey{1}, Recipient: id.Recipient().String()}
	f.Add(good.String())
	f.Add(good.String()[:80] + "\r\n " + good.String()[80:])
	f.Add(DeviceRequest{Key: policies.PublicKey{1}, Recipient: "age1pq1"}.String())
	f.Add(requestPrefix + "AA")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := ParseDeviceRequest(text)
		if err != nil {
			if CodeOf(err) != CodeInput {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		if r.String() != strings.Join(strings.Fields(text), "") || len(r.Words()) != wordCount {
			t.Errorf("%q is written %q", text, r)
		}
	})
}

// FuzzParseDeviceReply: whoever has the request can seal a reply to it.
func FuzzParseDeviceReply(f *testing.F) {
	id, err := seal.NewIdentity()
	if err != nil {
		f.Fatal(err)
	}
	good := deviceReply{Version: 1, Known: map[policies.StaffID]policies.Digest{{1}: {2}}}
	good.Profile = profile{Version: 1, Server: "https://attune.example.org", Org: policies.OrgID{1}, Staff: policies.StaffID{1}, Certificate: policies.KeyID{1}, Device: policies.DeviceID{1}}
	good.Secrets = personal{Person: policies.Digest{1}, Identity: id.String(), Former: []string{id.String()}}
	seed, err := json.Marshal(good)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add([]byte(`{"v":1,"v":1}`))
	f.Add([]byte(`{"v":2}`))
	f.Fuzz(func(t *testing.T, plain []byte) {
		r, err := parseDeviceReply(plain)
		if err != nil {
			return
		}
		if _, err := newKeys(r.Profile, secrets{personal: r.Secrets}); err != nil || r.Profile.Org.IsZero() {
			t.Errorf("%q: taken, and of no use: %v", plain, err)
		}
	})
}
