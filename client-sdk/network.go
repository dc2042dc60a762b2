package attune

import (
	"database/sql"
	"fmt"

	"github.com/go-json-experiment/json"
)

// FilmOver says over which networks film is sent. What was said and agreed always goes,
// over any: it is small, and a "stop" must not wait for somebody's Wi-Fi.
type FilmOver string

// The networks.
const (
	OverAny       FilmOver = "any"
	OverUnmetered FilmOver = "unmetered" // not over one that is paid for by volume
	OverAsk       FilmOver = "ask"       // when the person says so, each time
)

// NetworkPolicy is the person's choice for this device. The zero value is any network.
type NetworkPolicy struct {
	Film  FilmOver `json:"film"`
	Above int64    `json:"above_bytes"` // with no more than this left to send, a film goes all the same
}

// maxAbove is more than any film; above it a number was mistyped.
const maxAbove = 1 << 40

const settingNetwork = "network"

// Policy is over which networks this device sends film.
func (u *Uploader) Policy() (p NetworkPolicy, err error) {
	text, err := setting(u.d.store.db, settingNetwork)
	if err == nil && text != "" {
		err = json.Unmarshal([]byte(text), &p)
	}
	if p.Film == "" {
		p.Film = OverAny
	}
	return p, err
}

// SetPolicy keeps the person's choice. Errors: an [*Error] with [CodeInput].
func (u *Uploader) SetPolicy(p NetworkPolicy) error {
	switch p.Film {
	case "", OverAny, OverUnmetered, OverAsk:
	default:
		return problem(CodeInput, "Choose any, unmetered or ask.", "%q is no choice of networks.", p.Film)
	}
	if p.Above < 0 || p.Above > maxAbove {
		return problem(CodeInput, "Give it in MB, such as 20.", "A film cannot be that long.")
	}
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	err = u.d.store.write(func(tx *sql.Tx) error { return set(tx, settingNetwork, string(text)) })
	if err == nil {
		u.d.nudge()
	}
	return err
}

// Metered is what this machine says of its network now: whether it is paid for by volume,
// and whether it can tell.
func (u *Uploader) Metered() (metered, known bool) {
	if u.d.cfg.Metered == nil {
		return false, false
	}
	return u.d.cfg.Metered()
}

// network is the policy and the network as they are now.
type network struct {
	NetworkPolicy
	metered, known bool
}

func (u *Uploader) network() (n network, err error) {
	if n.NetworkPolicy, err = u.Policy(); err == nil && n.Film == OverUnmetered {
		n.metered, n.known = u.Metered() // asked for only where it matters
	}
	return n, err
}

// holds says what a film with so much left to send waits for; "" when it may go. A network
// that nobody can tell about counts as one that is paid for by volume: whoever chose this
// meant their own money, and one word sends the film all the same.
func (n network) holds(left int64, word bool) (waits UploadWaits, why string) {
	switch {
	case n.Film == OverAny || word || left <= n.Above:
		return "", ""
	case n.Film == OverAsk:
		return WaitsForWord, "This device asks you before it sends film. Send it: attune sync --film"
	case !n.known:
		return WaitsForNetwork, fmt.Sprintf("This device cannot tell whether its network is paid for by volume, so film above %d MB waits for your word. Send it: attune sync --film", n.Above/1e6)
	case n.metered:
		return WaitsForNetwork, fmt.Sprintf("This network is paid for by volume, and film above %d MB waits for another. Send it now all the same: attune sync --film", n.Above/1e6)
	}
	return "", ""
}
