package attune

import (
	"slices"
	"strings"
	"testing"

	"github.com/attune-vf/attune/policies"
)

// TestDice pins the ends of the word list, as the EFF prints it.
func TestDice(t *testing.T) {
	t.Parallel()
	for index, want := range map[int]int{0: 11111, 1: 11112, 6: 11121, 7775: 66666} {
		if got := dice(index); got != want {
			t.Errorf("dice(%d) = %d, want %d", index, got, want)
		}
	}
}

// TestWords holds words that were computed apart, in Python, from the text of
// DESIGN §4 and the EFF's list.
func TestWords(t *testing.T) {
	t.Parallel()
	var id policies.KeyID
	for i := range id {
		id[i] = byte(i)
	}
	want := strings.Fields("slicer recollect manicotti empty tableful residual")
	if got := Words(id); !slices.Equal(got, want) {
		t.Errorf("words = %v, want %v", got, want)
	}
}
