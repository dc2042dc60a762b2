package certificate_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/attune-vf/attune/client-sdk/certificate"
	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/accesslog"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// signer signs statements by a key under a name.
type signer struct {
	kid  policies.KeyID
	priv ed25519.PrivateKey
	n    int64
}

func newSigner(t testing.TB) *signer {
	t.Helper()
	_, priv, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &signer{priv: priv}
}

func (s *signer) public() policies.PublicKey {
	return policies.PublicKey(s.priv.Public().(ed25519.PublicKey))
}

var when = policies.At(time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC))

func (s *signer) says(t testing.TB, record policies.RecordID, kind policies.Kind, body policies.Body) (string, policies.Statement) {
	t.Helper()
	s.n++
	raw, signed, err := statement.Sign(policies.Statement{
		Signer: s.kid, Record: record, Kind: kind, N: s.n, At: when, Body: body, Deps: []policies.StatementID{},
	}, s.priv)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw), signed
}

func digest(text string) policies.Digest { return policies.DigestOf([]byte(text)) }

// world is a service that destroyed one clip.
type world struct {
	file                          certificate.File
	root, server, logKey, devices *signer
}

// made signs a certificate with everything that belongs to it, as a service would.
func made(t testing.TB) world {
	t.Helper()
	w := world{root: newSigner(t), server: newSigner(t), logKey: newSigner(t), devices: newSigner(t)}
	w.root.kid = policies.KeyID(w.root.public())
	custodians := []string{"age1pq1a", "age1pq1b", "age1pq1c"}
	raw, root := w.root.says(t, policies.RecordID{}, "org.root", &policies.OrgRoot{Service: "Northfield", Key: w.root.public(), Custodians: custodians})
	org, err := policies.NewOrg(root)
	if err != nil {
		t.Fatal(err)
	}
	w.root.kid = policies.KeyID(root.ID)
	certify, certified := w.root.says(t, policies.RecordID(org.ID), "server.certify", &policies.ServerCertify{Key: w.server.public(), LogKey: w.logKey.public()})
	w.server.kid = policies.KeyID(certified.ID)
	family, clip := policies.FamilyID(digest("family")), policies.ClipID(digest("clip"))
	body := policies.ClipDispose{
		Clip: clip, Order: policies.StatementID(digest("order")), Class: policies.ClassNames()[0], Ground: policies.BySchedule,
		Authority: []policies.StatementID{policies.StatementID(digest("appraisal"))}, Due: when - 8*24*policies.Hour, Pack: digest("pack"), Payload: digest("payload"),
		Versions: []policies.Version{{ID: "a4f0", Bytes: 61_000_123, SHA256: digest("payload")}}, Uploads: 1, Keys: 3,
		VerifiedAt: when, KeysAt: when, Backup: "2026-12-28",
	}
	said, s := w.server.says(t, policies.RecordID(family), "clip.dispose", &body)
	device := policies.DeviceID(digest("device"))
	w.devices.kid = policies.KeyID(device)
	receipt, _ := w.devices.says(t, policies.RecordID(family), "device.purged", &policies.DevicePurged{Clip: clip, Order: s.ID})
	w.file = certificate.File{
		Format: certificate.Format, Organisation: org.ID, Family: family, Certificate: s.ID, Body: body, Statement: said, Chain: []string{raw, certify},
		Accepted: certificate.Stamp(when),
		Devices: certificate.Devices{
			AsOf: certificate.Stamp(when), Outstanding: []policies.DeviceID{policies.DeviceID(digest("another"))},
			Received: []certificate.Receipt{{Device: device, At: certificate.Stamp(when + 40*24*policies.Hour), Statement: receipt}},
		},
	}
	w.file.Ends = certificate.NewEnds(body, w.file.Devices)
	w.file.Proof = w.logged(t, org.ID, s.ID)
	return w
}

