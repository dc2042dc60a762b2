package attune

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/attune-vf/attune/client-sdk/seal"
	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/policies"
)

// shelf reads what is kept of statements, of mirror and outbox alike, and opens
// what lies sealed beside them.
type shelf struct{ d *desk }

// envelopes are the attachments of one name anywhere in a family's record,
// newest first: an envelope may come with any team.add.
func (sh *shelf) envelopes(id policies.FamilyID, name string) (bodies [][]byte, err error) {
	err = each(sh.d.store.db, func(r *sql.Rows) error {
		var of string
		var b []byte
		err := r.Scan(&of, opens(sh.d.store, &b, "attachments", &of, &name))
		bodies = append(bodies, b)
		return err
	}, `SELECT a.statement, a.body FROM attachments a LEFT JOIN statements s ON s.id = a.statement LEFT JOIN outbox o ON o.id = a.statement
		WHERE a.name = $1 AND (s.record = $2 OR o.record = $2 OR o.id = $2)`, name, id.String())
	slices.Reverse(bodies)
	return bodies, err
}

// fixed reads an attachment that a statement names by its digest, and checks it.
func (sh *shelf) fixed(id policies.StatementID, name string) ([]byte, error) {
	body, err := sh.d.store.attachment(sh.d.store.db, id.String(), name)
	if err != nil || body == nil {
		return nil, err
	}
	s, err := sh.statement(id)
	if err != nil {
		return nil, err
	}
	return body, checkFixed(s, name, body)
}

// statement reads a statement of mirror or outbox; its signature was checked, or
// made, before it was stored.
func (sh *shelf) statement(id policies.StatementID) (policies.Statement, error) {
	raw, err := sh.raw(id)
	if err != nil {
		return policies.Statement{}, err
	}
	return trusted(raw, sh.d)
}

func (sh *shelf) raw(id policies.StatementID) (raw string, err error) {
	var table string
	text := id.String()
	err = sh.d.store.db.QueryRow(`SELECT 'statements', raw FROM statements WHERE id = $1 AND raw <> ''
		UNION ALL SELECT 'outbox', raw FROM outbox WHERE id = $1 LIMIT 1`, text).Scan(&table, opensIn(sh.d.store, &raw, &table, &text))
	if errors.Is(err, sql.ErrNoRows) {
		return "", problem(CodeUnknown, "Sync, and try again.", "This device does not hold statement %s.", id.Short())
	}
	return raw, err
}

// label is what the family calls a person, "" when it cannot be opened.
func (sh *shelf) label(id policies.PersonID, keys ring) string {
	sealed, err := sh.fixed(policies.StatementID(id), "label")
	if err != nil || sealed == nil {
		return ""
	}
	text, err := seal.Open(sealed, keys...)
	if err != nil {
		return ""
	}
	return string(text)
}

// title opens a clip's title, "" when there is none or it does not open: a list
// with one unreadable title is more use than no list.
func (sh *shelf) title(f *policies.Family, id policies.ClipID, keys ring) string {
	sealed, err := sh.fixed(policies.StatementID(id), "title")
	if err != nil || sealed == nil {
		return ""
	}
	fileKey, err := sh.fileKey(f, id, keys)
	if err != nil {
		return ""
	}
	text, err := seal.OpenText(fileKey, sealed, titlePlace)
	if err != nil {
		return ""
	}
	return text
}

// fileKey opens the clip's key from a header written for one of the keys, and takes it
// only if it is the one to which clip.add commits: a server that swaps the headers of
// two clips of a family is found out here. A header that is not the clip's own is no
// reason to leave another one unread.
func (sh *shelf) fileKey(f *policies.Family, id policies.ClipID, keys ring) (key seal.FileKey, err error) {
	err = sh.none(f, id)
	for _, with := range keys {
		header, absent := sh.d.store.attachment(sh.d.store.db, id.String(), headerName(with.Recipient()))
		if absent != nil {
			return seal.FileKey{}, absent
		}
		if header == nil {
			continue
		}
		if key, err = sh.opened(f, id, header, with); err == nil {
			return key, nil
		}
	}
	return seal.FileKey{}, err
}

func (sh *shelf) opened(f *policies.Family, id policies.ClipID, header []byte, key seal.Identity) (seal.FileKey, error) {
	k, err := seal.OpenHeader(header, key)
	if err != nil {
		return k, sh.badKey(id, key.Recipient(), header,
			problem(CodeSealed, "It is fetched again with the next sync. If it stays, tell your administrator and your IG officer.",
				"The key of clip %s cannot be opened.", id.Short()).because(err))
	}
	if got := policies.Digest(seal.Commitment(k)); got != f.Clips[id].Payload.Commitment {
		return seal.FileKey{}, sh.badKey(id, key.Recipient(), header, otherKey(f, id, header, got))
	}
	return k, nil
}

// otherKey: the key opens to something else than clip.add commits to.
func otherKey(f *policies.Family, id policies.ClipID, header []byte, got policies.Digest) *Error {
	shows := exhibit{ID: id.String(), Record: policies.RecordID(f.ID),
		Expected: "commitment " + f.Clips[id].Payload.Commitment.String(), Got: "commitment " + got.String(),
		Sealed: []sealedThing{{"header", len(header), policies.DigestOf(header)}}}
	whose := "that of another clip"
	for _, other := range slices.SortedFunc(maps.Keys(f.Clips), compareIDs) {
		if f.Clips[other].Payload.Commitment == got {
			shows.About, whose = []policies.ClipID{other}, "that of clip "+other.Short()
		}
	}
	return lied(CodeClipKey, shows, nil, "The key that was sent with clip %s is %s.", id.Short(), whose)
}

