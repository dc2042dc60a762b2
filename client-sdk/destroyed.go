package attune

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/attune-vf/attune/client-sdk/certificate"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/accesslog"
)

// Destroyed tells what film was destroyed, and makes the certificates of it.
type Destroyed struct{ d *desk }

// Certified is a clip that was destroyed, as its certificate has it.
type Certified struct {
	Clip        policies.ClipID         `json:"clip"`
	Family      policies.FamilyID       `json:"family"`
	Reference   string                  `json:"reference"`
	Certificate policies.StatementID    `json:"certificate"`
	Ground      policies.DisposalGround `json:"ground"`
	At          time.Time               `json:"at"`
	Backup      string                  `json:"backup"`      // the last day on which a backup may hold it
	Received    int                     `json:"received"`    // devices that said that they let go of it
	Outstanding []policies.DeviceID     `json:"outstanding"` // and those that have not
}

// List is what was destroyed of a family, or of all on this device for a zero id; the
// newest first.
func (ds *Destroyed) List(family policies.FamilyID) ([]Certified, error) {
	org, err := ds.d.mirror.provisionalOrg()
	if err != nil {
		return nil, err
	}
	families, err := ds.d.mirror.allProvisional()
	if err != nil {
		return nil, err
	}
	out := []Certified{}
	for _, f := range families {
		if !family.IsZero() && f.ID != family {
			continue
		}
		for id, c := range f.Clips {
			if c.Disposed == nil {
				continue
			}
			said, silent := f.CouldOpen(org, id)
			out = append(out, Certified{id, f.ID, f.Reference, c.Disposed.ID, c.Disposed.Ground, c.Disposed.At.Time(), c.Disposed.Backup, len(said), some(silent)})
		}
	}
	slices.SortFunc(out, func(a, b Certified) int {
		return cmp.Or(b.At.Compare(a.At), cmp.Compare(a.Clip.String(), b.Clip.String()))
	})
	return out, nil
}

// Certificate gathers a clip's certificate, with a proof from the service that it stands in
// the log, and verifies it as a stranger would before it is given out. That it was asked for
// is an event of the log, as every taking out of it is: for IG officers.
//
// Errors: an [*Error] with [CodeUnknown] when the clip was not destroyed, as far as this
// device knows.
func (ds *Destroyed) Certificate(ctx context.Context, clip policies.ClipID) (c certificate.File, err error) {
	all, err := ds.List(policies.FamilyID{})
	if err != nil {
		return c, err
	}
	i := slices.IndexFunc(all, func(x Certified) bool { return x.Clip == clip })
	if i < 0 {
		return c, problem(CodeUnknown, "See what was destroyed: attune certificate list. Sync first, if it was only just now.", "There is no certificate for clip %s here.", clip.Short())
	}
	of := all[i]
	raw, err := ds.d.shelf.raw(of.Certificate)
	if err != nil {
		return c, err
	}
	s, err := trusted(raw, ds.d)
	if err != nil {
		return c, err
	}
	body, ok := s.Body.(*policies.ClipDispose)
	if !ok {
		return c, untrusted("What this device has as the certificate is another statement.", nil)
	}
	c = certificate.File{
		Format: certificate.Format, Organisation: ds.d.me.Org, Family: of.Family, Certificate: s.ID, Body: *body, Statement: raw,
		Devices: certificate.Devices{AsOf: certificate.Stamp(policies.At(ds.d.now())), Outstanding: of.Outstanding, Received: []certificate.Receipt{}},
	}
	if c.Chain, err = ds.chain(); err != nil {
		return c, err
	}
	if c.Devices.Received, err = ds.receipts(of); err != nil {
		return c, err
	}
	var at policies.Micros
	if c.Proof, at, err = ds.prove(ctx, s.ID); err != nil {
		return c, err
	}
	c.Accepted = certificate.Stamp(at)
	c.Ends = certificate.NewEnds(*body, c.Devices)
	if _, err := c.Verify(); err != nil {
		return c, untrusted("The certificate that this makes does not hold.", err)
	}
	return c, nil
}

// chain is org.root, and every server.certify there was, in order.
func (ds *Destroyed) chain() (out []string, err error) {
	err = ds.each(policies.RecordID(ds.d.me.Org), func(raw string, s policies.Statement, _ policies.Micros) error {
		if s.Kind == policies.KindRoot || s.Kind == "server.certify" {
			out = append(out, raw)
		}
		return nil
	})
	return out, err
}

