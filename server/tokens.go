package server

import (
	"crypto/sha256"
	"fmt"
	"sync"
	"time"

	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/policies"
)

// maxTokens bounds what is remembered, about 2 MiB: more devices than an
// authority has, each with several programs running.
const maxTokens = 8192

// tokens remembers verified bearer tokens until they end, so that a signature is
// checked once and not at each request, and so that one token's identifier
// cannot stand in another token.
type tokens struct {
	// mu guards the fields below.
	mu     sync.Mutex
	byHash map[[sha256.Size]byte]verified
	byID   map[tokenID][sha256.Size]byte
}

type verified struct {
	who   policies.Caller
	id    tokenID
	until time.Time
}

// tokenID is a token's jti, which its device draws.
type tokenID struct {
	device policies.DeviceID
	jti    string
}

func newTokens() *tokens {
	return &tokens{byHash: map[[sha256.Size]byte]verified{}, byID: map[tokenID][sha256.Size]byte{}}
}

// known returns the caller of a token that was verified and has not ended.
func (t *tokens) known(raw string, now time.Time) (policies.Caller, bool) {
	if len(raw) > statement.MaxTokenBytes {
		return policies.Caller{}, false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	v, ok := t.byHash[sha256.Sum256([]byte(raw))]
	return v.who, ok && now.Before(v.until)
}

// remember keeps a verified token. A second token with the identifier of one
// that is still in force is refused: two programs share one key, or somebody
// copied it.
func (t *tokens) remember(raw string, token statement.Token, who policies.Caller, now time.Time) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	hash, id := sha256.Sum256([]byte(raw)), tokenID{token.Device, token.ID}
	if other, ok := t.byID[id]; ok && other != hash && now.Before(t.byHash[other].until) {
		return fmt.Errorf("%w: jti was used by another token", statement.ErrToken)
	}
	t.makeRoom(now)
	t.byHash[hash] = verified{who: who, id: id, until: token.Expires.Add(statement.TokenLeeway)}
	t.byID[id] = hash
	return nil
}

// makeRoom forgets tokens that have ended, and when all are in force, the one
// that ends first: it is verified again when it comes again.
func (t *tokens) makeRoom(now time.Time) {
	if len(t.byHash) < maxTokens {
		return
	}
	var first [sha256.Size]byte
	var soonest time.Time
	for hash, v := range t.byHash {
		if !now.Before(v.until) {
			t.forget(hash, v)
			continue
		}
		if soonest.IsZero() || v.until.Before(soonest) {
			first, soonest = hash, v.until
		}
	}
	if len(t.byHash) >= maxTokens {
		t.forget(first, t.byHash[first])
	}
}

func (t *tokens) forget(hash [sha256.Size]byte, v verified) {
	delete(t.byHash, hash)
	if t.byID[v.id] == hash {
		delete(t.byID, v.id)
	}
}
