package policies

import (
	"slices"
	"time"
)

// Training says what somebody is trained in, as the programme's own body certified
// it: a trainee under a supervisor, an accredited practitioner, a supervisor; until
// the day on which that ends.
//
// Nobody who is recorded as no longer accredited, or as a trainee whom nobody
// supervises, asks to film or adds film. Somebody of whom nothing is recorded is not
// stopped: a service that begins has its papers elsewhere, and a rule that refuses
// everyone on the first day is switched off on the second. They are shown as such.
// Film is judged by the time when it was made, so that what was made in time may
// arrive late; watching and reviewing film that exists is never stopped by training.
//
// Source: NICE NG26, getting started: a trained health or social care worker; domain
// notes, section 1.1: accreditation, and supervision of trainees.

// Training is what is recorded of one person in one programme; the last counts.
type Training struct {
	Programme  Programme   `json:"programme"`
	Level      Level       `json:"level"`
	Until      Micros      `json:"until"`
	Supervisor StaffID     `json:"supervisor"` // zero where none is needed
	Recorded   StatementID `json:"recorded"`   // staff.train
	At         Micros      `json:"at"`         // when it was recorded
}

// Level is how far somebody is trained.
type Level string

// The levels.
const (
	Trainee     Level = "trainee"
	Accredited  Level = "accredited"
	Supervising Level = "supervisor"
)

// Levels lists every Level.
func Levels() []Level { return []Level{Trainee, Accredited, Supervising} }

// StaffTrain is the body of staff.train.
type StaffTrain struct {
	Staff      StaffID   `json:"staff"`
	Programme  Programme `json:"programme"`
	Level      Level     `json:"level"`
	Until      Micros    `json:"until"`      // the end of the accreditation, or of the training
	Supervisor StaffID   `json:"supervisor"` // zero where there is none
}

// MaxTraining is how far ahead the end of an accreditation may lie: beyond that it
// is a slip of the hand.
const MaxTraining = 5 * 366 * 24 * time.Hour

// Check implements [Body].
func (b StaffTrain) Check() error {
	var c checks
	named(&c, "the person", b.Staff)
	word(&c, "programme", b.Programme, Programmes())
	word(&c, "level", b.Level, Levels())
	c.instant("the end of the accreditation", b.Until)
	c.that(b.Level != Trainee || !b.Supervisor.IsZero(), "a trainee needs a supervisor")
	c.that(b.Supervisor != b.Staff, "nobody supervises themselves")
	return c.err
}

// trainStaff takes an end that is over too: an accreditation may have ended early.
func trainStaff(o *Org, a act[StaffTrain]) (Changes, error) {
	b := a.Said
	p, over := o.Staff[b.Staff], o.Staff[b.Supervisor]
	switch {
	case p == nil:
		return Changes{}, missing("the invitation", b.Staff)
	case p.Role == IGOfficer || p.Role == Operator:
		return Changes{}, notPossible("training is recorded of those who film or supervise")
	case b.Until > a.Now.plus(MaxTraining):
		return Changes{}, notPossible("an accreditation that ends in more than five years is a slip; check the year")
	case !b.Supervisor.IsZero() && over == nil:
		return Changes{}, missing("the supervisor's invitation", b.Supervisor)
	case !b.Supervisor.IsZero() && !o.supervises(over, b.Programme, a.Now):
		return Changes{}, notPossible("this supervisor is not certified here, or not recorded as a supervisor of this programme; record that first")
	}
	// A new list: folded states share what nobody has changed.
	p.Training = append(slices.DeleteFunc(slices.Clone(p.Training), func(t Training) bool { return t.Programme == b.Programme }),
		Training{Programme: b.Programme, Level: b.Level, Until: b.Until, Supervisor: b.Supervisor, Recorded: a.ID, At: a.Now})
	slices.SortFunc(p.Training, func(x, y Training) int {
		return slices.Index(Programmes(), x.Programme) - slices.Index(Programmes(), y.Programme)
	})
	return Changes{}, nil
}

// Ending reports whether it ends so soon that somebody should see to it, or has ended.
func (t Training) Ending(now Micros) bool { return now >= t.Until-trainingSoon }

// TrainedIn is what is recorded of a person in a programme; false for nothing.
func (p *Staff) TrainedIn(programme Programme) (Training, bool) {
	if p == nil {
		return Training{}, false
	}
	i := slices.IndexFunc(p.Training, func(t Training) bool { return t.Programme == programme })
	if i < 0 {
		return Training{}, false
	}
	return p.Training[i], true
}

// supervises reports whether somebody could supervise in a programme at a time:
// confirmed, their certificate in force then, and recorded as a supervisor.
func (o *Org) supervises(p *Staff, programme Programme, when Micros) bool {
	t, ok := p.TrainedIn(programme)
	left := p != nil && !p.Revoked.IsZero() && (p.LeftAt == 0 || when >= p.LeftAt)
	return ok && t.Level == Supervising && when < t.Until && p.HasPowers() && when < p.Until && !left
}

// MayMakeFilm reports whether training stands in the way of a person's film of a
// time: their accreditation was over, or they were a trainee whom nobody supervised.
// Nothing recorded stands in nobody's way.
func (o *Org) MayMakeFilm(who StaffID, programme Programme, when Micros) (inTime, supervised bool) {
	t, ok := o.Staff[who].TrainedIn(programme)
	if !ok {
		return true, true
	}
	return when < t.Until, t.Level != Trainee || o.supervises(o.Staff[t.Supervisor], programme, when)
}

// MaySupervise reports whether what is recorded of a person lets them watch for
// supervision in a programme: that they supervise it, or nothing at all.
//
// Source: AVIGuk code (domain notes, section 1.1): supervision is with a registered
// supervisor.
func (o *Org) MaySupervise(who StaffID, programme Programme, now Micros) bool {
	t, ok := o.Staff[who].TrainedIn(programme)
	return !ok || t.Level == Supervising && now < t.Until
}

// The matters of training.
const (
	TrainingEnds     MatterKind = "training.ends"
	TraineeUncovered MatterKind = "training.supervisor"
)

// trainingSoon is how early the end of an accreditation is told: a course and its
// paper take weeks.
const trainingSoon = 60 * 24 * Hour

func trainingMatters(o *Org, _ Pack, now Micros) []Matter {
	var out []Matter
	for id, p := range o.Staff {
		for _, t := range p.Training {
			if !p.Active(now) {
				continue
			}
			m := Matter{Of: id.String(), For: slices.Clone(registrars)}
			if t.Ending(now) {
				m.Kind, m.Since, m.Due = TrainingEnds, t.Until-trainingSoon, t.Until
				m.Text, m.Do = "Somebody's accreditation ends on "+t.Until.day()+"; after that they make no film.", "Ask for the new certificate, and record it."
				if now >= t.Until {
					m.Text = "Somebody's accreditation ended on " + t.Until.day() + "; they make no film."
				}
				out = append(out, m)
			}
			if _, covered := o.MayMakeFilm(id, t.Programme, now); !covered {
				m.Kind, m.Since, m.Due = TraineeUncovered, t.At, 0
				m.Text, m.Do = "A trainee has no supervisor in force, and makes no film.", "Record who supervises them now."
				out = append(out, m)
			}
		}
	}
	return out
}
