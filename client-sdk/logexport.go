package attune

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/accesslog"
)

// Files of an export of the log beside those of package accesslog. Everything that
// names a person lies under namesDir and can be deleted without the rest.
const (
	exportFile = "export.json"
	vkeyFile   = "log.vkey"
	pemFile    = "log.pem"
	verifyFile = "VERIFY.txt"
	namesDir   = "names"
	namesFile  = "names.csv"
	tableFile  = "events.csv"
	detailFile = "details.ndjson"
)

// LogExported is what an export of the log holds, and what export.json says.
type LogExported struct {
	Rows        int64                `json:"rows"`
	Part        bool                 `json:"part"`        // some events only, each with a proof
	Size        int64                `json:"size"`        // events in the log that it was taken from
	From        int64                `json:"from"`        // the first of a whole log that was not pruned
	Log         string               `json:"log"`         // its name
	Key         string               `json:"key"`         // that signs it, as stock verifiers read it
	Certificate policies.StatementID `json:"certificate"` // server.certify, signed by the organisation's root, that names the key
	Filter      map[string]string    `json:"filter"`
	Made        string               `json:"made"` // UTC, by this device's clock
}

// Export writes events to a new folder, for people and for verifiers that are not
// ours: the whole log as the files of C2SP tlog-tiles, or with a filter the events
// that match, each with a proof that it stands in the signed log. VERIFY.txt in the
// folder says how to check it without this program.
//
// The export is an event of the log before its first row is sent. Rows pass
// through: memory holds names, not events. What does not come to its end, or does
// not verify while it is written, leaves no folder behind.
func (l *Log) Export(ctx context.Context, in LogFilter, dir string, progress Progress) (LogExported, error) {
	if progress == nil {
		progress = silent{}
	}
	defer progress.Done()
	before, err := recall(l.d.store.db)
	if err != nil {
		return LogExported{}, err
	}
	q := in.query()
	if before.Size > 0 {
		q.Set("checkpoint", strconv.FormatInt(before.Size, 10))
	}
	reply, err := l.d.remote.send(ctx, http.MethodGet, "/v1/log/export?"+q.Encode(), http.Header{}, nil)
	if err != nil {
		return LogExported{}, in.noFamily(err)
	}
	defer reply.Body.Close()
	if err := os.Mkdir(dir, 0o700); err != nil {
		return LogExported{}, problem(CodeInput, "Choose a folder that does not exist yet, inside one that does.", "The folder cannot be made.").because(err)
	}
	w := &logWriter{d: l.d, dir: dir, before: before, progress: progress, names: map[accesslog.Pseudonym]string{}}
	w.about = LogExported{Filter: map[string]string{}, Made: l.d.now().UTC().Format("2006-01-02T15:04:05Z")}
	for name := range in.query() {
		w.about.Filter[name] = q.Get(name)
	}
	if err := w.all(reply.Body); err != nil {
		return LogExported{}, errors.Join(interrupted(ctx, err), os.RemoveAll(dir)) // made a moment ago, and by us
	}
	return w.about, nil
}

// logWriter writes one export as its lines arrive.
type logWriter struct {
	d        *desk
	dir      string
	before   mark
	progress Progress
	about    LogExported
	signed   mark

	static                         *accesslog.Static // nil for a part
	events, proofs, table, details *lineFile
	nameList                       *lineFile
	names                          map[accesslog.Pseudonym]string
	last                           int64
	pruned                         []accesslog.Hash // rows of the bundle at hand that are gone
	watch                          accesslog.PruneWatch
}

var errCut = errors.New("it ended too early")

func (w *logWriter) all(body io.Reader) (err error) {
	defer func() { err = errors.Join(err, w.close()) }()
	in := bufio.NewReaderSize(body, wire.MaxExportLine)
	for ended := false; ; {
		raw, err := in.ReadSlice('\n')
		if err == io.EOF && len(raw) == 0 && ended { //nolint:errorlint // bufio returns it as it is
			return nil
		}
		if err != nil {
			return w.cut(err)
		}
		var line wire.ExportLine
		if err := wire.Decode(bytes.NewReader(raw), wire.MaxExportLine, &line); err != nil {
			return w.cut(err)
		}
		switch {
		case ended:
			return untrusted("The export goes on after its end.", nil)
		case w.events == nil:
			err = w.start(line.Start)
		case line.Row != nil:
			err = w.row(*line.Row)
		case line.End != nil:
			ended, err = true, w.end(*line.End)
		default:
			err = untrusted("The export holds a line that is no row.", nil)
		}
		if err != nil {
			return err
		}
	}
}

