package attune

import (
	"database/sql"
	"errors"
	"strconv"
	"time"

	"github.com/attune-vf/attune/policies"
)

// UploadWaits says what a film waits for. The words are stable, for programs.
type UploadWaits string

// What a film waits for.
const (
	WaitsForSync     UploadWaits = "sync"     // nothing: it goes with the next
	WaitsForClip     UploadWaits = "clip"     // the service has not accepted its clip yet
	WaitsForDecision UploadWaits = "decision" // of a head of service, about what met a "stop" on its way
	WaitsForNetwork  UploadWaits = "network"  // that is not paid for by volume, as this device's policy says
	WaitsForWord     UploadWaits = "word"     // of the person: see [Uploader.Release]
	WaitsForService  UploadWaits = "service"  // it was refused when it was last tried, and each sync tries again
	WaitsForRetry    UploadWaits = "retry"    // it was stopped: see [Uploader.Retry]
)

// QueuedUpload is film on its way to the service.
type QueuedUpload struct {
	Clip  policies.ClipID `json:"clip"`
	Bytes int64           `json:"bytes"`        // sealed
	Sent  int64           `json:"sent"`         // of them durable at the service when it was last tried
	Tries int             `json:"tries"`        // syncs that tried
	Tried time.Time       `json:"tried"`        // the last of them, zero for none
	Waits UploadWaits     `json:"waits"`        // what for
	Why   string          `json:"why"`          // a sentence, and what to do; "" where nothing is in the way
	Left  float64         `json:"left_seconds"` // at the speed that was last measured; 0 when none was
}

// Queue lists the film that is not stored at the service yet. It needs no network.
func (u *Uploader) Queue() (out []QueuedUpload, err error) {
	speed, err := u.speed()
	if err != nil {
		return nil, err
	}
	type row struct {
		QueuedUpload
		state       string
		taken, word bool
	}
	var rows []row
	err = each(u.d.store.db, func(r *sql.Rows) error {
		var x row
		var clip string
		var tried int64
		if err := r.Scan(&clip, &x.Bytes, &x.state, &x.Why, &x.Sent, &x.Tries, &tried, &x.word, &x.taken); err != nil {
			return err
		}
		if tried > 0 {
			x.Tried = time.UnixMicro(tried)
		}
		err := x.Clip.UnmarshalText([]byte(clip))
		rows = append(rows, x)
		return err
	}, `SELECT u.clip, u.bytes, u.state, u.why, COALESCE(t.sent, 0), COALESCE(t.tries, 0), COALESCE(t.tried, 0), COALESCE(t.word, 0), `+clipTaken+`
		FROM uploads u LEFT JOIN upload_tries t ON t.clip = u.clip WHERE u.state <> 'stored' ORDER BY u.clip`)
	if err != nil {
		return nil, err
	}
	net, err := u.network()
	if err != nil {
		return nil, err
	}
	for _, x := range rows {
		q := x.QueuedUpload
		switch waits, why := net.holds(q.Bytes-q.Sent, x.word); {
		case x.state == uploadStopped:
			q.Waits = WaitsForRetry
		case !x.taken:
			q.Waits, q.Why = WaitsForClip, "The service has not taken the clip that it belongs to."
		case u.waits(q.Clip):
			q.Waits, q.Why = WaitsForDecision, "Somebody said stop before it arrived: the head of service decides. Keep this device until then."
		case waits != "":
			q.Waits, q.Why = waits, why
		case q.Why != "":
			q.Waits = WaitsForService
		default:
			q.Waits = WaitsForSync
		}
		if speed > 0 {
			q.Left = float64(q.Bytes-q.Sent) / speed
		}
		out = append(out, q)
	}
	return out, nil
}

// clipTaken says of a row u of uploads that the service has accepted its clip: it is in the
// mirror, or it was accepted a moment ago.
const clipTaken = `(EXISTS (SELECT 1 FROM statements s WHERE s.id = u.clip)
			OR EXISTS (SELECT 1 FROM outbox o WHERE o.id = u.clip AND o.state = 'accepted'))`

