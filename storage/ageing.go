package storage

import (
	"fmt"
	"strings"
	"time"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/accesslog"
	"github.com/attune-vf/attune/storage/rows"
)

// ageing says of events until when they are kept.
type ageing struct {
	from  ageReader
	org   *policies.Org
	pack  policies.Pack
	now   policies.Micros
	where *time.Location
	known map[string]aged // by the family's pseudonym
}

type ageReader interface {
	orgReader
	attachmentReader
	Family(policies.FamilyID) (*policies.Family, error)
	StandsFor(pseudonym string) (rows.Named, bool, error)
}

// aged is what is known of a family's events.
type aged struct {
	nobody  bool // the family is not known any more: each event goes by its own day
	because string
}

func (l *Log) newAgeing(from ageReader, where *time.Location) (*ageing, error) {
	o, err := l.d.org.read(from)
	if err != nil {
		return nil, err
	}
	pack, err := l.d.figures(from, o)
	return &ageing{from: from, org: o, pack: pack, now: l.d.now(), where: where, known: map[string]aged{}}, err
}

// plan goes through the events, bundle by bundle, until one has to stay.
func (a *ageing) plan(v *rows.View, plan *PrunePlan) error {
	plan.To, plan.families = plan.Kept, map[string]bool{}
	for plan.To+accesslog.TileWidth <= plan.Size {
		bundle, err := v.Ages(plan.To, plan.To+accesslog.TileWidth)
		if err != nil {
			return err
		}
		if len(bundle) != accesslog.TileWidth {
			return fmt.Errorf("rows %d to %d of the log are not all there; verify it", plan.To, plan.To+accesslog.TileWidth-1)
		}
		for _, e := range bundle {
			if plan.Because, err = a.stays(e); err != nil || plan.Because != "" {
				return err
			}
		}
		for _, e := range bundle {
			plan.families[e.Family] = true
		}
		plan.To += accesslog.TileWidth
	}
	return nil
}

// stays is why an event has to stay, "" when it can go.
func (a *ageing) stays(e rows.Aged) (string, error) {
	f, err := a.family(e.Family)
	if err != nil || !f.nobody {
		return f.because, err
	}
	on := policies.DayOf(policies.Micros(e.At), a.where)
	return a.past(fmt.Sprintf("event %d, about no family,", e.N), a.pack.StaffLogKeeping(a.org, on)), nil
}

// family works out once what keeps a family's events.
func (a *ageing) family(pseudonym string) (aged, error) {
	if out, ok := a.known[pseudonym]; ok {
		return out, nil
	}
	out, err := a.look(pseudonym)
	if err == nil {
		a.known[pseudonym] = out
	}
	return out, err
}

func (a *ageing) look(pseudonym string) (aged, error) {
	if pseudonym == "" {
		return aged{nobody: true}, nil
	}
	named, known, err := a.from.StandsFor(pseudonym)
	if err != nil {
		return aged{}, err
	}
	if !known {
		return aged{nobody: true}, nil
	}
	id, err := policies.ParseID[policies.Family](named.ID)
	if err != nil {
		return aged{}, err
	}
	f, err := a.from.Family(id)
	if err != nil || f == nil {
		return aged{nobody: true}, err
	}
	return aged{because: a.past("the log of family "+id.Short(), f.LogKeeping(a.org, a.pack, a.now, a.where))}, nil
}

// past is why something with this forecast stays today.
func (a *ageing) past(what string, f policies.Forecast) string {
	today := policies.DayOf(a.now, a.where)
	if f.Standing == policies.StandDated && f.Until.Before(today) {
		return ""
	}
	if f.Standing == policies.StandDated {
		what += " is kept until " + f.Until.String()
	} else {
		what += " stays (" + string(f.Standing) + ")"
	}
	return what + ". " + strings.Join(f.Reasons, " ")
}
