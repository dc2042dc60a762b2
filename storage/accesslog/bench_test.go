package accesslog_test

import (
	"bytes"
	"testing"

	"github.com/attune-vf/attune/storage/accesslog"
)

func BenchmarkEncode(b *testing.B) {
	e := event(1)
	for b.Loop() {
		if _, err := e.Encode(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	leaf, _ := event(1).Encode()
	for b.Loop() {
		if _, err := accesslog.Decode(leaf); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	leaf, _ := event(1).Encode()
	var f accesslog.Frontier
	for b.Loop() {
		f, _ = f.Append(leaf)
	}
}

func BenchmarkVerify(b *testing.B) {
	l := newLog(b, 20_000)
	export, c := l.export(), l.edge.Checkpoint(origin)
	b.SetBytes(int64(len(export)))
	for b.Loop() {
		report, err := accesslog.Verify(bytes.NewReader(export), c, accesslog.Options{})
		if err != nil || !report.OK() {
			b.Fatal(report.Faults, err)
		}
	}
}
