package storage

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/accesslog"
	"github.com/attune-vf/attune/storage/rows"
)

// What nobody has to prove anything for can be sent a million times: each one an event
// would fill the disk, and with it stop the service. So what strangers are refused is
// counted by where it came from, and a minute of it is one event. A denial of somebody
// who is known is an event, and more than a person can cause in a minute is counted too.
//
// What an attacker gains: their refusals after the first of a minute do not stand one by
// one. What is accepted for that: a process that is killed loses the counts of a minute.
//
// Source: DESIGN §9, floods; audit notes §1.4, "what is one event".

const (
	// maxSources is how many addresses of one minute are told apart; the rest is one
	// number. With the longest detail an event is under 4 KB, 6 MB a day of attack.
	maxSources = 20

	// maxDenials is how many denials of one device, or of one link, are events in one
	// minute. A person reads none of them faster; a program that went round in circles,
	// or was taken over, reaches it within seconds.
	maxDenials = 200

	// maxCounted bounds what is remembered of devices and links past their events, and of
	// what they asked for. All are known to the service, so there are not many.
	maxCounted = 1000
)

// FloodAction and DenialsAction are what the log calls a minute of refusals that were
// counted: of strangers, and of one device or link.
const (
	FloodAction   = "strangers.refused"
	DenialsAction = "denials.counted"
)

// floods counts what is not logged one by one.
type floods struct {
	// key gives addresses a name that lasts as long as this process: two minutes of one
	// source can be told to be of one, and nobody finds the address from it again.
	key [32]byte

	// mu guards the fields below: what was counted since the last event of its kind.
	mu      sync.Mutex
	since   policies.Micros // the minute
	sources map[string]map[string]int64
	others  int64 // from sources beyond maxSources
	known   map[string]*denials
}

// denials are those of one device or link in the minute.
type denials struct {
	who    rows.Named
	logged int
	more   map[string]int64 // by action, past maxDenials
}

func newFloods() *floods {
	f := &floods{sources: map[string]map[string]int64{}, known: map[string]*denials{}}
	rand.Read(f.key[:])
	return f
}

// source is an address as the log may name it: a household or an office has a whole
// IPv6 /64, and whoever has one must not look like many.
func (f *floods) source(address string) string {
	if ip, err := netip.ParseAddr(address); err == nil && ip.Unmap().Is6() {
		if p, err := ip.WithZone("").Prefix(64); err == nil {
			address = p.String()
		}
	}
	mac := hmac.New(sha256.New, f.key[:])
	mac.Write([]byte(address))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:9])
}

// stranger counts a refusal of somebody who proved nothing. What is one of few words of
// this program, never the stranger's.
func (f *floods) stranger(address, what string) {
	name := f.source(address)
	f.mu.Lock()
	defer f.mu.Unlock()
	of := f.sources[name]
	if of == nil {
		if len(f.sources) == maxSources {
			f.others++
			return
		}
		of = map[string]int64{}
		f.sources[name] = of
	}
	of[what]++
}

// denied reports whether a denial of a known device or link is to be an event; else it
// has been counted.
func (f *floods) denied(key string, who rows.Named, action string, now policies.Micros) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.begin(now)
	d := f.known[key]
	if d == nil {
		if len(f.known) == maxCounted {
			return true
		}
		d = &denials{who: who, more: map[string]int64{}}
		f.known[key] = d
	}
	if d.logged < maxDenials {
		d.logged++
		return true
	}
	if _, kind := policies.RowOf(policies.Kind(action)); !kind && !slices.Contains(policies.Actions(), policies.Action(action)) {
		action = "another"
	}
	d.more[action]++
	return false
}

// begin starts the minute of now. Devices that had no more than their events are
// forgotten with theirs; what was counted waits for its event.
func (f *floods) begin(now policies.Micros) {
	if minute := now - now%policies.Minute; minute != f.since {
		f.since = minute
		maps.DeleteFunc(f.known, func(_ string, d *denials) bool { return len(d.more) == 0 })
		for _, d := range f.known {
			d.logged = 0
		}
	}
}

// tally is what was counted up to a moment.
type tally struct {
	sources map[string]map[string]int64
	others  int64
	known   map[string]denials
}