// logged is a log of two rows, of which the second accepts a statement.
func (w world) logged(t testing.TB, org policies.OrgID, id policies.StatementID) certificate.Proof {
	t.Helper()
	e := accesslog.Event{
		Index: 1, At: int64(when), Action: "clip.dispose", Outcome: accesslog.Done, Rules: []string{}, Nonce: accesslog.Nonce{1},
		Accepted: &accesslog.Acceptance{Statement: accesslog.Digest(id), Position: 9, Head: accesslog.Digest(digest("head"))},
	}
	leaf, err := e.Encode()
	if err != nil {
		t.Fatal(err)
	}
	first := accesslog.LeafHash([]byte("the row before"))
	origin := "attune/" + org.String() + "/x"
	key, err := accesslog.NewSigner(origin, w.logKey.priv)
	if err != nil {
		t.Fatal(err)
	}
	note, err := accesslog.Sign(accesslog.Checkpoint{Origin: origin, Size: 2, Root: tlog.NodeHash(first, accesslog.LeafHash(leaf))}, key)
	if err != nil {
		t.Fatal(err)
	}
	return certificate.Proof{Index: 1, Leaf: string(leaf), Path: []policies.Digest{policies.Digest(first)}, Checkpoint: note}
}

func reread(t testing.TB, f certificate.File) certificate.File {
	t.Helper()
	b, err := f.JSON()
	if err != nil {
		t.Fatal(err)
	}
	again, err := certificate.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	return again
}

func TestVerify(t *testing.T) {
	w := made(t)
	v, err := reread(t, w.file).Verify()
	if err != nil {
		t.Fatal(err)
	}
	if v.Clip != w.file.Body.Clip || v.Index != 1 || v.LogSize != 2 || v.Received != 1 || v.Outstanding != 1 {
		t.Errorf("verified %+v", v)
	}
	if v.Ends != (certificate.Ends{Unopenable: "2026-11-23T09:00:00Z", Backup: "2026-12-28"}) {
		t.Errorf("ends = %+v, want no last date while a device has not answered", v.Ends)
	}
	w.file.Devices.Outstanding = nil
	w.file.Ends = certificate.NewEnds(w.file.Body, w.file.Devices)
	if w.file.Ends.ForGood != "2027-01-02" { // the device answered after the backup had ended
		t.Errorf("for good = %q", w.file.Ends.ForGood)
	}
	if _, err := reread(t, w.file).Verify(); err != nil {
		t.Error(err)
	}
}

// TestVerifyRefuses: each thing that somebody could change, and would like to.
func TestVerifyRefuses(t *testing.T) {
	other := made(t)
	for name, spoil := range map[string]func(f *certificate.File){
		"AnotherClipToRead":        func(f *certificate.File) { f.Body.Clip = policies.ClipID(digest("x")) },
		"AnotherGroundToRead":      func(f *certificate.File) { f.Body.Ground = policies.ByWithdrawal },
		"AnotherFamily":            func(f *certificate.File) { f.Family = policies.FamilyID(digest("x")) },
		"AnotherName":              func(f *certificate.File) { f.Certificate = policies.StatementID(digest("x")) },
		"EarlierBackup":            func(f *certificate.File) { f.Ends.Backup = "2026-11-24" },
		"GoneForGoodTooEarly":      func(f *certificate.File) { f.Ends.ForGood = "2026-12-28" },
		"AcceptedEarlier":          func(f *certificate.File) { f.Accepted = "2026-01-01T00:00:00Z" },
		"AnotherServicesStatement": func(f *certificate.File) { f.Statement = other.file.Statement },
		"AnotherServicesRoot":      func(f *certificate.File) { f.Chain = other.file.Chain },
		"AnotherServicesName":      func(f *certificate.File) { f.Organisation = other.file.Organisation },
		"AnotherServicesServer":    func(f *certificate.File) { f.Chain = []string{f.Chain[0], other.file.Chain[1]} },
		"NoServer":                 func(f *certificate.File) { f.Chain = f.Chain[:1] },
		"AnotherServicesLog":       func(f *certificate.File) { f.Proof = other.file.Proof },
		"AnotherRow":               func(f *certificate.File) { f.Proof.Leaf = "{}" },
		"AnotherPlace":             func(f *certificate.File) { f.Proof.Index = 0 },
		"NoPath":                   func(f *certificate.File) { f.Proof.Path = nil },
		"CheckpointChanged": func(f *certificate.File) {
			f.Proof.Checkpoint = strings.Replace(f.Proof.Checkpoint, "\n2\n", "\n3\n", 1)
		},
		"ReceiptOfAnotherDevice":    func(f *certificate.File) { f.Devices.Received[0].Device = policies.DeviceID(digest("x")) },
		"ReceiptAboutAnotherClip":   func(f *certificate.File) { f.Devices.Received[0].Statement = f.Statement },
		"OutstandingIsAlsoReceived": func(f *certificate.File) { f.Devices.Outstanding[0] = f.Devices.Received[0].Device },
	} {
		t.Run(name, func(t *testing.T) {
			f := made(t).file
			spoil(&f)
			if v, err := f.Verify(); !errors.Is(err, certificate.ErrUnproven) {
				t.Errorf("verified %+v, %v", v, err)
			}
		})
	}
}

