package authz

import (
	"slices"

	"github.com/attune-vf/attune/policies"
	cedar "github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/types"
)

// facts is everything that the rules may look at for one request, worked out
// beforehand. Cedar's store cannot report an error, so nothing is looked up
// while the rules run: a lookup that failed would look like a thing without
// rules.
type facts struct {
	principal types.Entity
	action    types.EntityUID
	resource  types.Entity
	context   types.Record
	actions   map[types.EntityUID]types.Entity
}

// Get implements [types.EntityGetter].
func (f *facts) Get(uid types.EntityUID) (types.Entity, bool) {
	switch uid {
	case f.principal.UID:
		return f.principal, true
	case f.resource.UID:
		return f.resource, true
	}
	e, ok := f.actions[uid]
	return e, ok
}

// question is a request beside the state it is asked of.
type question struct {
	policies.Request
	org    *policies.Org
	family *policies.Family
	author policies.Author // of the statement
	known  *known
}

// load works out the facts, and is false when there is nothing to ask about.
func load(r policies.Request, o *policies.Org, f *policies.Family, k *known) (*facts, bool) {
	q := question{Request: r, org: o, family: f, known: k}
	if !q.Caller.Link.IsZero() && !q.asCarer() {
		return nil, false
	}
	if s := r.Statement; s != nil {
		if policies.Action(s.Kind) != r.Action || !q.signed() {
			return nil, false
		}
	}
	if q.purposeful() && !slices.Contains(policies.Purposes(), q.Purpose) {
		return nil, false
	}
	resource, ok := q.resource()
	if !ok {
		return nil, false
	}
	return &facts{
		principal: q.principal(), action: entity("Action", string(q.Action)),
		resource: resource, context: q.context(),
	}, true
}

// asCarer turns a carer's wish to watch into what it is: opening their link, asked
// again. Beside that a carer can ask us to stop, and nothing else.
func (q *question) asCarer() bool {
	if q.Link.IsZero() {
		q.Link = q.Caller.Link
	}
	if q.Action == policies.ActWatch {
		q.Action = policies.ActOpenLink
	}
	if q.Action != policies.ActOpenLink && q.Action != policies.ActStop || q.family == nil {
		return false
	}
	l := q.family.Links[q.Link]
	return l != nil && (q.Clip.IsZero() || q.Clip == l.Clip)
}

// signed finds the author. The rules judge who signed; who delivers it matters
// only when it is somebody else.
func (q *question) signed() bool {
	s := q.Statement
	if s.Kind == policies.KindRoot {
		q.author = policies.Author{Signer: policies.SignRoot}
		return true
	}
	if q.org == nil {
		return false
	}
	by, ok := q.org.Signer(s.Signer)
	q.author = by
	return ok
}

// resource is what the request is about, with its facts.
func (q *question) resource() (types.Entity, bool) {
	if find, ok := finders[q.Action]; ok {
		return find(q)
	}
	if q.Statement == nil {
		return types.Entity{}, false
	}
	row, ok := policies.RowOf(q.Statement.Kind)
	orgOnly := row.Family == nil && row.Kind != policies.KindFamilyOpen
	return record(orgOnly || row.Org != nil && q.inOrg()), ok
}

// finders is a constant: how to find what an action is about. Kinds of statement
// that are not listed are about the record they are in.
var finders = map[policies.Action]func(*question) (types.Entity, bool){
	policies.ActPull:      theRecord,
	policies.ActReadForm:  theRecord,
	policies.ActSearchLog: theLog,
	policies.ActExportLog: theLog,
	policies.ActVerifyLog: theLog,
	policies.ActUpload:    (*question).clip,
	policies.ActWatch:     (*question).clip,
	policies.ActCopy:      (*question).clip,
	policies.ActHeader:    (*question).key,
	policies.ActOpenLink:  (*question).link,
	policies.ActStop:      (*question).link,
	policies.ActShowLink:  (*question).link,
	"clip.add":            (*question).addedClip,
	"clip.stored":         (*question).disposal,
	"clip.mark":           (*question).disposal,
	"clip.destroy":        (*question).disposal,
	"link.create":         (*question).createdLink,
	"link.pin":            (*question).pinnedLink,
	"approval.grant":      (*question).approval,
	"viewer.add":          (*question).listing,
	"device.certify":      (*question).device,
	"staff.rekey":         (*question).device,
	"breakglass.open":     (*question).glass,
	policies.ActSweep:     theSessions,
}

func theRecord(q *question) (types.Entity, bool) { return record(q.family == nil), true }

func theLog(*question) (types.Entity, bool) {
	return types.Entity{UID: entity("Log", "access")}, true
}

func theSessions(q *question) (types.Entity, bool) {
	return thing(entity("Sessions", "ended"), types.RecordMap{"recovering": q.recovering()}), true
}

func record(organisation bool) types.Entity {
	return thing(entity("Record", "record"), types.RecordMap{"organisation": types.Boolean(organisation)})
}

// inOrg reports whether a statement is for the organisation's record, where its kind
// could be for a family's too.
func (q *question) inOrg() bool {
	return q.org != nil && q.Statement.Record == policies.RecordID(q.org.ID)
}

// approval is the request that is granted: of a family, or of a practitioner.
func (q *question) approval() (types.Entity, bool) {
	g, ok := bodyOf[policies.ApprovalGrant](q)
	if !ok {
		return types.Entity{}, false
	}
	requester := policies.StaffID{}
	if q.inOrg() {
		if a := q.org.Approvals[g.Request]; a != nil {
			requester = a.By
		}
	} else if q.family != nil {
		if a := q.family.Approvals[g.Request]; a != nil {
			requester = a.By
		}
	}
	return thing(entity("Approval", g.Request.String()), types.RecordMap{"requester": entity("Staff", requester.String())}), !requester.IsZero()
}

// purposeful: what is asked for is asked for a purpose.
func (q *question) purposeful() bool {
	return q.Action == policies.ActWatch || q.Action == policies.ActCopy
}

func (q *question) context() types.Record {
	m := types.RecordMap{"now": types.Long(q.Now)}
	if q.purposeful() {
		m["purpose"] = entity("Purpose", string(q.Purpose))
	}
	return types.NewRecord(m)
}

// bodyOf is the body of the statement asked about, decoded (a pointer) or written
// in a program (a value).
func bodyOf[B any](q *question) (B, bool) {
	var none B
	if q.Statement == nil {
		return none, false
	}
	switch b := q.Statement.Body.(any).(type) {
	case B:
		return b, true
	case *B:
		if b != nil {
			return *b, true
		}
	}
	return none, false
}

func entity(kind types.EntityType, id string) types.EntityUID {
	return cedar.NewEntityUID(kind, types.String(id))
}

func thing(uid types.EntityUID, attributes types.RecordMap) types.Entity {
	return types.Entity{UID: uid, Attributes: types.NewRecord(attributes)}
}
