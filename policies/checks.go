package policies

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Bounds of what a body may say. Each is generous for real work and small enough
// that a hostile author cannot make everyone's fold expensive.
const (
	MaxInstant         = Micros(1)<<53 - 1   // the last integer that every language reads exactly
	MaxReference       = 64                  // characters; case-system numbers are far shorter
	MaxRecipient       = 4096                // bytes; an age hybrid recipient is about 2,000
	MaxPeople          = 20                  // people in one clip or on one form
	MaxSigned          = 4                   // signatures for one person on one form: two parents, and whom a court named
	MaxViewers         = 50                  // named viewers on one form
	MaxPackBytes       = 64 << 10            // a person signs it, and must be able to read it; every device keeps it
	MaxPayloadBytes    = 64 << 30            // an hour and a half of the largest phone film is 12 GiB
	MaxCapture         = 12 * time.Hour      // one recording; a visit is at most two
	MaxSessions        = 500                 // the running number of a session
	MaxLinkOpens       = 100                 // a carer who watches every day of 28, and then some
	MaxLinkLife        = 28 * 24 * time.Hour // DESIGN §5, clocks
	MaxInviteLife      = 7 * 24 * time.Hour  // DESIGN §4: an invitation is a key on paper
	MaxCertificateLife = 366 * 24 * time.Hour
	MaxApprovalLife    = 366 * 24 * time.Hour // twelve months, as long as a certificate
	MaxConsentLife     = 732 * 24 * time.Hour // two years; the pack usually says one
	Skew               = time.Hour            // how far ahead of the server an honest clock may be
)

// The payload of an age file: a nonce, then chunks with a tag each.
// Source: age specification, STREAM with 64 KiB chunks.
const (
	nonceBytes = 16
	chunkBytes = 64<<10 + tagBytes
	tagBytes   = 16
)

var (
	referenceForm = regexp.MustCompile(`^[A-Za-z0-9./-]([A-Za-z0-9 ./-]*[A-Za-z0-9./-])?$`)
	packForm      = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)
	mediaForm     = regexp.MustCompile(`^(video|image)/[a-z0-9.+-]{1,40}$`)
	codecForm     = regexp.MustCompile(`^[A-Za-z0-9., _-]{0,100}$`)
	monthForm     = "2006-01"
	dayForm       = "2006-01-02"
)

// checks collects the first thing that is wrong with a body, so that a Check
// reads as a list of what must hold.
type checks struct{ err error }

func (c *checks) that(ok bool, format string, args ...any) {
	if !ok && c.err == nil {
		c.err = fmt.Errorf(format, args...)
	}
}

func word[W ~string](c *checks, what string, w W, list []W) {
	c.that(oneOf(w, list), "%s: %q is not one of %v", what, string(w), list)
}

func named[Noun any](c *checks, what string, id ID[Noun]) {
	c.that(!id.IsZero(), "%s is missing", what)
}

// distinct checks a list of identifiers: none zero, none twice, at most most.
func distinct[Noun any](c *checks, what string, ids []ID[Noun], least, most int) {
	c.that(len(ids) >= least && len(ids) <= most, "%s: %d given, %d to %d expected", what, len(ids), least, most)
	for i, id := range ids {
		named(c, what, id)
		c.that(!slices.Contains(ids[:i], id), "%s: %s is named twice", what, id.Short())
	}
}

func (c *checks) key(what string, k PublicKey) {
	c.that(k != PublicKey{}, "%s is missing", what)
}

func (c *checks) instant(what string, m Micros) {
	c.that(m > 0 && m <= MaxInstant, "%s: %d is not a time", what, m)
}

// span checks that a period begins before it ends and is not absurdly long.
func (c *checks) span(what string, from, until Micros, most time.Duration) {
	c.instant(what, from)
	c.instant(what, until)
	c.that(from <= until, "%s ends before it begins", what)
	c.that(until-from <= Micros(most.Microseconds()), "%s is longer than %d days", what, int(most.Hours()/24))
}

func (c *checks) day(what, s string) {
	t, err := time.Parse(dayForm, s)
	c.that(err == nil && t.Format(dayForm) == s && t.Year() >= 1900, "%s: %q is not a day such as 2026-11-20", what, s)
}

func (c *checks) recipient(what, s string) {
	c.that(strings.HasPrefix(s, "age1pq1") && len(s) <= MaxRecipient, "%s is not an age recipient of the hybrid kind (age1pq1…)", what)
	c.that(!strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }), "%s contains something that is not a letter or a digit", what)
}

// line checks one line of text for people: no control characters, trimmed.
func (c *checks) line(what, s string, most int) {
	ok := s != "" && len(s) <= most && utf8.ValidString(s) && strings.TrimSpace(s) == s &&
		!strings.ContainsFunc(s, unicode.IsControl)
	c.that(ok, "%s must be one line of 1 to %d bytes", what, most)
}

// attachments checks the fixed attachments of a body against the names allowed.
func (c *checks) attachments(list []Attachment, allowed ...string) {
	for i, a := range list {
		c.that(slices.Contains(allowed, a.Name), "attachment %q does not belong to this kind", a.Name)
		c.that(a.Bytes > 0 && a.Bytes <= MaxAttachmentBytes, "attachment %q: %d bytes, 1 to %d expected", a.Name, a.Bytes, MaxAttachmentBytes)
		named(c, "digest of attachment "+a.Name, a.SHA256)
		c.that(!slices.ContainsFunc(list[:i], func(b Attachment) bool { return b.Name == a.Name }), "attachment %q is given twice", a.Name)
	}
}

// day is the calendar day of an instant in UTC. Forms carry days, not times.
func (m Micros) day() string { return m.Time().Format(dayForm) }

// month is the calendar month of an instant in UTC, as birth months are written.
func (m Micros) month() string { return m.Time().Format(monthForm) }

// plus is the instant d later.
func (m Micros) plus(d time.Duration) Micros { return m + Micros(d.Microseconds()) }
