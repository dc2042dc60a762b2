package attune

import (
	"bufio"
	"errors"
	"io"
	"strings"

	"github.com/attune-vf/attune/client-sdk/wire"
)

// maxNoticeLine bounds one line of the stream, in bytes. A line holds one number.
const maxNoticeLine = 4096

// notices reads a stream of server-sent events: comments, and lines of data with one
// number each. heard is called for each line, fn for each number; what fn returned ends
// it. nil when the stream ended, or was cut.
func notices(r io.Reader, heard func(), fn func(head int64) error) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 256), maxNoticeLine)
	for lines.Scan() {
		heard()
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		var n wire.Notice
		if err := wire.Decode(strings.NewReader(data), maxNoticeLine, &n); err != nil {
			return problem(CodeOffline, "Try again; nothing is lost.", "The server's answer was cut or could not be read.").because(err)
		}
		if err := fn(n.Head); err != nil {
			return err
		}
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return problem(CodeOffline, "Try again; nothing is lost.", "The server's answer could not be read.").because(lines.Err())
	}
	return nil
}
