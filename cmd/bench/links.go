package main

import (
	"bytes"
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"time"
)

// linkRows measures whether the time of an answer tells why a link does not open:
// the words are the same for all, see PROTOCOL.md. On loopback, against the real
// server, it is far easier to tell than over any network.
func linkRows(ctx context.Context, w *workshop) (rows []Row, err error) {
	rounds, each := 2000, 8
	if w.quick {
		rounds, each = 100, 2
	}
	s, err := w.newService(ctx, filepath.Join(w.root, "client-sdk", "film", "testdata", "visit.mp4"))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	kinds, err := s.endings(ctx, each)
	if err != nil {
		return nil, err
	}
	times, err := askAll(ctx, s.address(), kinds, rounds)
	if err != nil {
		return nil, err
	}
	return linkTable(kinds, times), nil
}

// ending is one way in which a link does not open, with what is sent for it.
type ending struct {
	name string
	tries
}

// tries makes the path and body of the n-th try.
type tries func(n int) (path string, body []byte)

// endings makes each kind of link, count of each, so that no one row of the
// database is always at hand. The first and the last kind are the same: how far
// they are apart is what the machine itself adds.
func (s *service) endings(ctx context.Context, count int) ([]ending, error) {
	links, err := s.share(ctx, 3*count, 1)
	if err != nil {
		return nil, err
	}
	revoked, expired, living := links[:count], links[count:2*count], links[2*count:]
	for _, l := range revoked {
		err = errors.Join(err, s.as(ctx, nil, "link", "revoke", l.ID))
	}
	err = errors.Join(err, s.as(ctx, nil, "sync"), s.stop())
	for _, l := range expired {
		err = errors.Join(err, s.expire(ctx, l.ID))
	}
	if err = errors.Join(err, s.start()); err != nil {
		return nil, err
	}
	unknown := func(n int) (string, []byte) {
		var token [16]byte
		rand.Read(token[:])
		return "/s/" + base64.RawURLEncoding.EncodeToString(token[:]) + "/open", opening(living[n%count].URL, living[n%count].PIN)
	}
	right := func(of []sharedLink) tries {
		return func(n int) (string, []byte) {
			return openPath(of[n%count].URL), opening(of[n%count].URL, of[n%count].PIN)
		}
	}
	wrongAuth := func(n int) (string, []byte) {
		return openPath(living[n%count].URL), opening(revoked[n%count].URL, revoked[n%count].PIN)
	}
	return []ending{{"unknown", unknown}, {"expired", right(expired)}, {"revoked", right(revoked)},
		{"wrong auth", wrongAuth}, {"unknown again", unknown}}, nil
}

// expire lets a link's last day pass, in the stopped service's database: waiting
// for it would take a day, and the server has no clock to turn.
func (s *service) expire(ctx context.Context, link string) error {
	db, err := openSQLite(filepath.Join(s.data, "attune.db"))
	if err != nil {
		return err
	}
	defer db.Close()
	var id string
	var state []byte
	if err := db.QueryRowContext(ctx, `SELECT id, state FROM records WHERE kind = 'family'`).Scan(&id, &state); err != nil {
		return fmt.Errorf("read the family: %w", err)
	}
	family := map[string]any{}
	d := json.NewDecoder(bytes.NewReader(state))
	d.UseNumber()
	if err := d.Decode(&family); err != nil {
		return fmt.Errorf("read the family: %w", err)
	}
	links, _ := family["links"].(map[string]any)
	held, ok := links[link].(map[string]any)
	if !ok || held["expires"] == nil {
		return fmt.Errorf("the family's state has no link %s with an end", link)
	}
	held["expires"] = time.Now().Add(-time.Hour).UnixMicro()
	if state, err = json.Marshal(family); err != nil {
		return err
	}
	return one(db.ExecContext(ctx, `UPDATE records SET state = $1 WHERE id = $2`, state, id))
}

func one(r sql.Result, err error) error {
	if err != nil {
		return err
	}
	if n, err := r.RowsAffected(); err != nil || n != 1 {
		return fmt.Errorf("%d rows changed, want 1: %w", n, err)
	}
	return nil
}

func openPath(link string) string {
	page, _, _ := strings.Cut(link, "#")
	return page[strings.Index(page, "/s/"):] + "/open"
}

// opening is the body of POST /s/{token}/open. Source: PROTOCOL.md.
func opening(link, pin string) []byte {
	_, fragment, _ := strings.Cut(link, "#")
	secret, err := base64.RawURLEncoding.DecodeString(fragment[1:44])
	if err != nil {
		panic("bench: attune printed a link that is none: " + link)
	}
	mac := hmac.New(sha256.New, derived(secret, "attune/link/pin/v1"))
	mac.Write([]byte(pin))
	text := base64.RawURLEncoding.EncodeToString
	return fmt.Appendf(nil, `{"auth":%q,"pin":%q}`, text(derived(secret, "attune/link/auth/v1")), text(mac.Sum(nil)))
}

func derived(secret []byte, label string) []byte {
	key, err := hkdf.Key(sha256.New, secret, nil, label, 32)
	if err != nil { // only a length above 255 hashes can fail
		panic("bench: hkdf: " + err.Error())
	}
	return key
}

// linkTable tells each kind, then how well one answer tells the worst of them
// from an unknown link.
func linkTable(kinds []ending, times [][]float64) []Row {
	const how = "loopback, keep-alive, from sending to the first byte; min and max are the quartiles; expired and revoked with the right proof"
	var rows []Row
	for k, t := range times {
		r := alone("link that is "+kinds[k].name, "µs", t).under(how)
		r.Min, r.Max, r.OursAll = quantile(t, 0.25), quantile(t, 0.75), nil
		rows = append(rows, r)
	}
	base, again := times[0], times[len(times)-1]
	spread := max(quantile(base, 0.75)-quantile(base, 0.25), 0.001) // the clock counts nanoseconds
	apart := func(t []float64) float64 { return math.Abs(median(t)-median(base)) / spread }
	tells := func(t []float64) float64 { return 0.5 + math.Abs(told(t, base)-0.5) }
	var worstApart, worstTold float64
	detail := map[string]map[string]float64{}
	for k := 1; k < len(times)-1; k++ {
		worstApart, worstTold = max(worstApart, apart(times[k])), max(worstTold, tells(times[k]))
		detail[kinds[k].name] = map[string]float64{"medians apart, in quartile distances": apart(times[k]), "told": told(times[k], base)}
	}
	share := func(what, unit string, ours, noise float64, how string) Row {
		r := Row{What: what, Unit: unit, Ours: ours, Peer: noise, Min: ours, Max: ours, Runs: len(base), Conditions: how, Detail: detail}
		if noise > 0 {
			r.Ratio = ours / noise
		}
		return r
	}
	return append(rows,
		share("links: medians furthest apart", "IQR", worstApart, apart(again), "in quartile distances of the unknown link; the peer is unknown against unknown"),
		share("links: one answer tells the kind", "share", worstTold, tells(again),
			"share of pairs in which the slower is the same kind (Mann-Whitney), 0.5 is chance; the peer is unknown against unknown"))
}
