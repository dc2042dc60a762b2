package attune

import (
	"crypto/sha256"
	"math/big"
	"slices"
	"strings"

	"github.com/sethvargo/go-diceware/diceware"

	"github.com/attune-vf/attune/policies"
)

// wordCount is six: 77 bits, so that nobody can make a second certificate with
// the same words in a person's lifetime, and few enough to read out on the phone.
const wordCount = 6

// Words are the six words of a staff.certify, which the person who joined reads
// to the registrar: SHA-256("attune/words/v1" ‖ id) as a big-endian number, six
// times its remainder by 7776, in the EFF's large word list, last digit first.
//
// Source: DESIGN.md §4, People and devices; EFF large word list, 2016.
func Words(certificate policies.KeyID) []string {
	sum := sha256.Sum256(append([]byte("attune/words/v1"), certificate[:]...))
	n, size, index := new(big.Int).SetBytes(sum[:]), big.NewInt(7776), new(big.Int)
	list := diceware.WordListEffLarge()
	words := make([]string, wordCount)
	for i := range words {
		n.QuoRem(n, size, index)
		words[i] = list.WordAt(dice(int(index.Int64())))
	}
	return words
}

// dice writes 0 to 7775 as the five dice of the word list, 11111 to 66666.
func dice(index int) int {
	roll, place := 0, 1
	for range 5 {
		roll += (index%6 + 1) * place
		index, place = index/6, place*10
	}
	return roll
}

// sameWords compares as people write: any case, any space.
func sameWords(got, want []string) bool {
	return slices.Equal(strings.Fields(strings.ToLower(strings.Join(got, " "))), want)
}
