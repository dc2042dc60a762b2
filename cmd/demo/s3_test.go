package main

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func stageIn(t *testing.T) *stage {
	t.Helper()
	data := t.TempDir()
	return &stage{bin: t.TempDir(), data: data, secrets: filepath.Join(data, "demo-secrets")}
}

// TestStoreStays: a folder keeps the store that it was founded with.
func TestStoreStays(t *testing.T) {
	for _, x := range []struct{ founded, asked, want string }{
		{"", "minio", "in the folder itself"},
		{"minio", "versitygw", "on minio"},
		{"minio", "", "is not built"}, // it is taken up again, as far as this test can go
		{"minio", "minio", "is not built"},
	} {
		st := stageIn(t)
		if x.founded != "" {
			s := &s3{kind: s3Kinds[0], keys: s3Keys{dir: st.secret("s3")}, dir: filepath.Join(st.data, "objects-store", x.founded)}
			if err := s.prepare(); err != nil {
				t.Fatal(err)
			}
		}
		err := st.openS3(t.Context(), x.asked, false)
		if f := new(failed); !errors.As(err, &f) || !strings.Contains(err.Error(), x.want) || f.status < 2 {
			t.Errorf("founded %q, asked %q: %v, want %q", x.founded, x.asked, err, x.want)
		}
	}
	if err := stageIn(t).openS3(t.Context(), "", false); err != nil {
		t.Errorf("without a store: %v", err)
	}
}

// TestStoreSecrets: they are made once, for their owner only, and the address is
// kept, since attuned's folder remembers it.
func TestStoreSecrets(t *testing.T) {
	st := stageIn(t)
	prepared := func() *s3 {
		s := &s3{kind: s3Kinds[0], keys: s3Keys{dir: st.secret("s3")}, dir: filepath.Join(st.data, "objects-store", "minio")}
		if err := s.prepare(); err != nil {
			t.Fatal(err)
		}
		return s
	}
	first, second := prepared(), prepared()
	if first.keys != second.keys || first.addr != second.addr || first.keys.password == "" {
		t.Errorf("made again: %v at %s, before %v at %s", second.keys, second.addr, first.keys, first.addr)
	}
	for _, name := range []string{"user", "password", "admin.key"} {
		info, err := os.Stat(first.keys.path(name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v, want 0600", name, info, err)
		}
	}
	l, err := net.Listen("tcp", first.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	program := filepath.Join(st.bin, "minio")
	if err := os.WriteFile(program, nil, 0o700); err != nil {
		t.Fatal(err)
	}
	if f := new(failed); !errors.As(first.start(t.Context(), program), &f) || f.status != 2 {
		t.Errorf("with its port taken: %v, want status 2", f)
	}
}
