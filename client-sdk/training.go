package attune

import (
	"time"

	"github.com/attune-vf/attune/policies"
)

// Train records what somebody is trained in, and until when; the last record for a
// programme counts. A trainee has a supervisor, who was recorded as one before; the
// zero supervisor means none. For a registrar.
func (s *Staff) Train(who policies.StaffID, programme policies.Programme, level policies.Level, until time.Time, supervisor policies.StaffID) error {
	if level == policies.Trainee && supervisor.IsZero() {
		return problem(CodeInput, "Name who supervises them.", "A trainee needs a supervisor.")
	}
	body := policies.StaffTrain{Staff: who, Programme: programme, Level: level, Until: policies.At(until), Supervisor: supervisor}
	_, err := s.d.outbox.file(draft{policies.RecordID(s.d.me.Org), "staff.train", body, nil})
	return err
}

// TrainingView is what is recorded of somebody in one programme, and whether it lets
// them make film now.
type TrainingView struct {
	policies.Training
	SupervisorName string `json:"supervisor_name"`
	Soon           bool   `json:"soon"`         // it ends within sixty days, or has ended
	Over           bool   `json:"over"`         // the accreditation has ended
	Unsupervised   bool   `json:"unsupervised"` // a trainee whose supervisor is not in force
}

// trainings is what is recorded of somebody; empty when nothing is, which stops nobody.
func (s *Staff) trainings(org *policies.Org, id policies.StaffID) ([]TrainingView, error) {
	out, now := []TrainingView{}, policies.At(s.d.now())
	for _, t := range org.Staff[id].Training {
		inTime, supervised := org.MayMakeFilm(id, t.Programme, now)
		v := TrainingView{Training: t, Soon: t.Ending(now), Over: !inTime, Unsupervised: !supervised}
		if org.Staff[t.Supervisor] != nil {
			label, err := s.d.shelf.fixed(policies.StatementID(t.Supervisor), "label")
			if err != nil {
				return nil, err
			}
			v.SupervisorName = policies.LabelName(label)
		}
		out = append(out, v)
	}
	return out, nil
}
