package attune_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// watch plays a clip to its end.
func watch(c *attune.Client, clip policies.ClipID, purpose policies.Purpose) error {
	p, err := c.Clips.Open(context.Background(), clip, purpose)
	if err != nil {
		return err
	}
	defer p.Close()
	_, err = io.Copy(io.Discard, p.Reader())
	return err
}

// TestHostileFilm: two clips of one family are swapped, their keys, their film or both;
// film is cut, lengthened, changed, or another part of it is sent.
func TestHostileFilm(t *testing.T) {
	t.Parallel()
	w := newStage(t)
	other, err := os.ReadFile(filepath.Join(w.sam.Home(), "clips", w.second.String()+".payload"))
	must(t, err)
	payload := func(how func(a *httptest.ResponseRecorder, body []byte)) func() {
		return func() {
			w.replies("/v1/viewings/", func(_ *http.Request, a *httptest.ResponseRecorder) { how(a, append([]byte{}, a.Body.Bytes()...)) })
		}
	}
	length := func(by int64) func() {
		return func() {
			w.replies("/v1/clips/", func(_ *http.Request, a *httptest.ResponseRecorder) {
				var v wire.Viewing
				must(t, wire.Decode(a.Body, 1<<20, &v))
				v.Bytes += by
				body, err := wire.Encode(v)
				must(t, err)
				becomes(a, a.Code, body)
			})
		}
	}
	for _, c := range []struct {
		name string
		want wire.Code
		kept bool
		lie  func()
	}{
		{"FilmOfAnotherClip", attune.CodeClipFilm, true, payload(func(a *httptest.ResponseRecorder, body []byte) {
			becomes(a, a.Code, append([]byte{}, other[:len(body)]...))
		})},
		{"ChunksOfAnotherClipBehindTheTrueBeginning", attune.CodeFilm, true, payload(func(a *httptest.ResponseRecorder, body []byte) {
			becomes(a, a.Code, append(body[:16:16], other[16:len(body)]...))
		})},
		{"Changed", attune.CodeFilm, true, payload(func(a *httptest.ResponseRecorder, body []byte) {
			body[len(body)/2] ^= 1
			becomes(a, a.Code, body)
		})},
		{"LastChunkCut", attune.CodeFilm, true, payload(func(a *httptest.ResponseRecorder, body []byte) {
			clear(body[len(body)-len(body)%(64<<10+16):])
			becomes(a, a.Code, body)
		})},
		{"AnotherPart", attune.CodeOtherPart, true, payload(func(a *httptest.ResponseRecorder, body []byte) {
			a.Header().Set("Content-Range", "bytes 100-200/300")
		})},
		{"AllInsteadOfAPart", attune.CodeOtherPart, true, payload(func(a *httptest.ResponseRecorder, body []byte) { a.Code = http.StatusOK })},
		{"Shorter", attune.CodeFilmLength, true, length(-64<<10 - 16)},
		{"Longer", attune.CodeFilmLength, true, length(1)},
		// Nothing tells a reply that was cut from a line that broke.
		{"ReplyCut", attune.CodeOffline, false, payload(func(a *httptest.ResponseRecorder, body []byte) { becomes(a, a.Code, body[:len(body)/2]) })},
		// Of a clip that it signed for, the server has lost the film.
		{"StoredAndLost", wire.CodeNotFound, false, payload(func(a *httptest.ResponseRecorder, _ []byte) {
			a.Header().Set("Content-Type", "application/json")
			becomes(a, http.StatusNotFound, []byte(`{"code":"not_found","message":"There is nothing here that you may see.","next":"Sync.","request_id":""}`))
		})},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Cleanup(w.honest)
			c.lie()
			caught(t, w.victim, c.want, c.kept, func() error { return watch(w.victim, w.clip, policies.FilmAndUse) })
			w.honest()
			must(t, watch(w.victim, w.clip, policies.FilmAndUse))
		})
	}
}

// TestHostileKeys: the keys of two clips, of a family, and of links.
func TestHostileKeys(t *testing.T) {
	t.Parallel()
	w := newStage(t)
	_, operator := stranger(t)
	shared, err := w.sam.Links.Create(w.clip, w.mum, attune.LinkTerms{})
	must(t, err)
	sharedToo, err := w.sam.Links.Create(w.second, w.mum, attune.LinkTerms{})
	must(t, err)
	w.sync(w.sam)
	other, err := os.ReadFile(filepath.Join(w.sam.Home(), "clips", w.second.String()+".payload"))
	must(t, err)
	header := func(name string) bool { return strings.HasPrefix(name, "header/") }

	for _, c := range []struct {
		name string
		want wire.Code
		lie  func(t *testing.T, p *wire.PullReply, to *attune.Client)
		act  func(c *attune.Client) error
		film bool // swapped too
	}{
		{name: "KeyOfAnotherClip", want: attune.CodeClipKey,
			lie: func(t *testing.T, p *wire.PullReply, _ *attune.Client) { swapAttachments(t, p, header) },
			act: func(c *attune.Client) error { return watch(c, w.clip, policies.FilmAndUse) }},
		{name: "KeyAndFilmOfAnotherClip", want: attune.CodeClipKey, film: true,
			lie: func(t *testing.T, p *wire.PullReply, _ *attune.Client) { swapAttachments(t, p, header) },
			act: func(c *attune.Client) error { return watch(c, w.clip, policies.FilmAndUse) }},
		{name: "FamilyKeyOfTheOperator", want: attune.CodeFamilyKey,
			lie: func(t *testing.T, p *wire.PullReply, to *attune.Client) {
				envelope := sealedTo(t, to, operator.String())
				for i := range p.Items {
					for j, a := range p.Items[i].Attachments {
						if strings.HasPrefix(a.Name, "key/") {
							p.Items[i].Attachments[j].Body = envelope
						}
					}
				}
			},
			act: func(c *attune.Client) error { return watch(c, w.clip, policies.FilmAndUse) }},
		{name: "LinkSecretOfAnotherLink", want: attune.CodeLink,
			lie: func(t *testing.T, p *wire.PullReply, _ *attune.Client) {
				swapAttachments(t, p, func(name string) bool { return name == "secret" })
			},
			act: func(c *attune.Client) error { _, err := c.Links.Show(shared.Link); return err }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Cleanup(w.honest)
			colleague := w.hire(policies.Practitioner, "New "+c.name)
			w.sync(w.sam)
			must(t, w.sam.Families.AddTeam(w.id, colleague.Keys.Staff()))
			w.sync(w.sam)
			w.pulled(func(p *wire.PullReply) { c.lie(t, p, colleague) })
			caught(t, colleague, c.want, true, func() error {
				w.sync(colleague) // no head covers these: what opens them looks
				w.honest()
				if c.film {
					w.replies("/v1/viewings/", func(_ *http.Request, a *httptest.ResponseRecorder) {
						becomes(a, a.Code, append([]byte{}, other[:a.Body.Len()]...))
					})
				}
				return c.act(colleague)
			})
			w.honest()
			// The device asks for all of it again by itself.
			w.sync(colleague)
			must(t, c.act(colleague))
			if _, err := colleague.Links.Show(sharedToo.Link); attune.CodeOf(err) == attune.CodeLink {
				w.sync(colleague) // it was swapped too, and is asked for again once that is seen
			}
			if _, err := colleague.Links.Show(sharedToo.Link); err != nil {
				t.Errorf("the other link: %v", err)
			}
		})
	}
}
