package attune

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"path"

	"github.com/go-json-experiment/json"

	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/storage/accesslog"
)

// named compares the tables for people with the rows: each line of events.csv must
// be what the row, the names and the detail give. The names themselves are the
// service's word: they are kept apart from the log so that they can be deleted,
// and nothing signs them.
func (v *exportCheck) named() error {
	if _, err := fs.Stat(v.files, namesDir); errors.Is(err, fs.ErrNotExist) {
		return nil // deleted, as it may be
	}
	names, err := v.names()
	if err != nil || len(v.report.Faults) > 0 {
		return err
	}
	events, err := v.lines(accesslog.EventsFile)
	if err != nil {
		return err
	}
	defer events.Close()
	table, err := v.lines(path.Join(namesDir, tableFile))
	if err != nil {
		return err
	}
	defer table.Close()
	details, err := v.lines(path.Join(namesDir, detailFile))
	if err != nil {
		return err
	}
	defer details.Close()
	if head, err := table.next(); err != nil || string(head) != csvLine(eventsHead[:]...) {
		v.fault("names/events.csv does not begin as it was written")
	}
	if err := v.compare(events, table, details, names); err != nil {
		return err
	}
	v.report.Names = len(v.report.Faults) == 0
	return nil
}

func (v *exportCheck) names() (map[accesslog.Pseudonym]string, error) {
	in, err := v.lines(path.Join(namesDir, namesFile))
	if err != nil {
		return nil, err
	}
	defer in.Close()
	if head, err := in.next(); err != nil || string(head) != csvLine(namesHead[:]...) {
		v.fault("names/names.csv does not begin as it was written")
	}
	names := map[accesslog.Pseudonym]string{}
	for {
		line, err := in.next()
		if errors.Is(err, io.EOF) {
			return names, nil
		}
		if err != nil {
			return nil, err
		}
		p, name, bad := parseName(line)
		if bad != nil {
			v.fault("names/names.csv: the line after %d names cannot be read", len(names))
			return names, nil
		}
		names[p] = name
	}
}

// compare walks the three files together; the events have been verified.
func (v *exportCheck) compare(events, table, details *lineReader, names map[accesslog.Pseudonym]string) error {
	detail, err := v.detail(details)
	if err != nil {
		return err
	}
	for {
		leaf, err := events.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		e, err := accesslog.Decode(bytes.TrimSuffix(leaf, []byte("\n")))
		if err != nil {
			return unreadable(accesslog.EventsFile, err)
		}
		said := ""
		if detail != nil && detail.Index == e.Index {
			if said = detail.Detail; !committed(e, detail.Salt, said) {
				v.fault("row %d: its detail is not the one that was logged", e.Index)
			}
			if detail, err = v.detail(details); err != nil {
				return err
			}
		}
		line, err := table.next()
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if string(line) != eventLine(e, names, said) {
			v.fault("row %d: names/events.csv says something else of it", e.Index)
			return nil // one line too many or too few would put all others out of step
		}
	}
	if detail != nil {
		v.fault("row %d: has a detail, and is not in the export or stands elsewhere", detail.Index)
	}
	if _, err := table.next(); !errors.Is(err, io.EOF) {
		v.fault("names/events.csv goes on after the last row")
	}
	return nil
}

// detail is the next one; nil at the end.
func (v *exportCheck) detail(in *lineReader) (*exportedDetail, error) {
	line, err := in.next()
	if errors.Is(err, io.EOF) {
		return nil, nil //nolint:nilnil // the end is no error
	}
	if err != nil {
		return nil, err
	}
	var d exportedDetail
	if err := json.Unmarshal(line, &d, json.RejectUnknownMembers(true)); err != nil {
		return nil, unreadable("names/"+detailFile, err)
	}
	return &d, nil
}

// lineReader reads lines with their line feed, each of a bounded length.
type lineReader struct {
	name string
	file fs.File
	in   *bufio.Reader
}

func (v *exportCheck) lines(name string) (*lineReader, error) {
	f, err := v.files.Open(name)
	if err != nil {
		return nil, unreadable(name, err)
	}
	return &lineReader{name, f, bufio.NewReaderSize(f, wire.MaxExportLine)}, nil
}

// next is valid until the next call. At the end it is [io.EOF]; a last line without
// its line feed was cut off.
func (r *lineReader) next() ([]byte, error) {
	line, err := r.in.ReadSlice('\n')
	if err == io.EOF && len(line) == 0 { //nolint:errorlint // bufio returns it as it is
		return nil, io.EOF
	}
	if err != nil {
		return nil, unreadable(r.name, errCut)
	}
	return line, nil
}

func (r *lineReader) Close() error { return r.file.Close() }
