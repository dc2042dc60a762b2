package server_test

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"time"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/storagetest"
)

// filmed is a world with a family in it: sam and ana on the team, vera agreed to
// for supervision, and a clip of some chunks whose payload is not here yet.
type filmed struct {
	*world
	family *storagetest.Family
	clip   storagetest.Clip
}

func newFilmed(w *world) *filmed {
	w.Helper()
	f := &filmed{world: w, family: w.svc.Open("EH-2041/7")}
	w.svc.Clock.Forward(time.Minute) // the last form counts
	f.consent()
	entry := f.svc.Sam.Does(f.family.Record, "viewer.add", &policies.ViewerAdd{
		Staff: f.svc.Visitor.Staff, Purpose: policies.Supervision, Until: f.svc.Clock.Micros() + policies.Micros((30 * 24 * time.Hour).Microseconds()),
	})
	f.family.Countersign(entry)
	f.clip = f.family.Add(150_000, true)
	return f
}

// consent has the carer agree to supervision by vera, beside watching.
func (f *filmed) consent() {
	f.Helper()
	until := f.svc.Clock.Micros() + policies.Micros((30 * 24 * time.Hour).Microseconds())
	f.family.Sign([]policies.NamedViewer{{Staff: f.svc.Visitor.Staff, Purpose: policies.Supervision, Until: until}},
		policies.FilmAndUse, policies.Supervision, policies.FamilyCopy)
}

func (f *filmed) payload() []byte { return f.clip.Payload }

// tus is the headers of an upload request, after more.
func tus(more ...string) []string { return append(more, "Tus-Resumable", "1.0.0") }

func metadata(clip policies.ClipID) string {
	return "filename Y2xpcC5tcDQ=,clip " + base64.StdEncoding.EncodeToString([]byte(clip.String()))
}

func (f *filmed) createUpload(name string, length int) answer {
	f.Helper()
	return f.call(name, http.MethodPost, "/v1/uploads", nil, tus("Upload-Length", strconv.Itoa(length), "Upload-Metadata", metadata(f.clip.ID))...)
}

func (f *filmed) patch(path string, offset int, body []byte) answer {
	f.Helper()
	return f.send(f.token("sam"), http.MethodPatch, path, body, tus("Upload-Offset", strconv.Itoa(offset), "Content-Type", "application/offset+octet-stream")...)
}

// store uploads the clip's payload in one go.
func (f *filmed) store() {
	f.Helper()
	up := f.createUpload("sam", len(f.payload()))
	up.want(f.world, http.StatusCreated, "")
	f.patch(up.header.Get("Location"), 0, f.payload()).want(f.world, http.StatusNoContent, "")
}

// revoke has the head of service say that a person's device is lost.
func (w *world) revoke(name string) {
	w.Helper()
	w.svc.Head.Does(policies.RecordID(w.svc.Org), "device.revoke", &policies.DeviceRevoke{Device: w.staff[name].Device})
}