// badKey doubts a key that does not open its clip, and asks for it again.
func (sh *shelf) badKey(id policies.ClipID, to seal.Recipient, header []byte, why *Error) error {
	if why.shows == nil {
		why.shows = &exhibit{Code: why.Code, Says: why.Message, ID: id.String(), Sealed: []sealedThing{{"header", len(header), policies.DigestOf(header)}}}
	}
	return sh.again(why, headerName(to), header)
}

// again keeps what shows the lie, doubts what came sealed under that name, and has the
// next sync begin anew: of what comes beside a statement the first stays, so that else
// one lie would shut out the truth for ever. Once for each: a colleague's broken device
// must not have this one fetch everything with every sync.
func (sh *shelf) again(why error, name string, bodies ...[]byte) error {
	err, fresh := sh.d.convict(why)
	if !fresh {
		return err
	}
	return errors.Join(err, sh.d.store.write(func(tx *sql.Tx) error {
		doubted, err := sh.beside(tx, name, bodies)
		if err != nil {
			return err
		}
		for _, of := range doubted {
			if _, err := tx.Exec(`INSERT INTO doubted (statement, name) VALUES ($1, $2) ON CONFLICT DO NOTHING`, of, name); err != nil {
				return err
			}
		}
		return set(tx, settingCursor, "")
	}))
}

// beside are the accepted statements that came with one of these bodies under that name.
func (sh *shelf) beside(q querier, name string, bodies [][]byte) (of []string, err error) {
	err = each(q, func(r *sql.Rows) error {
		var id string
		var b []byte
		if err := r.Scan(&id, opens(sh.d.store, &b, "attachments", &id, &name)); err != nil {
			return err
		}
		if slices.ContainsFunc(bodies, func(body []byte) bool { return bytes.Equal(body, b) }) {
			of = append(of, id)
		}
		return nil
	}, `SELECT statement, body FROM attachments WHERE name = $1 AND statement NOT IN (SELECT id FROM outbox)`, name)
	return of, err
}

// none says why there is no header here for this person.
func (sh *shelf) none(f *policies.Family, id policies.ClipID) error {
	if err := sh.d.keysGone(); err != nil {
		return err
	}
	if c := f.Clips[id]; c != nil && !c.Destroying.IsZero() {
		return problem(CodeNoKey, "Nothing brings it back. What was destroyed, and when: attune certificate list", "The film of clip %s was destroyed.", id.Short())
	}
	if !f.OnTeam(sh.d.me.Staff) && sh.listed(f) {
		return problem(CodeNoKey, "Sync later; a practitioner's device writes it when it next syncs, while the family agrees.",
			"There is no key to clip %s for you yet.", id.Short())
	}
	return problem(CodeNoKey, "Sync. If it stays, ask the family's team.", "There is no key for clip %s on this device.", id.Short())
}

// listed: this person is on the viewer list now.
func (sh *shelf) listed(f *policies.Family) bool {
	org := sh.d.mirror.Org()
	return org != nil && f.Listed(org, sh.d.me.Staff, policies.At(sh.d.now()))
}

// order numbers the statements of a record as they came, the outbox last, so
// that lists read in the order in which things happened.
func (sh *shelf) order(r policies.RecordID) (map[string]int, error) {
	order := map[string]int{}
	err := each(sh.d.store.db, func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		order[id] = len(order)
		return err
	}, `SELECT id FROM (SELECT id, position AS place FROM statements WHERE record = $1
		UNION ALL SELECT id, 1000000000 + seq FROM outbox WHERE record = $1 AND id NOT IN (SELECT id FROM statements)) ORDER BY place`, r.String())
	return order, err
}

// trusted verifies again what was verified when it was stored: cheap, and a
// changed database file is noticed.
func trusted(raw string, d *desk) (policies.Statement, error) {
	return statement.Verify([]byte(raw), func(kid policies.KeyID) (policies.PublicKey, bool) {
		if this := d.keys.this(); kid == policies.KeyID(this.id) {
			return publicKey(this.key), true
		}
		if o := d.mirror.Org(); o != nil {
			return o.Key(kid)
		}
		return policies.PublicKey{}, false
	})
}

// trustedBy is trusted, with the keys that an organisation has.
func trustedBy(raw string, o *policies.Org) (policies.Statement, error) {
	return statement.Verify([]byte(raw), o.Key)
}

// checkFixed holds an attachment against the digest in its statement's body; one
// that the body does not name is loose and passes.
func checkFixed(s policies.Statement, name string, body []byte) error {
	a, ok := s.Body.(policies.Attached)
	if !ok {
		return nil
	}
	for _, f := range a.Attachments() {
		if f.Name == name && (f.Bytes != int64(len(body)) || f.SHA256 != policies.DigestOf(body)) {
			return untrusted(fmt.Sprintf("%q beside statement %s is not what the statement names.", name, s.ID.Short()), nil)
		}
	}
	return nil
}
