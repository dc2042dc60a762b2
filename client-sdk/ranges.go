package attune

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"

	"github.com/attune-vf/attune/policies"
)

const (
	rangeBytes = 512 << 10 // one request: seconds of film on a slow line, and few enough events in the log
	rangesKept = 6         // 3 MiB in memory: the player's place, what comes next, and where it was
)

// ranges reads a payload through a viewing at the server, in pieces that it keeps
// for a while, and fetches one piece ahead of a reader that goes forward.
type ranges struct {
	remote *remote
	path   string
	size   int64
	here   *ownCopy           // instead of the server's bytes; nil for none
	accuse func(*Error) error // keeps what shows that the server lied; nil for nobody who would

	ctx    context.Context // of the whole viewing, which outlives the call that opened it
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu sync.Mutex
	// mu guards the fields below.
	pieces map[int64]*piece
	order  []int64 // of use, oldest first
	last   int64   // piece read last
}

type piece struct {
	ready chan struct{} // closed when body or err is set
	body  []byte
	err   error
}

func newRanges(r *remote, viewing string, size int64) *ranges {
	ctx, cancel := context.WithCancel(context.Background())
	return &ranges{remote: r, path: "/v1/viewings/" + viewing + "/payload", size: size,
		ctx: ctx, cancel: cancel, pieces: map[int64]*piece{}, last: -1}
}

// Close ends what is being fetched and waits for it. A player may still be
// reading: under mu, so that nothing is begun once the waiting has.
func (r *ranges) Close() error {
	r.mu.Lock()
	r.cancel()
	r.mu.Unlock()
	r.wg.Wait()
	if r.here != nil {
		return r.here.file.Close()
	}
	return nil
}

// ReadAt implements io.ReaderAt. It is safe for concurrent use.
func (r *ranges) ReadAt(b []byte, off int64) (n int, err error) {
	for n < len(b) {
		if off >= r.size {
			return n, io.EOF
		}
		body, err := r.piece(off / rangeBytes)
		if err != nil {
			return n, err
		}
		c := copy(b[n:], body[off%rangeBytes:])
		n, off = n+c, off+int64(c)
	}
	return n, nil
}

func (r *ranges) piece(i int64) ([]byte, error) {
	r.mu.Lock()
	if err := r.ctx.Err(); err != nil {
		r.mu.Unlock()
		return nil, err
	}
	p := r.want(i)
	if i == r.last+1 && (i+1)*rangeBytes < r.size {
		r.want(i + 1)
	}
	r.last = i
	r.mu.Unlock()
	select {
	case <-p.ready:
		return p.body, p.err
	case <-r.ctx.Done():
		return nil, r.ctx.Err()
	}
}

// want finds a piece or has it fetched. The caller holds mu.
func (r *ranges) want(i int64) *piece {
	if p, ok := r.pieces[i]; ok {
		r.touch(i)
		return p
	}
	p := &piece{ready: make(chan struct{})}
	r.pieces[i] = p
	r.touch(i)
	r.wg.Go(func() {
		p.body, p.err = r.fetch(i)
		p.err = notItsEnd(p.err)
		if p.err != nil { // the next reader tries again
			r.mu.Lock()
			if r.pieces[i] == p {
				delete(r.pieces, i)
			}
			r.mu.Unlock()
		}
		close(p.ready)
	})
	return p
}

// notItsEnd keeps the end of a connection from passing for that of the film: who reads
// a payload takes io.EOF for a file that was cut short.
func notItsEnd(err error) error {
	var e *Error
	if !errors.As(err, &e) || e.Cause == nil || !(errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)) {
		return err
	}
	told := *e
	told.Cause = errors.New(e.Cause.Error())
	return &told
}

// touch puts a piece last in the order of use and forgets the oldest.
func (r *ranges) touch(i int64) {
	kept := r.order[:0]
	for _, k := range r.order {
		if k != i {
			kept = append(kept, k)
		}
	}
	r.order = append(kept, i)
	for len(r.order) > rangesKept {
		delete(r.pieces, r.order[0])
		r.order = r.order[1:]
	}
}

func (r *ranges) fetch(i int64) ([]byte, error) {
	from := i * rangeBytes
	to := min(from+rangeBytes, r.size) - 1
	if r.here != nil {
		return r.overseen(from, to)
	}
	return r.read(from, to)
}

// lastRead says which bytes were read last, and which they were.
func (r *ranges) lastRead() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.pieces[r.last]
	if p == nil {
		return ""
	}
	select {
	case <-p.ready:
		return fmt.Sprintf("from byte %d, %d bytes, SHA-256 %s", r.last*rangeBytes, len(p.body), policies.DigestOf(p.body))
	default:
		return ""
	}
}

// otherPart: what came is not what was asked for; the service may also have fewer
// bytes, or more, than the clip's statement says.
func (r *ranges) otherPart(want, got string) error {
	e := lied(CodeOtherPart, exhibit{ID: r.path, Expected: want, Got: got}, nil, "The server sent another part of the clip than was asked for.")
	if r.accuse == nil {
		return e
	}
	return r.accuse(e)
}

// read fetches the bytes from from through to.
func (r *ranges) read(from, to int64) ([]byte, error) {
	reply, err := r.remote.send(r.ctx, http.MethodGet, r.path, http.Header{"Range": {fmt.Sprintf("bytes=%d-%d", from, to)}}, nil)
	if err != nil {
		return nil, err
	}
	defer reply.Body.Close()
	if want := fmt.Sprintf("bytes %d-%d/%d", from, to, r.size); reply.StatusCode != http.StatusPartialContent || reply.Header.Get("Content-Range") != want {
		return nil, r.otherPart(want, fmt.Sprintf("%d %.100s", reply.StatusCode, reply.Header.Get("Content-Range")))
	}
	body := make([]byte, to-from+1)
	if _, err := io.ReadFull(reply.Body, body); err != nil {
		if r.ctx.Err() != nil {
			return nil, r.ctx.Err()
		}
		return nil, problem(CodeOffline, "Try again.", "The connection broke while the clip was fetched.").because(err)
	}
	return body, nil
}