func (w *logWriter) cut(err error) error {
	if errors.Is(err, io.EOF) {
		err = errCut
	}
	return problem(CodeOffline, "Try again; nothing was written.", "The server's answer was cut or could not be read.").because(err)
}

// start checks the state that the export stands on, and begins the files.
func (w *logWriter) start(s *wire.ExportStart) (err error) {
	if s == nil {
		return untrusted("The export does not say what it stands on.", nil)
	}
	if s.Part != (len(w.about.Filter) > 0) {
		return untrusted("The server did not filter as it was asked.", nil)
	}
	org := w.d.mirror.Org()
	if w.signed, err = (witness{w.d}).prove(org, w.before, s.Proven); err != nil {
		return err
	}
	pub := ed25519.PublicKey(org.Server.LogKey[:])
	v, err := accesslog.NewVerifier(w.signed.Origin, pub)
	if err != nil {
		return err
	}
	_, _, pem, err := accesslog.OpenSSL(s.Proven.Checkpoint, pub)
	if err != nil {
		return err
	}
	w.about.Part, w.about.Size, w.about.Log, w.about.Key = s.Part, w.signed.Size, w.signed.Origin, v.VKey()
	w.about.Certificate = org.Server.Certificate
	w.progress.Total(w.signed.Size)
	w.last = -1
	if !s.Part {
		w.static = accesslog.NewStatic(w.put)
	}
	for name, body := range map[string]string{
		accesslog.CheckpointFile: s.Proven.Checkpoint, vkeyFile: v.VKey() + "\n", pemFile: string(pem), verifyFile: howToVerify(s.Part),
	} {
		if err := w.put(name, []byte(body)); err != nil {
			return err
		}
	}
	return w.open()
}

// open begins the files that grow.
func (w *logWriter) open() error {
	for _, f := range []struct {
		into  **lineFile
		name  string
		first string
		skip  bool
	}{
		{&w.events, accesslog.EventsFile, "", false},
		{&w.proofs, accesslog.ProofsFile, "", !w.about.Part},
		{&w.table, filepath.Join(namesDir, tableFile), csvLine(eventsHead[:]...), false},
		{&w.nameList, filepath.Join(namesDir, namesFile), csvLine(namesHead[:]...), false},
		{&w.details, filepath.Join(namesDir, detailFile), "", false},
	} {
		if f.skip {
			continue
		}
		var err error
		if *f.into, err = newLineFile(filepath.Join(w.dir, f.name)); err != nil {
			return err
		}
		if _, err := (*f.into).WriteString(f.first); err != nil {
			return err
		}
	}
	return nil
}

// row checks one event against the signed state and writes it everywhere.
func (w *logWriter) row(r wire.LogRow) error {
	if r.Leaf == "" {
		return w.gone(r)
	}
	e, err := accesslog.Decode([]byte(r.Leaf))
	if err != nil || e.Index != r.Index || e.Index <= w.last || !w.about.Part && e.Index != w.last+1 {
		return untrusted(fmt.Sprintf("Row %d of the log is not what belongs after row %d.", r.Index, w.last), err)
	}
	if policies.Digest(accesslog.LeafHash([]byte(r.Leaf))) != r.Hash {
		return untrusted(fmt.Sprintf("Row %d of the log does not agree with its own hash.", r.Index), nil)
	}
	if !committed(e, r.Salt, r.Detail) {
		return untrusted(fmt.Sprintf("The detail of row %d is not the one that was logged.", r.Index), nil)
	}
	if len(w.pruned) > 0 {
		return untrusted(fmt.Sprintf("Rows up to %d are missing, in the middle of a bundle.", w.last), nil)
	}
	w.progress.Add(e.Index - w.last)
	w.last = e.Index
	err = errors.Join(w.name(e.Subject, r.Who), w.name(e.Family, r.Family), w.name(e.Object, r.Object), w.events.line(r.Leaf), w.detail(r))
	if _, bad := w.table.WriteString(eventLine(e, w.names, r.Detail)); bad != nil {
		err = errors.Join(err, bad)
	}
	if err == nil && w.about.Part {
		err = w.proof(e, r)
	} else if err == nil {
		tree := w.static.Tree()
		w.watch.Row(e.Index, []byte(r.Leaf), tree.Root)
		err = w.static.Append([]byte(r.Leaf))
	}
	w.about.Rows++
	return err
}

