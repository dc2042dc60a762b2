package attune

import (
	"crypto/sha256"
	"database/sql"
	"net"
	"net/url"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/attune-vf/attune/client-sdk/film"
	"github.com/attune-vf/attune/client-sdk/seal"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// Links makes and ends share links: one clip, one person, until a date.
type Links struct{ d *desk }

// Shared is what is handed to the carer: the address by message, the PIN by
// voice or on paper, never together.
type Shared struct {
	Link    policies.LinkID `json:"link"`
	URL     string          `json:"url"`
	PIN     string          `json:"pin"`
	Expires time.Time       `json:"expires"`
	Opens   int             `json:"opens"`

	State  policies.LinkState `json:"state"`
	Unsent bool               `json:"unsent"` // the link or its PIN: it works once the service has it
}

// LinkTerms are the terms of a link. 0 takes the service's figure.
type LinkTerms struct {
	Days, Opens int
	EasyRead    bool // the page begins in its easy-read words
}

// linkSecret is the attachment "secret", sealed to the family: any team device
// can show address and PIN again.
type linkSecret struct {
	Fragment string `json:"fragment"`
	PIN      string `json:"pin"`
	Easy     bool   `json:"easy"`
}

// easyMark stands behind a fragment that asks for easy words. The full stop is in no
// secret, so whoever looks for a secret that leaked finds its end.
const easyMark = ".e"

// address is what is sent. Easy-read is asked for behind the #, where no server
// sees it: that a parent reads with difficulty is nobody's to store.
func (s linkSecret) address(base string, token policies.Bytes16) string {
	address := base + "/s/" + token.String() + "#" + s.Fragment
	if s.Easy {
		address += easyMark
	}
	return address
}

// Create makes a link for a person. It works once this device has synced. The
// server rules; what can be known here is refused here.
func (l *Links) Create(clip policies.ClipID, person policies.PersonID, terms LinkTerms) (Shared, error) {
	f, err := l.d.clipFamily(clip)
	if err != nil {
		return Shared{}, err
	}
	pack, err := l.d.figures()
	if err != nil {
		return Shared{}, err
	}
	if terms.Days == 0 {
		terms.Days = pack.LinkDays.Value
	}
	if terms.Opens == 0 {
		terms.Opens = pack.LinkOpens.Value
	}
	if err := l.shareable(f, clip, person, terms.Days, pack); err != nil {
		return Shared{}, err
	}
	token, secret, err := seal.NewLink()
	if err != nil {
		return Shared{}, err
	}
	pin, err := seal.NewPIN()
	if err != nil {
		return Shared{}, err
	}
	auth, verifier := secret.Auth(), secret.PIN(pin)
	expires := l.d.now().AddDate(0, 0, terms.Days)
	body := policies.LinkCreate{
		Clip: clip, Person: person, Token: token, Opens: terms.Opens, Expires: policies.At(expires),
		Auth: sha256.Sum256(auth[:]), PIN: sha256.Sum256(verifier[:]),
	}
	content, err := l.content(f, clip)
	if err != nil {
		return Shared{}, err
	}
	told := linkSecret{secret.Fragment(), pin, terms.EasyRead}
	kept, err := l.keep(f, told)
	if err != nil {
		return Shared{}, err
	}
	s, err := l.d.outbox.fileWith(draft{policies.RecordID(f.ID), "link.create", body, []wire.Attachment{kept}},
		func(tx *sql.Tx, s policies.Statement) error {
			// The page's part is bound to the link's own id, which only now exists.
			wrapped, err := secret.Wrap(content, append(s.ID[:], clip[:]...))
			if err == nil {
				_, err = tx.Exec(`INSERT INTO attachments (statement, name, body) VALUES ($1, 'sealed', $2)`, s.ID.String(), l.d.store.shut(wrapped, "attachments", s.ID.String(), "sealed"))
			}
			return err
		})
	if err != nil {
		return Shared{}, err
	}
	return Shared{policies.LinkID(s.ID), told.address(l.d.remote.base, token), pin, expires, terms.Opens, policies.LinkOpen, true}, nil
}

// shareable gives the reasons that this device can know. Every rule is asked
// again at the server.
func (l *Links) shareable(f *policies.Family, id policies.ClipID, person policies.PersonID, days int, pack policies.Pack) error {
	c, p := f.Clips[id], f.People[person]
	media := film.Info{MediaType: c.Media.Type, Codec: c.Media.Codec}
	playable, why := media.Playable()
	switch {
	case p == nil:
		return problem(CodeUnknown, "Look at the family's list of people.", "Nobody in this family has the number %s.", person.Short())
	case !secure(l.d.remote.base):
		return problem(CodeInsecureAddress, "Ask your administrator to serve it by HTTPS.", "The service is at %s, without HTTPS: a link to it could be read on the way.", l.d.remote.base)
	case !c.Chosen:
		return denied("LINK-CHOSEN", "Add it as a chosen clip.", "Only a clip that was chosen to be shown can be shared.")
	case p.Contact != policies.LinkSafe:
		return denied("LINK-CONTACT", "Show it in person.", "It is not safe to send this person a link.")
	case !playable:
		return denied("LINK-PLAYS", "Make a copy that phones play, and share that.", why)
	case days < 1 || days > pack.LinkDays.Value:
		return problem(CodeInput, "Choose fewer days.", "A link lasts 1 to %d days here.", pack.LinkDays.Value)
	case len(f.ClipConsented(id, policies.FilmAndUse, policies.At(l.d.now()))) > 0:
		return denied("LINK-CONSENT", "Look at the family's consent.", "Somebody in this clip has no consent in force.")
	}
	return nil
}

func denied(rule, next, message string) error {
	e := problem(wire.CodeDenied, next, "%s", message)
	e.Rules = []string{rule}
	return e
}

// secure reports whether an address keeps a link's page from being read or
// changed on the way: HTTPS, or this machine itself.
func secure(base string) bool {
	u, err := url.Parse(base)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "https" || u.Hostname() == "localhost" || (ip != nil && ip.IsLoopback())
}

// content is what the page needs: the payload's key, which opens this clip and no
// other, and the words that the family knows.
func (l *Links) content(f *policies.Family, clip policies.ClipID) ([]byte, error) {
	family, err := l.d.keys.family(f.ID)
	if err != nil {
		return nil, err
	}
	key, err := l.d.shelf.fileKey(f, clip, family)
	if err != nil {
		return nil, err
	}
	c := wire.LinkContent{
		Key: seal.PayloadKey(key, f.Clips[clip].Payload.Nonce), Title: l.d.shelf.title(f, clip, family), Shown: []string{},
	}
	for _, p := range f.Clips[clip].People {
		if label := l.d.shelf.label(p, family); label != "" {
			c.Shown = append(c.Shown, label)
		}
	}
	return wire.Encode(c)
}

func (l *Links) keep(f *policies.Family, s linkSecret) (wire.Attachment, error) {
	plain, err := json.Marshal(s)
	if err != nil {
		return wire.Attachment{}, err
	}
	to, err := l.d.sealTo(f.ID)
	if err != nil {
		return wire.Attachment{}, err
	}
	sealed, err := seal.Seal(plain, to)
	return wire.Attachment{Name: "secret", Body: sealed}, err
}
