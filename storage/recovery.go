package storage

import (
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/accesslog"
	"github.com/attune-vf/attune/storage/rows"
)

// handOver puts the custodians' envelope beside the recovery.use that was confirmed just
// now: from there on it is the feed's to hand out, to who asked and nobody else. It is an
// event of its own. The envelope is that of the key in force, which opens those that it
// replaced.
func (j *judge) handOver(s policies.Statement, next folded, ruling policies.Ruling) error {
	b, ok := s.Body.(*policies.RecoveryConfirm)
	if !ok {
		return nil
	}
	f := next.family
	r := f.Recoveries[b.Use]
	there, err := j.tx.AttachmentNames(r.ID)
	if err != nil || len(there) > 0 { // confirmed before
		return err
	}
	all, err := j.tx.CameWith(f.KeyStatement())
	if err != nil {
		return err
	}
	name := "recovery/" + string(r.Pair)
	for _, a := range all {
		if a.Name != name {
			continue
		}
		ev := j.event(s, next, accesslog.Allowed, ruling)
		ev.Range = "1 attachment"
		ev.Detail = name + " for " + r.By.String() + "\n" + ev.Detail
		index, _, err := j.tx.Log(ev)
		if err != nil {
			return err
		}
		return j.tx.PutLateAttachment(r.ID, rows.Attachment{Name: name, Body: a.Body}, index)
	}
	return nil
}