// attempt is one try at one film: how far it came is noted now and then, for whoever asks
// what the device is doing. Losing a note changes nothing, so its errors are left.
type attempt struct {
	u     *Uploader
	clip  policies.ClipID
	began time.Time // when the first bytes went
	from  int64     // what the service had then
	noted time.Time
}

// noteEvery is seldom enough that a film's pieces do not wait for the disk.
const noteEvery = 5 * time.Second

func (u *Uploader) try(clip policies.ClipID) *attempt {
	now := u.d.now()
	_ = u.d.store.write(func(tx *sql.Tx) error {
		_, err := tx.Exec(`INSERT INTO upload_tries (clip, tries, tried) VALUES ($1, 1, $2)
			ON CONFLICT (clip) DO UPDATE SET tries = tries + 1, tried = excluded.tried`, clip.String(), now.UnixMicro())
		return err
	})
	return &attempt{u: u, clip: clip}
}

// at notes what the service has; the first call says what it had when this try began.
func (a *attempt) at(sent int64) {
	now := a.u.d.now()
	if a.began.IsZero() {
		a.began, a.from = now, sent
	}
	if now.Sub(a.noted) >= noteEvery {
		a.noted = now
		a.note(sent)
	}
}

func (a *attempt) note(sent int64) {
	_ = a.u.d.store.write(func(tx *sql.Tx) error {
		_, err := tx.Exec(`UPDATE upload_tries SET sent = $2 WHERE clip = $1`, a.clip.String(), sent)
		return err
	})
}

// over notes where the try ended, and how fast it was. A moment says nothing about speed.
func (a *attempt) over(sent int64) {
	if a.began.IsZero() {
		return
	}
	a.note(sent)
	took := a.u.d.now().Sub(a.began).Seconds()
	if moved := sent - a.from; moved >= 1<<20 && took > 0 {
		_ = a.u.d.store.write(func(tx *sql.Tx) error {
			return set(tx, settingSpeed, strconv.FormatFloat(float64(moved)/took, 'f', 0, 64))
		})
	}
}

const settingSpeed = "upload_speed" // bytes a second, of the last try that moved enough

// speed is in bytes a second; 0 before anything was measured.
func (u *Uploader) speed() (float64, error) {
	text, err := setting(u.d.store.db, settingSpeed)
	if err != nil || text == "" {
		return 0, err
	}
	return strconv.ParseFloat(text, 64)
}

// Release lets the film that waits for a network, or for the person's word, go with the
// next syncs whatever the policy says: all of it that waits now, and not what is added
// later. It returns how many films that were, and how much of them is still to send.
func (u *Uploader) Release() (films int, bytes int64, err error) {
	all, err := u.Queue()
	if err != nil {
		return 0, 0, err
	}
	err = u.d.store.write(func(tx *sql.Tx) error {
		films, bytes = 0, 0
		for _, q := range all {
			if q.Waits != WaitsForNetwork && q.Waits != WaitsForWord {
				continue
			}
			films, bytes = films+1, bytes+q.Bytes-q.Sent
			if _, err := tx.Exec(`INSERT INTO upload_tries (clip, word) VALUES ($1, 1) ON CONFLICT (clip) DO UPDATE SET word = 1`, q.Clip.String()); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && films > 0 {
		u.d.nudge()
	}
	return films, bytes, err
}

// held is what the network policy says of one film that is due.
func (u *Uploader) held(up upload, net network) (waits UploadWaits, why string, err error) {
	var sent int64
	var word bool
	err = u.d.store.db.QueryRow(`SELECT sent, word FROM upload_tries WHERE clip = $1`, up.clip.String()).Scan(&sent, &word)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", "", err
	}
	waits, why = net.holds(up.bytes-sent, word)
	return waits, why, nil
}
