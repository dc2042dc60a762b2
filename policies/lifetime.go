package policies

import "time"

// lifetime is how long what a statement gives would last, and how long the service
// lets it.
type lifetime struct {
	what        string
	from, until Micros // from 0: from its acceptance
	days        Figure
	months      Figure // where days has no value
	hours       Figure // where neither has
}

// A body that gives something until a time says so here, beside its Check: the fold
// holds it to the bound that no pack may exceed, and the server to the pack's figure.

func (b ViewerAdd) lasts(p Pack) lifetime {
	return lifetime{what: "the viewing", until: b.Until, days: p.ViewingDays}
}

func (b LinkCreate) lasts(p Pack) lifetime {
	return lifetime{what: "the link", until: b.Expires, days: p.LinkDays}
}

func (b StaffInvite) lasts(p Pack) lifetime {
	return lifetime{what: "the invitation", until: b.Expires, days: p.InviteDays}
}

func (b StaffReinvite) lasts(p Pack) lifetime {
	return lifetime{what: "the invitation", until: b.Expires, days: p.InviteDays}
}

func (b StaffRenew) lasts(p Pack) lifetime {
	return lifetime{what: "the certificate", until: b.Until, months: p.CertMonths}
}

func (b StaffCertify) lasts(p Pack) lifetime {
	return lifetime{what: "the certificate", until: b.Until, months: p.CertMonths}
}

func (b DeviceCertify) lasts(p Pack) lifetime {
	return lifetime{what: "the certificate of the device", until: b.Until, months: p.CertMonths}
}

func (b ApprovalRequest) lasts(p Pack) lifetime {
	return lifetime{what: "the period of filming", from: b.From, until: b.Until, months: p.ApprovalMonths}
}

func (b ConsentSign) lasts(p Pack) lifetime {
	return lifetime{what: "the consent", from: b.From, until: b.Until, months: p.ConsentMonths}
}

func (b BreakglassOpen) lasts(p Pack) lifetime {
	return lifetime{what: "the time to watch", until: b.Until, hours: p.Clocks.Breakglass}
}

// Bounded reports whether a body gives something until a time, which [Pack.Within]
// holds against a figure.
func Bounded(body Body) bool {
	_, ok := body.(interface{ lasts(Pack) lifetime })
	return ok
}

// Within refuses what would last longer than the service's figure, and a day: a date
// means its last instant, wherever it was given, and an honest clock may be ahead. What
// is counted in hours is no date, and has an hour to spare. A
// pack without the figure sets no bound of its own. Nil for what lasts for good.
func (p Pack) Within(body Body, accepted Micros) error {
	b, ok := body.(interface{ lasts(Pack) lifetime })
	if !ok {
		return nil
	}
	l := b.lasts(p)
	from, span := accepted, Figure{}
	if l.from != 0 {
		from = l.from
	}
	end, unit, spare := from.Time(), "days", 24*time.Hour
	switch {
	case l.days.Value > 0:
		span, end = l.days, end.AddDate(0, 0, l.days.Value)
	case l.months.Value > 0:
		span, end, unit = l.months, end.AddDate(0, l.months.Value, 0), "months"
	case l.hours.Value > 0:
		span, end, unit, spare = l.hours, end.Add(time.Duration(l.hours.Value)*time.Hour), "hours", Skew
	default:
		return nil
	}
	if !l.until.Time().After(end.Add(spare)) {
		return nil
	}
	return notPossible("%s may last %d %s at most here", l.what, span.Value, unit)
}
