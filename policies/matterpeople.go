package policies

import "fmt"

// What waits in the organisation itself: words that nobody heard, and certificates
// about to end.

// Kinds of matter about people.
const (
	WordsWait       MatterKind = "words"       // somebody joined, or made a new key, and nobody heard their six words
	CertificateEnds MatterKind = "certificate" // of a person: a registrar renews it
	DeviceEnds      MatterKind = "device"      // that did not renew itself, as it does when it syncs
	DeviceCopied    MatterKind = "copy"        // of a device, or a backup of one, was in use beside it
)

// endingSoon is when a certificate that is about to end begins to be listed.
const endingSoon = 30 * 24 * Hour

// wordsWaiting lists who joined, or was given a new key, and is not confirmed.
func wordsWaiting(o *Org, p Pack, now Micros) (out []Matter) {
	for id, s := range o.Staff {
		if !s.Revoked.IsZero() || now >= s.Until {
			continue
		}
		m := Matter{Kind: WordsWait, Of: id.String(), For: []Role{HeadOfService, IGOfficer}, Due: s.InviteEnd,
			Text: "Somebody joined, and nobody has heard their six words.", Do: "Ring them on a number that you know, and confirm the words they read."}
		if _, ok := o.Waiting(id); ok {
			r := o.Reinvites[s.Again]
			m.Due, m.Text = r.Expires, "Somebody made a new key for a lost one, and nobody has heard its six words."
			m.Do = "A registrar in another role than the one who asked for it rings them, and confirms the words."
			out = append(out, m)
		} else if !s.Certified.IsZero() && !s.HasPowers() {
			out = append(out, m)
		}
	}
	return out
}

// certificatesEnding lists people whose certificate ends within thirty days, and
// devices that end before their person does.
func certificatesEnding(o *Org, _ Pack, now Micros) (out []Matter) {
	soon := func(until Micros) bool { return now < until && until-now < endingSoon }
	for id, s := range o.Staff {
		if s.HasPowers() && s.Revoked.IsZero() && soon(s.Until) {
			out = append(out, Matter{
				Kind: CertificateEnds, Of: id.String(), Since: s.Until - endingSoon, Due: s.Until, For: []Role{HeadOfService, IGOfficer},
				Text: fmt.Sprintf("The certificate of a member of staff ends on %s.", s.Until.day()),
				Do:   "If they still work here, renew it: attune staff renew.",
			})
		}
	}
	for id, d := range o.Devices {
		if s := o.Staff[d.Staff]; s.HasPowers() && s.Active(now) && d.Active(now) && !d.Waiting && soon(d.Until) && d.Until < s.Until {
			out = append(out, Matter{
				Kind: DeviceEnds, Of: id.String(), Since: d.Until - endingSoon, Due: d.Until, For: []Role{s.Role},
				Text: fmt.Sprintf("A device's certificate ends on %s.", d.Until.day()),
				Do:   "Sync on that device: it renews itself. Revoke it if it is no longer used.",
			})
		}
	}
	return out
}

// copiesFound lists devices whose work another one went on with, for as long as they are in
// force: their person restored a backup, or somebody else has a copy of their keys. Only
// the person knows which.
func copiesFound(o *Org, _ Pack, now Micros) (out []Matter) {
	for id, d := range o.Devices {
		if d.Copied == 0 || !d.Active(now) || !o.Staff[d.Staff].Active(now) {
			continue
		}
		out = append(out, Matter{
			Kind: DeviceCopied, Of: id.String(), Since: d.Copied, Due: d.Copied + copyWait, For: []Role{HeadOfService, IGOfficer},
			Text: "A device was in use twice, copied or restored from a backup, or it lost something that it had said.",
			Do:   "Ask its person. If it was not they who did it, revoke this device and have them replace their key. If nothing works on it any more, revoke it.",
		})
	}
	return out
}

// copyWait is how long it may wait: a copy in the wrong hands is a breach of personal data,
// which the regulator is told of within 72 hours.
//
// Source: UK GDPR Art 33(1).
const copyWait = 72 * Hour