// take takes what was counted.
func (f *floods) take() tally {
	f.mu.Lock()
	defer f.mu.Unlock()
	t := tally{f.sources, f.others, map[string]denials{}}
	f.sources, f.others = map[string]map[string]int64{}, 0
	for key, d := range f.known {
		if len(d.more) > 0 {
			t.known[key] = *d
			d.more = map[string]int64{}
		}
	}
	return t
}

// put takes back what could not be written.
func (f *floods) put(t tally) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.others += t.others
	for name, counts := range t.sources {
		if f.sources[name] == nil && len(f.sources) == maxSources {
			f.others += total(counts)
			continue
		}
		f.sources[name] = sum(f.sources[name], counts)
	}
	for key, d := range t.known {
		if f.known[key] == nil {
			f.known[key] = &denials{who: d.who}
		}
		f.known[key].more = sum(f.known[key].more, d.more)
	}
}

func sum(a, b map[string]int64) map[string]int64 {
	out := maps.Clone(b)
	for what, n := range a {
		out[what] += n
	}
	return out
}

// events are a tally as the log has it.
func (t tally) events(now policies.Micros) (events []rows.Event) {
	if len(t.sources) > 0 {
		events = append(events, t.ofStrangers(now))
	}
	for _, key := range slices.Sorted(maps.Keys(t.known)) {
		d := t.known[key]
		events = append(events, rows.Event{
			At: int64(now), Action: DenialsAction, Outcome: accesslog.Denied, Subject: d.who,
			Range: fmt.Sprintf("%d more", total(d.more)), Detail: words(d.more) + "\n",
		})
	}
	return events
}

func (t tally) ofStrangers(now policies.Micros) rows.Event {
	all, lines := t.others, []string(nil)
	for _, name := range slices.SortedFunc(maps.Keys(t.sources), func(a, b string) int {
		return cmp.Or(cmp.Compare(total(t.sources[b]), total(t.sources[a])), strings.Compare(a, b))
	}) {
		all += total(t.sources[name])
		lines = append(lines, name+": "+words(t.sources[name]))
	}
	at := fmt.Sprintf("%d from %d", all, len(lines))
	if t.others > 0 {
		at += " and more" // how many more is not known: that is what bounds it
		lines = append(lines, fmt.Sprintf("others: %d", t.others))
	}
	return rows.Event{
		At: int64(now), Action: FloodAction, Outcome: accesslog.Refused, Range: at,
		Detail: strings.Join(lines, "; ") + "\n", // no address behind it
	}
}

func total(counts map[string]int64) (n int64) {
	for _, c := range counts {
		n += c
	}
	return n
}

func words(counts map[string]int64) string {
	var out []string
	for _, what := range slices.Sorted(maps.Keys(counts)) {
		out = append(out, fmt.Sprintf("%s %d", what, counts[what]))
	}
	return strings.Join(out, ", ")
}

// CountRefusal counts that somebody who proved nothing was refused. It writes nothing:
// see [Log.TellRefusals].
func (l *Log) CountRefusal(address, what string) { l.d.floods.stranger(address, what) }

// TellRefusals writes what was counted since it was last called: one event for all
// strangers, and one for each device or link that was denied more than a minute's events.
// Whoever runs the service calls it once a minute. What cannot be written is told with
// the next.
func (l *Log) TellRefusals(ctx context.Context) error {
	counted := l.d.floods.take()
	events := counted.events(l.d.now())
	if len(events) == 0 {
		return nil
	}
	err := l.d.rows.Write(ctx, func(tx *rows.Tx) error {
		for _, ev := range events {
			if _, _, err := tx.Log(ev); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		l.d.floods.put(counted)
		return fmt.Errorf("tell what was refused: %w", err)
	}
	return nil
}

// logAccess writes the event of an access, but for a denial beyond the bound, which is
// counted. It returns -1 then.
func (d *door) logAccess(tx *rows.Tx, c policies.Caller, ev rows.Event) (index int64, err error) {
	key := ""
	switch {
	case !c.Device.IsZero():
		key = c.Device.String()
	case !c.Link.IsZero():
		key = c.Link.String()
	}
	if ev.Outcome == accesslog.Denied && key != "" && !d.floods.denied(key, ev.Subject, ev.Action, d.now()) {
		return -1, nil
	}
	index, _, err = tx.Log(ev)
	return index, err
}