// receipts are the words of the devices that let go of a clip, the last of each.
func (ds *Destroyed) receipts(of Certified) ([]certificate.Receipt, error) {
	org, err := ds.d.mirror.provisionalOrg()
	if err != nil {
		return nil, err
	}
	families, err := ds.d.mirror.allProvisional()
	if err != nil {
		return nil, err
	}
	said, _ := families[of.Family].CouldOpen(org, of.Clip)
	words := map[policies.DeviceID]certificate.Receipt{}
	note := func(raw string, s policies.Statement, at policies.Micros) error {
		b, ok := s.Body.(*policies.DevicePurged)
		if ok && (b.Clip.IsZero() || b.Clip == of.Clip) {
			device := policies.DeviceID(s.Signer)
			if old, exact := words[device], b.Clip == of.Clip; old.Statement == "" || exact {
				words[device] = certificate.Receipt{Device: device, At: certificate.Stamp(at), Statement: raw}
			}
		}
		return nil
	}
	err = errors.Join(ds.each(policies.RecordID(ds.d.me.Org), note), ds.each(policies.RecordID(of.Family), note))
	out := make([]certificate.Receipt, 0, len(said))
	for _, device := range said {
		r := words[device]
		r.Device = device
		out = append(out, r)
	}
	return out, err
}

// each gives the statements of a record that this device may see, in order.
func (ds *Destroyed) each(record policies.RecordID, fn func(raw string, s policies.Statement, at policies.Micros) error) error {
	return each(ds.d.store.db, func(r *sql.Rows) error {
		var id, raw string
		table := "statements"
		var at policies.Micros
		if err := r.Scan(&id, &at, opensIn(ds.d.store, &raw, &table, &id)); err != nil {
			return err
		}
		s, err := trusted(raw, ds.d)
		if err != nil {
			return err
		}
		return fn(raw, s, at)
	}, `SELECT id, at, raw FROM statements WHERE record = $1 AND raw <> '' ORDER BY position`, record.String())
}

// prove has the service prove that a statement stands in its log, against what this device
// knows of the log.
func (ds *Destroyed) prove(ctx context.Context, id policies.StatementID) (p certificate.Proof, at policies.Micros, err error) {
	before, err := recall(ds.d.store.db)
	if err != nil {
		return p, 0, err
	}
	q := url.Values{"object": {id.String()}, "action": {"clip.dispose"}}
	if before.Size > 0 {
		q.Set("checkpoint", strconv.FormatInt(before.Size, 10))
	}
	reply, err := ds.d.remote.send(ctx, http.MethodGet, "/v1/log/export?"+q.Encode(), http.Header{}, nil)
	if err != nil {
		return p, 0, err
	}
	defer reply.Body.Close()
	in := bufio.NewReaderSize(reply.Body, wire.MaxExportLine)
	for {
		raw, err := in.ReadSlice('\n')
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = errCut
			}
			return p, 0, problem(CodeOffline, "Try again; nothing was written.", "The server's answer was cut or could not be read.").because(err)
		}
		var line wire.ExportLine
		if err := wire.Decode(bytes.NewReader(raw), wire.MaxExportLine, &line); err != nil {
			return p, 0, untrusted("The export holds a line that is no row.", err)
		}
		switch {
		case line.Start != nil && p.Checkpoint == "":
			if _, err := (witness{ds.d}).prove(ds.d.mirror.Org(), before, line.Start.Proven); err != nil {
				return p, 0, err
			}
			p.Checkpoint = line.Start.Proven.Checkpoint
		case line.Row != nil && p.Leaf == "":
			e, err := accesslog.Decode([]byte(line.Row.Leaf))
			if err != nil {
				return p, 0, untrusted("A row of the log cannot be read.", err)
			}
			p.Index, p.Leaf, p.Path, at = line.Row.Index, line.Row.Leaf, line.Row.Proof, policies.Micros(e.At)
		case line.End != nil && p.Leaf != "":
			return p, at, nil
		default:
			return p, 0, untrusted("The service does not show the certificate in its log.", nil)
		}
	}
}
