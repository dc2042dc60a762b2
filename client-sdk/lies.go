package attune

import (
	"slices"

	"github.com/attune-vf/attune/client-sdk/wire"
)

// Codes of what no honest server does. Each is one thing that was wrong, so that
// whoever is told can say which; [CodeUntrusted] is left for what cannot be read at
// all, and [CodeSealed] for film and keys that are simply damaged.
const (
	CodeHidden       wire.Code = "statement_hidden"    // only a digest of what is never hidden from anybody
	CodeForged       wire.Code = "statement_forged"    // signed by nobody who could, or another than the feed says
	CodeBroken       wire.Code = "record_broken"       // something left out, added or put in another order
	CodeRolledBack   wire.Code = "record_rolled_back"  // a record that ends earlier, or goes another way, than this device saw
	CodeNotInLog     wire.Code = "not_in_log"          // a record that agrees with itself and not with the signed log
	CodeForked       wire.Code = "history_forked"      // two signed states of the log that contradict each other
	CodeLogOlder     wire.Code = "log_rolled_back"     // a signed state of the log that is older than one seen
	CodeLogUnsigned  wire.Code = "log_unsigned"        // a state of the log that this service did not sign
	CodeOtherService wire.Code = "other_service"       // another organisation than the invitation came from
	CodeAttachment   wire.Code = "attachment_swapped"  // a form, title or label that is not the one the statement names
	CodeFamilyKey    wire.Code = "family_key_swapped"  // an envelope with another key than the family's own
	CodeClipKey      wire.Code = "clip_key_swapped"    // the key of another clip
	CodeClipFilm     wire.Code = "clip_film_swapped"   // the film of another clip
	CodeFilmLength   wire.Code = "film_length"         // film shorter or longer than the statement says
	CodeOtherPart    wire.Code = "film_other_part"     // another range than was asked for
	CodeReceipt      wire.Code = "receipt_forged"      // an acknowledgement that proves nothing
	CodeOtherAnswer  wire.Code = "answer_misplaced"    // an answer about something else than was sent
	CodeUnshown      wire.Code = "statement_withheld"  // taken, with a receipt, and shown to nobody
	CodeNotStored    wire.Code = "not_stored"          // film that was said to be stored, and not signed for
	CodeFilm         wire.Code = "film_changed"        // film that does not open as what was sealed
	CodeNoCause      wire.Code = "dropped_no_cause"    // access ended, and nothing signed says so
	CodeLink         wire.Code = "link_secret_swapped" // address or PIN of another link
)

// lie is what a person is told of a code above: whom to tell, and whether what was
// wrong is kept to be shown to others.
type lie struct {
	code     wire.Code
	next     string
	evidence bool
}

const (
	nothingUsed = "Nothing of it was used, and what you have is kept. Sync again; if it stays, tell your IG officer."
	stopWorking = "Stop working with this server and tell your IG officer."
	notPlayed   = "It was not played. Tell your administrator and your IG officer."
)

// lies is a constant: every code of what no honest server does.
var lies = []lie{
	{CodeHidden, nothingUsed, true},
	{CodeForged, nothingUsed, true},
	{CodeBroken, nothingUsed, true},
	{CodeRolledBack, stopWorking, true},
	{CodeNotInLog, "Do not film for this family, and tell your IG officer. What you have is kept.", true},
	{CodeForked, stopWorking, true},
	{CodeLogOlder, stopWorking, true},
	{CodeLogUnsigned, nothingUsed, true},
	{CodeOtherService, "Do not go on with this invitation. Tell your registrar.", true},
	{CodeAttachment, nothingUsed, true},
	{CodeFamilyKey, "Tell your IG officer; do not film for this family until it is explained.", true},
	{CodeClipKey, notPlayed, true},
	{CodeClipFilm, notPlayed, true},
	{CodeFilmLength, notPlayed, true},
	{CodeOtherPart, "It was not used. Try again; if it stays, tell your administrator.", true},
	{CodeReceipt, "What you sent stays queued here. Sync again; if it stays, tell your IG officer.", true},
	{CodeOtherAnswer, "What you sent stays queued here. Sync again; if it stays, tell your administrator.", true},
	{CodeUnshown, stopWorking, true},
	{CodeNotStored, "It stays queued here, and is sent again with the next sync. If it stays so, tell your administrator.", true},
	{CodeFilm, notPlayed, true},
	{CodeNoCause, "What you have of it is kept. Tell your IG officer.", true},
	{CodeLink, "Make a new link, and tell your IG officer.", true},
}

// Lied reports whether err is something that no honest server does.
func Lied(err error) bool {
	code := CodeOf(err)
	return slices.ContainsFunc(lies, func(l lie) bool { return l.code == code })
}

// lied is an error of one of the codes above, with what is kept of it.
func lied(code wire.Code, shows exhibit, cause error, message string, args ...any) *Error {
	at := slices.IndexFunc(lies, func(l lie) bool { return l.code == code })
	e := problem(code, lies[at].next, message, args...).because(cause)
	if lies[at].evidence {
		shows.Code, shows.Says = code, e.Message
		if cause != nil {
			shows.Why = cause.Error()
		}
		e.shows = &shows
	}
	return e
}