// gone takes the hash of a row that was pruned. Such rows come first, and by whole
// bundles; that an event of the log says so is seen at the end.
func (w *logWriter) gone(r wire.LogRow) error {
	if w.about.Part || w.about.Rows > 0 || r.Index != w.last+1 {
		return untrusted(fmt.Sprintf("Row %d of the log is not what belongs after row %d.", r.Index, w.last), nil)
	}
	w.last = r.Index
	w.progress.Add(1)
	if w.pruned = append(w.pruned, accesslog.Hash(r.Hash)); len(w.pruned) < accesslog.TileWidth {
		return nil
	}
	err := w.static.Skip(w.pruned)
	w.pruned = w.pruned[:0]
	w.about.From = w.last + 1
	w.watch.From = w.about.From
	return err
}

// name writes a name at its first use. The first one stands for the whole export.
func (w *logWriter) name(p accesslog.Pseudonym, name string) error {
	if p == (accesslog.Pseudonym{}) || name == "" {
		return nil
	}
	if _, known := w.names[p]; known {
		return nil
	}
	line := csvLine(p.String(), name)
	if _, clean, err := parseName([]byte(line)); err == nil {
		name = clean
	}
	w.names[p] = name
	_, err := w.nameList.WriteString(line)
	return err
}

// exportedDetail is a line of the details: what an event's leaf commits to.
type exportedDetail struct {
	Index  int64            `json:"n"`
	Salt   policies.Bytes16 `json:"salt"`
	Detail string           `json:"detail"`
}

func (w *logWriter) detail(r wire.LogRow) error {
	if r.Detail == "" {
		return nil
	}
	b, err := json.Marshal(exportedDetail{r.Index, r.Salt, r.Detail})
	if err != nil {
		return err
	}
	return w.details.line(string(b))
}

func (w *logWriter) proof(e accesslog.Event, r wire.LogRow) error {
	path := hashes(r.Proof)
	if err := accesslog.VerifyInclusion(path, w.signed.Size, w.signed.Root, e.Index, []byte(r.Leaf)); err != nil {
		return untrusted(fmt.Sprintf("Row %d does not stand in the signed log.", e.Index), err)
	}
	b, err := json.Marshal(accesslog.NewProven(w.about.Rows, e.Index, path))
	if err != nil {
		return err
	}
	return w.proofs.line(string(b))
}

// end holds the whole against the signature.
func (w *logWriter) end(e wire.ExportEnd) error {
	if len(w.pruned) > 0 || !w.watch.OK() {
		return untrusted(fmt.Sprintf("Rows 0 to %d are missing, and no event of the log says that they were pruned.", w.about.From+int64(len(w.pruned))-1), nil)
	}
	if e.Rows != w.about.Rows {
		return untrusted(fmt.Sprintf("The export has %d rows, and says that it has %d.", w.about.Rows, e.Rows), nil)
	}
	if !w.about.Part {
		if err := w.static.Close(); err != nil {
			return err
		}
		if tree := w.static.Tree(); tree.Size() != w.signed.Size || tree.Root() != w.signed.Root {
			return untrusted(fmt.Sprintf("The %d rows sent do not give the signed root of %d rows.", tree.Size(), w.signed.Size), nil)
		}
	}
	about, err := json.Marshal(w.about, json.Deterministic(true), jsontext.WithIndent("  "))
	if err != nil {
		return err
	}
	w.progress.Add(w.signed.Size - 1 - w.last)
	return w.put(exportFile, append(about, '\n'))
}

// put writes a small file. Nothing is flushed to disk one by one: an export has
// thousands of files and can be made again.
func (w *logWriter) put(name string, data []byte) error {
	path := filepath.Join(w.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o600)
}

func (w *logWriter) close() (err error) {
	for _, f := range []*lineFile{w.events, w.proofs, w.table, w.nameList, w.details} {
		if f != nil {
			err = errors.Join(err, f.close())
		}
	}
	return err
}

// lineFile is a new file written through a buffer.
type lineFile struct {
	*bufio.Writer
	file *os.File
}

func newLineFile(path string) (*lineFile, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	return &lineFile{bufio.NewWriterSize(f, 64<<10), f}, nil
}

func (f *lineFile) line(s string) error {
	if _, err := f.WriteString(s); err != nil {
		return err
	}
	return f.WriteByte('\n')
}

func (f *lineFile) close() error {
	err := f.Flush()
	if err == nil {
		err = f.file.Sync()
	}
	return errors.Join(err, f.file.Close())
}
