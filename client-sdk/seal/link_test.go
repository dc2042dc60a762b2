package seal

import (
	"bytes"
	"errors"
	"regexp"
	"strings"
	"testing"
)

func TestFragment(t *testing.T) {
	id, l, err := NewLink()
	if err != nil || id == [16]byte{} {
		t.Fatalf("NewLink: id %x, %v", id, err)
	}
	f := l.Fragment()
	if len(f) != 48 || f[0] != '1' {
		t.Fatalf("fragment = %d characters, first %q; want 48, '1'", len(f), f[0])
	}
	if back, err := ParseFragment(f); err != nil || back != l {
		t.Errorf("fragment does not read back: %v", err)
	}
	changed := []byte(f)
	changed[20] ^= 1
	for name, c := range map[string]struct {
		fragment string
		want     error
	}{
		"Empty":        {"", ErrFragmentIncomplete},
		"CutByOne":     {f[:47], ErrFragmentIncomplete},
		"CutToVersion": {f[:1], ErrFragmentIncomplete},
		"FullStop":     {f + ".", ErrFragmentIncomplete}, // a sentence ended behind the link
		"Changed":      {string(changed), ErrFragmentIncomplete},
		"LowerCased":   {strings.ToLower(f), ErrFragmentIncomplete},
		"LineBreak":    {f[:20] + "\n" + f[21:], ErrFragmentIncomplete},
		"LaterVersion": {"2" + f[1:], ErrFragmentVersion},
	} {
		if _, err := ParseFragment(c.fragment); !errors.Is(err, c.want) {
			t.Errorf("%s: err = %v, want %v", name, err, c.want)
		}
	}
	if _, other, _ := NewLink(); other == l {
		t.Error("two links share a secret")
	}
}

func TestLinkKeysAreApart(t *testing.T) {
	_, l, err := NewLink()
	if err != nil {
		t.Fatal(err)
	}
	_, other, err := NewLink()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[[32]byte]string{}
	for name, v := range map[string][32]byte{"L": l, "auth": l.Auth(), "pin": l.PIN("042917"), "pin2": l.PIN("042918"),
		"other auth": other.Auth(), "other pin": other.PIN("042917"), "wrap": derive(l[:], "attune/link/wrap/v1")} {
		if was, ok := seen[v]; ok {
			t.Errorf("%s equals %s", name, was)
		}
		seen[v] = name
	}
}

func TestWrappedForLink(t *testing.T) {
	_, l, _ := NewLink()
	_, other, _ := NewLink()
	plain, ad := []byte(`{"title":"Bath time"}`), bytes.Repeat([]byte{7}, 64)
	w, err := l.Wrap(plain, ad)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := l.Unwrap(w, ad); err != nil || !bytes.Equal(got, plain) {
		t.Errorf("Unwrap = %q, %v", got, err)
	}
	if _, err := other.Unwrap(w, ad); !errors.Is(err, ErrDamaged) {
		t.Errorf("another link: %v, want %v", err, ErrDamaged)
	}
	if _, err := l.Unwrap(w, bytes.Repeat([]byte{8}, 64)); !errors.Is(err, ErrDamaged) { // the server swapped the clip
		t.Errorf("another clip: %v, want %v", err, ErrDamaged)
	}
	if _, err := l.Unwrap(w[:30], ad); !errors.Is(err, ErrTruncated) {
		t.Errorf("cut: %v, want %v", err, ErrTruncated)
	}
}

func TestNewPIN(t *testing.T) {
	six := regexp.MustCompile(`^[0-9]{6}$`)
	first := map[byte]int{}
	for range 2000 {
		p, err := NewPIN()
		if err != nil || !six.MatchString(p) {
			t.Fatalf("NewPIN = %q, %v", p, err)
		}
		first[p[0]]++
	}
	for d := byte('0'); d <= '9'; d++ { // 200 expected; 120 is six deviations away
		if first[d] < 120 || first[d] > 280 {
			t.Errorf("%d of 2000 PINs begin with %c, want about 200", first[d], d)
		}
	}
}
