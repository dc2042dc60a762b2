package fleet

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"path/filepath"
	"time"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/accesslog"
	"github.com/attune-vf/attune/storage/rows"
)

// Fill puts more statements straight into the tables of a service that is stopped,
// without the product's rules: other families' records, copied from one that was
// pushed, with leaves of the log that are as they should be. Nobody who is measured
// receives them; they are what an index must not be slowed down by.
func (s *Service) Fill(ctx context.Context, like *Family, statements int) (err error) {
	if s.server != nil {
		return errors.New("a service that runs cannot be filled")
	}
	db, err := rows.Open(ctx, filepath.Join(s.Data, "attune.db"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var template *policies.Family
	var of []rows.Statement
	err = db.Read(ctx, func(v *rows.View) (err error) {
		if template, err = v.Family(policies.FamilyID(like.Record)); err != nil {
			return err
		}
		of, err = v.Statements(like.Record, -1, 1<<40, statementsOfFill)
		return err
	})
	if err != nil {
		return err
	}
	state, err := json.Marshal(template)
	if err != nil {
		return err
	}
	for statements > 0 {
		err := db.Write(ctx, func(tx *rows.Tx) error {
			for n := 0; n < familiesOfFill && statements > 0; n++ {
				if err := fill(tx, state, of); err != nil {
					return err
				}
				statements -= len(of)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// familiesOfFill is how many go into one transaction: a million statements by one family
// at a time wait five thousand times for the disk.
const familiesOfFill = 25

// statementsOfFill is how long a copied record is: what a family's work comes to.
const statementsOfFill = 200

// fill writes one family's record under names of its own.
func fill(tx *rows.Tx, state []byte, of []rows.Statement) error {
	f := new(policies.Family)
	if err := json.Unmarshal(state, f); err != nil {
		return err
	}
	rand.Read(f.ID[:])
	rand.Read(f.Head[:])
	record, now := policies.RecordID(f.ID), policies.At(time.Now())
	var staff policies.StaffID
	var signer policies.PublicKey
	rand.Read(staff[:])
	rand.Read(signer[:])
	if err := tx.PutFamily(f); err != nil {
		return err
	}
	for i, s := range of {
		rand.Read(s.ID[:])
		rand.Read(s.Head[:])
		index, _, err := tx.Log(rows.Event{
			At: int64(now), Action: string(s.Kind), Outcome: accesslog.Done, Rules: []string{"STATE-PRACTITIONER"},
			Subject: rows.Named{Kind: rows.NamedStaff, ID: staff.String()},
			Family:  rows.Named{Kind: rows.NamedFamily, ID: f.ID.String()},
			Object:  rows.Named{Kind: rows.NamedStatement, ID: s.ID.String()},
			Detail:  "127.0.0.1", Request: "fill",
			Accepted: &accesslog.Acceptance{
				Statement: accesslog.Digest(s.ID), Class: int(s.Class), Position: s.Position,
				Head: accesslog.Digest(s.Head), OrgHead: accesslog.Digest(s.OrgHead),
			},
		})
		if err != nil {
			return err
		}
		s.Record, s.Index, s.At = record, index, now
		if err := errors.Join(tx.PutStatement(s), tx.PutNumber(signer, int64(i+1), s.ID)); err != nil {
			return err
		}
		if i == 0 {
			if err := tx.Join(record, staff, index); err != nil {
				return err
			}
		}
	}
	return nil
}
