package attune

import "io"

// Progress is told how far a long piece of work is. Calls come from one
// goroutine at a time.
type Progress interface {
	Total(n int64) // bytes or rows, as far as known; may be called again
	Add(n int64)
	Done()
}

// silent is the Progress of callers who want none.
type silent struct{}

func (silent) Total(int64) {}
func (silent) Add(int64)   {}
func (silent) Done()       {}

func (c Config) progress(label string) Progress {
	if c.Progress != nil {
		if p := c.Progress(label); p != nil {
			return p
		}
	}
	return silent{}
}

// counted tells p what passes through r.
type counted struct {
	r io.Reader
	p Progress
}

func (c counted) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.p.Add(int64(n))
	return n, err
}
