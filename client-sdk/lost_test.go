package attune

import (
	"encoding/json"
	"testing"

	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// TestAgainFitsItsProofs: what a service forgot is brought in requests that it takes, also
// where many records with a long past each come together.
func TestAgainFitsItsProofs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db, err := openStore(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	b := &returner{d: &desk{dir: dir, store: newStore(dir, db, policies.Digest{}), mirror: &Mirror{}, keys: &Keys{}}}
	var batch []lostOne
	for i := range byte(3) {
		record := policies.RecordID{i + 1}
		batch = append(batch, lostOne{id: policies.StatementID{i + 1}, record: record.String()})
		text, err := json.Marshal(wire.Evidence{Record: record, Proof: []policies.Digest{}, Links: make([]wire.Link, wire.MaxAgainLinks/2-1)})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(`INSERT INTO lost_proofs (name, evidence) VALUES ($1, $2)`, record.String(), string(text)); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []int{2, 1} {
		fits, proofs, err := b.provable(batch)
		if err != nil || len(fits) != want || len(proofs) != want {
			t.Fatalf("%d go with %d proofs, %v; want %d", len(fits), len(proofs), err, want)
		}
		batch = batch[len(fits):]
	}
}
