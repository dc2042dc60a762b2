package policies

import (
	"maps"
	"slices"
)

// Clone is a copy that shares nothing with the original, for a caller that folds
// several statements and may have to forget them again.
func (o *Org) Clone() *Org {
	n := *o
	n.Custodians = slices.Clone(o.Custodians)
	n.Retired = slices.Clone(o.Retired)
	n.Restorations = slices.Clone(o.Restorations)
	n.Staff = cloneMap(o.Staff, func(p *Staff) { p.Training = slices.Clone(p.Training) })
	n.Equipment = cloneMap(o.Equipment, func(*Equipment) {})
	n.Devices = cloneMap(o.Devices, func(*Device) {})
	n.Keys = maps.Clone(o.Keys)
	n.Approvals = cloneMap(o.Approvals, func(*OwnApproval) {})
	n.Deputies = cloneMap(o.Deputies, func(*Deputy) {})
	n.Certificates = cloneMap(o.Certificates, func(*Certificate) {})
	n.Allowed = cloneMap(o.Allowed, func(*Allowance) {})
	n.Adoptions, n.Plans, n.Standings = slices.Clone(o.Adoptions), cloneMap(o.Plans, func(*Plan) {}), cloneMap(o.Standings, func(*StandingWord) {})
	n.LetGo = cloneMap(o.LetGo, func(*RecordApproval) {})
	n.Ended = cloneMap(o.Ended, func(e *Ended) { e.Purged = slices.Clone(e.Purged) })
	n.HeldAll = cloneMap(o.HeldAll, func(*ServiceHold) {})
	n.Reinvites = cloneMap(o.Reinvites, func(*Reinvite) {})
	return &n
}

// Clone is a copy that shares nothing with the original.
func (f *Family) Clone() *Family {
	n := *f
	n.Team = cloneMap(f.Team, func(m *TeamMember) { m.Added = cloneGrants(m.Added) })
	n.Covers = cloneMap(f.Covers, func(c *Cover) { c.Knew = slices.Clone(c.Knew) })
	n.Recoveries = cloneMap(f.Recoveries, func(*Recovery) {})
	n.Turns, n.Wraps = cloneMap(f.Turns, func(*Turn) {}), slices.Clone(f.Wraps)
	n.People = cloneMap(f.People, func(p *Person) { p.Safe = cloneGrants(p.Safe) })
	n.Approvals = cloneMap(f.Approvals, func(a *Approval) { a.Granted = cloneGrants(a.Granted) })
	n.Consents = cloneMap(f.Consents, func(c *Consent) {
		c.Knew, c.People = slices.Clone(c.Knew), slices.Clone(c.People)
		c.Purposes, c.Viewers = slices.Clone(c.Purposes), slices.Clone(c.Viewers)
	})
	n.Sessions = maps.Clone(f.Sessions) // a session is made once and never changed: a family has hundreds
	n.Clips = cloneMap(f.Clips, func(c *Clip) {
		c.People, c.Knew, c.Purged = slices.Clone(c.People), slices.Clone(c.Knew), slices.Clone(c.Purged)
		c.Disposed = cloneOf(c.Disposed)
	})
	n.Links = cloneMap(f.Links, func(l *Link) { l.Knew = slices.Clone(l.Knew) })
	n.Withdrawn = maps.Clone(f.Withdrawn)
	n.Suspended = cloneMap(f.Suspended, func(s *Suspension) { s.People = slices.Clone(s.People) })
	n.Leaked = maps.Clone(f.Leaked)
	n.Gone = maps.Clone(f.Gone)
	n.Objections = cloneMap(f.Objections, func(o *Objection) { o.People = slices.Clone(o.People) })
	n.Decisions = cloneMap(f.Decisions, func(d *Decision) { d.Knew = slices.Clone(d.Knew) })
	n.Stops = cloneMap(f.Stops, func(s *Stop) { s.People = slices.Clone(s.People) })
	n.Authorised = cloneMap(f.Authorised, func(a *Authorisation) { a.Knew = slices.Clone(a.Knew) })
	n.Holds = cloneMap(f.Holds, func(h *Hold) {
		h.Clips, h.Sessions, h.People = slices.Clone(h.Clips), slices.Clone(h.Sessions), slices.Clone(h.People)
	})
	n.Released = maps.Clone(f.Released)
	n.Requests = cloneMap(f.Requests, func(r *LegalRequest) {
		r.People, r.Moves, r.Closed = slices.Clone(r.People), slices.Clone(r.Moves), cloneOf(r.Closed)
	})
	n.Cases = cloneMap(f.Cases, func(c *CaseState) { c.Knew = slices.Clone(c.Knew) })
	n.Closed = cloneOf(f.Closed)
	n.Summaries = cloneMap(f.Summaries, func(s *Summary) { s.Clips = slices.Clone(s.Clips) })
	n.Appraisals = cloneMap(f.Appraisals, func(a *Appraisal) { a.Clips, a.Knew = slices.Clone(a.Clips), slices.Clone(a.Knew) })
	n.Marks = cloneMap(f.Marks, func(m *Mark) { m.Authority, m.Knew = slices.Clone(m.Authority), slices.Clone(m.Knew) })
	n.Viewers = cloneMap(f.Viewers, func(l *Listing) { l.Knew = slices.Clone(l.Knew) })
	n.Glass = cloneMap(f.Glass, func(g *Glass) { g.Clips = slices.Clone(g.Clips) })
	n.Restrictions = maps.Clone(f.Restrictions)
	for k, list := range n.Restrictions {
		n.Restrictions[k] = slices.Clone(list)
	}
	return &n
}

// cloneMap copies a map of pointers; deep makes the rest of each copy its own. The copies
// lie in one piece of memory: a state is cloned for each statement of a push.
func cloneMap[K comparable, V any](m map[K]*V, deep func(*V)) map[K]*V {
	n, all := maps.Clone(m), make([]V, 0, len(m)) // a clone of the map has its keys in place: half the time
	for k, v := range n {
		all = append(all, *v)
		c := &all[len(all)-1]
		deep(c)
		n[k] = c
	}
	return n
}

// cloneOf copies what a pointer points at, which points at nothing itself.
func cloneOf[V any](p *V) *V {
	if p == nil {
		return nil
	}
	c := *p
	return &c
}

func cloneGrants(list []Grant) []Grant {
	n := slices.Clone(list)
	for i := range n {
		n[i].Knew = slices.Clone(n[i].Knew)
	}
	return n
}
