package accesslog

import "testing"

func scanSeeds(t testing.TB) [][]byte {
	t.Helper()
	events := []Event{
		{Action: "log.open", Outcome: Refused, Nonce: Nonce{1}},
		{Index: 1<<53 - 1, At: 5, Action: "clip.view", Outcome: Allowed, Rules: []string{"VIEW-1", "VIEW-3"}, Nonce: Nonce{1},
			Subject: Pseudonym{15: 1}, Bundle: Digest{31: 1}.String(), Range: "eighth 3", Request: "<&>", Commitment: Digest{2},
			Accepted: &Acceptance{Statement: Digest{1}, Class: 255, Position: 9, Head: Digest{2}}},
	}
	var leaves [][]byte
	for _, e := range events {
		leaf, err := e.Encode()
		if err != nil {
			t.Fatal(err)
		}
		leaves = append(leaves, leaf)
	}
	return leaves
}

// The quick reader must know every ordinary leaf, or it is not quick.
func TestScanKnowsOrdinaryLeaves(t *testing.T) {
	for _, leaf := range scanSeeds(t) {
		if _, ok := scan(leaf); !ok {
			t.Errorf("not recognised: %s", leaf)
		}
	}
}

// agree fails when the quick reader takes what the strict one refuses.
func agree(t *testing.T, leaf []byte) {
	index, ok := scan(leaf)
	if !ok {
		return
	}
	if e, err := Decode(leaf); err != nil || e.Index != index {
		t.Errorf("scan = %d, decode = %d, %v: %q", index, e.Index, err, leaf)
	}
}

// Every byte of a leaf replaced by every other, dropped and doubled.
func TestScanAgreesOnEverySmallChange(t *testing.T) {
	for _, leaf := range scanSeeds(t) {
		for i := range leaf {
			agree(t, append(append([]byte{}, leaf[:i]...), leaf[i+1:]...))
			agree(t, append(append([]byte{}, leaf[:i+1]...), leaf[i:]...))
			for c := range 256 {
				changed := append([]byte{}, leaf...)
				changed[i] = byte(c)
				agree(t, changed)
			}
		}
	}
}

func FuzzScan(f *testing.F) {
	for _, leaf := range scanSeeds(f) {
		f.Add(leaf)
	}
	f.Fuzz(agree)
}
