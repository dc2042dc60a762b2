package seal

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"filippo.io/age"
)

func TestRewrappedHeaderOpensWithStockAge(t *testing.T) {
	plain := film(ChunkBytes + 9)
	s, payload := sealed(t, plain)
	author, family, viewer := newIdentity(t), newIdentity(t), newIdentity(t)
	first := headerFor(t, s.Key, author.Recipient())

	second, err := Rewrap(first, author, family.Recipient(), viewer.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	for name, id := range map[string]Identity{"family": family, "viewer": viewer} {
		got, err := stockAge(t, id, append(bytes.Clone(second), payload...))
		if err != nil || !bytes.Equal(got, plain) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
		key, err := OpenHeader(second, author, id)
		if err != nil || key != s.Key || Commitment(key) != Commitment(s.Key) {
			t.Errorf("%s: OpenHeader: %v", name, err)
		}
	}
	if _, err := stockAge(t, author, append(bytes.Clone(second), payload...)); err == nil {
		t.Error("stock age opens the new header with the old identity")
	}
	if _, err := OpenHeader(second, author); !errors.Is(err, ErrNotForYou) {
		t.Errorf("old identity: %v, want %v", err, ErrNotForYou)
	}
	if _, err := Rewrap(second, author, family.Recipient()); !errors.Is(err, ErrNotForYou) {
		t.Errorf("rewrap with the old identity: %v, want %v", err, ErrNotForYou)
	}
}

func TestHeaderIsReadStrictly(t *testing.T) {
	id := newIdentity(t)
	key := NewFileKey()
	good := string(headerFor(t, key, id.Recipient()))
	mac := strings.LastIndex(good, " ") + 1
	changed := "A"
	if good[mac] == 'A' {
		changed = "B"
	}
	for _, c := range []struct {
		name, header string
		want         error
	}{
		{"Good", good, nil},
		{"MACChanged", good[:mac] + changed + good[mac+1:], ErrHeaderMAC},
		{"StanzaAdded", strings.Replace(good, "\n---", "\n-> grease x\n\n---", 1), ErrHeaderMAC},
		{"PayloadBehind", good + "x", ErrHeader},
		{"Empty", "", ErrHeader},
		{"NoClosingLine", good[:mac-4], ErrHeader},
		{"CarriageReturns", strings.ReplaceAll(good, "\n", "\r\n"), ErrHeader},
		{"TooManyStanzas", strings.Replace(good, "\n---", strings.Repeat("\n-> grease\n", 21)+"\n---", 1), ErrHeader},
		{"TooLong", strings.Replace(good, "\n---", "\n-> grease "+strings.Repeat("x", 70_000)+"\n\n---", 1), ErrHeader},
		{"ForSomebodyElse", string(headerFor(t, key, newIdentity(t).Recipient())), ErrNotForYou},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := OpenHeader([]byte(c.header), id)
			if !errors.Is(err, c.want) {
				t.Fatalf("err = %v, want %v", err, c.want)
			}
			if err == nil && got != key {
				t.Error("another key came out")
			}
		})
	}
}

func TestHeaderLimitsHoldWhenWriting(t *testing.T) {
	r := newIdentity(t).Recipient()
	many := make([]Recipient, maxStanzas+1)
	for i := range many {
		many[i] = r
	}
	for name, to := range map[string][]Recipient{"None": nil, "TooMany": many, "ZeroValue": {{}}} {
		if _, err := NewHeader(NewFileKey(), to...); err == nil {
			t.Errorf("%s: a header was written", name)
		}
	}
	full := headerFor(t, NewFileKey(), many[:maxStanzas]...)
	if err := checkHeader(full); err != nil {
		t.Errorf("the widest header (%d bytes) is not read back: %v", len(full), err)
	}
}

func TestHybridAndClassicDoNotMix(t *testing.T) {
	classic, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := newHeader(NewFileKey(), newIdentity(t).hybrid.Recipient(), classic.Recipient()); err == nil {
		t.Error("a header with a classic recipient beside a hybrid one was written")
	}
	key := NewFileKey()
	h, err := newHeader(key, classic.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	if got, err := openHeader(h, classic); err != nil || got != key {
		t.Errorf("classic alone: %v", err)
	}
}

func TestKeysStayOutOfLogs(t *testing.T) {
	id := newIdentity(t)
	_, link, err := NewLink()
	if err != nil {
		t.Fatal(err)
	}
	key := NewFileKey()
	line := fmt.Sprintf("%v %+v %x %s %q %v", key, Sealed{Key: key}, key, id, id, link)
	for _, secret := range []string{fmt.Sprintf("%x", key[:]), fmt.Sprint(key[:]), id.String(), link.Fragment()[1:40]} {
		if strings.Contains(line, secret) {
			t.Errorf("a formatted line contains a secret: %s", line)
		}
	}
}