// TestSignedByWhoMayNot: what a device or the root itself signs is no certificate, and a
// server that another key certified is none.
func TestSignedByWhoMayNot(t *testing.T) {
	w := made(t)
	body := w.file.Body
	for name, by := range map[string]*signer{"Device": w.devices, "Root": w.root, "LogKey": {kid: w.server.kid, priv: w.logKey.priv}} {
		f := w.file
		raw, s := by.says(t, policies.RecordID(f.Family), "clip.dispose", &body)
		f.Statement, f.Certificate = raw, s.ID
		if _, err := f.Verify(); !errors.Is(err, certificate.ErrUnproven) {
			t.Errorf("%s: %v", name, err)
		}
	}
	f := w.file
	usurper := newSigner(t)
	certify, c := (&signer{kid: w.server.kid, priv: w.server.priv}).says(t, policies.RecordID(f.Organisation), "server.certify", &policies.ServerCertify{Key: usurper.public(), LogKey: w.logKey.public()})
	usurper.kid = policies.KeyID(c.ID)
	raw, s := usurper.says(t, policies.RecordID(f.Family), "clip.dispose", &body)
	f.Statement, f.Certificate, f.Chain = raw, s.ID, append(f.Chain, certify)
	if _, err := f.Verify(); !errors.Is(err, certificate.ErrUnproven) {
		t.Errorf("a server that the server certified: %v", err)
	}
}

func TestParseRefuses(t *testing.T) {
	b, err := made(t).file.JSON()
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{
		"Empty": nil, "NoJSON": []byte("certificate"), "Twice": append(bytes.Clone(b), b...), "AnotherFormat": bytes.Replace(b, []byte("/v1"), []byte("/v2"), 1),
		"MoreMembers": bytes.Replace(b, []byte(`"format"`), []byte(`"note": "", "format"`), 1), "TooLong": make([]byte, certificate.MaxBytes+1),
	} {
		if _, err := certificate.Parse(b); !errors.Is(err, certificate.ErrFile) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	b, err := made(f).file.JSON()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := certificate.Parse(b)
		if err != nil {
			return
		}
		if _, err := c.Verify(); err != nil && !errors.Is(err, certificate.ErrUnproven) {
			t.Error(err)
		}
		var page bytes.Buffer
		if c.PDF(&page) == nil && page.Len() == 0 {
			t.Error("an empty page")
		}
	})
}

// TestPDF: one page, the same each time, with no name in it, also of the longest
// certificate there is. With ATTUNE_PAGES set the pages are left there to be looked at.
func TestPDF(t *testing.T) {
	short, long := made(t).file, made(t).file
	for i := range policies.MaxVersions - 1 {
		long.Body.Versions = append(long.Body.Versions, policies.Version{ID: strings.Repeat("v", 200) + string(rune('a'+i%26)), Bytes: 1})
	}
	for i := range policies.MaxAuthority - 1 {
		long.Body.Authority = append(long.Body.Authority, policies.StatementID(digest(strings.Repeat("x", i))))
	}
	for i := range 40 {
		long.Devices.Received = append(long.Devices.Received, certificate.Receipt{Device: policies.DeviceID(digest(strings.Repeat("y", i))), At: certificate.Stamp(when)})
		long.Devices.Outstanding = append(long.Devices.Outstanding, policies.DeviceID(digest(strings.Repeat("z", i))))
	}
	for name, f := range map[string]certificate.File{"short": short, "long": long} {
		var once, again bytes.Buffer
		if err := errors.Join(f.PDF(&once), f.PDF(&again)); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(once.Bytes(), again.Bytes()) {
			t.Errorf("%s: two pages of one certificate differ", name)
		}
		if n := bytes.Count(once.Bytes(), []byte("/Type /Page\n")); !bytes.HasPrefix(once.Bytes(), []byte("%PDF-")) || n != 1 {
			t.Errorf("%s: %d pages", name, n)
		}
		if dir := os.Getenv("ATTUNE_PAGES"); dir != "" {
			path := filepath.Join(dir, name)
			if err := os.WriteFile(path+".pdf", once.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
			if out, err := exec.Command("pdftoppm", "-png", "-r", "80", path+".pdf", path).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
		}
	}
}
