package seal

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"filippo.io/age"
)

func TestSmallFile(t *testing.T) {
	family, officer, stranger := newIdentity(t), newIdentity(t), newIdentity(t)
	form := []byte("Invented consent form of the Example family")
	file, err := Seal(form, family.Recipient(), officer.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []Identity{family, officer} {
		if got, err := Open(file, stranger, id); err != nil || !bytes.Equal(got, form) {
			t.Errorf("Open = %q, %v", got, err)
		}
		if got, err := stockAge(t, id, file); err != nil || !bytes.Equal(got, form) {
			t.Errorf("stock age = %q, %v", got, err)
		}
	}
	changed := bytes.Clone(file)
	changed[len(changed)-1] ^= 1
	for name, c := range map[string]struct {
		file []byte
		id   Identity
		want error
	}{
		"Stranger": {file, stranger, ErrNotForYou},
		"Changed":  {changed, family, ErrDamaged},
		"Cut":      {file[:len(file)-60], family, ErrTruncated},
		"CutEarly": {file[:200], family, ErrHeader},
		"Empty":    {nil, family, ErrHeader},
		"TooLarge": {make([]byte, maxSmallBytes+1), family, ErrHeader},
	} {
		if _, err := Open(c.file, c.id); !errors.Is(err, c.want) {
			t.Errorf("%s: err = %v, want %v", name, err, c.want)
		}
	}
	if _, err := Open(file, Identity{}); err == nil {
		t.Error("the zero identity opened a file")
	}
	if _, err := Seal(form); err == nil {
		t.Error("sealed to nobody")
	}
}

func TestAnyTwoOfThreeCustodians(t *testing.T) {
	a, b, c := newIdentity(t), newIdentity(t), newIdentity(t)
	secret := []byte(newIdentity(t).String())
	ab, ac, bc, err := SealPairs(secret, [3]Recipient{a.Recipient(), b.Recipient(), c.Recipient()})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []struct {
		name              string
		file              []byte
		outer, inner, out Identity
	}{{"AB", ab, a, b, c}, {"AC", ac, a, c, b}, {"BC", bc, b, c, a}} {
		for _, order := range [][2]Identity{{p.outer, p.inner}, {p.inner, p.outer}} {
			if got, err := OpenPair(p.file, order[0], order[1]); err != nil || !bytes.Equal(got, secret) {
				t.Errorf("%s: %v", p.name, err)
			}
		}
		for _, alone := range [][2]Identity{{p.outer, p.outer}, {p.inner, p.inner}, {p.outer, p.out}, {p.out, p.inner}} {
			if _, err := OpenPair(p.file, alone[0], alone[1]); !errors.Is(err, ErrNotForYou) {
				t.Errorf("%s opened without both of its custodians: %v", p.name, err)
			}
		}
		inner, err := stockAge(t, p.outer, p.file)
		if err != nil {
			t.Fatalf("%s: stock age, outer: %v", p.name, err)
		}
		if got, err := stockAge(t, p.inner, inner); err != nil || !bytes.Equal(got, secret) {
			t.Errorf("%s: stock age, inner: %v", p.name, err)
		}
	}
	if _, _, _, err := SealPairs(secret, [3]Recipient{a.Recipient(), b.Recipient(), a.Recipient()}); err == nil {
		t.Error("one custodian was taken twice")
	}
}

func TestKeysHaveOneSpelling(t *testing.T) {
	id := newIdentity(t)
	classic, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	if back, err := ParseIdentity(id.String()); err != nil || back.String() != id.String() {
		t.Errorf("identity does not read back: %v", err)
	}
	r := id.Recipient()
	if back, err := ParseRecipient(r.String()); err != nil || back.Fingerprint() != r.Fingerprint() {
		t.Errorf("recipient does not read back: %v", err)
	}
	if !strings.HasPrefix(r.String(), "age1pq1") {
		t.Errorf("recipient begins %.10s, want age1pq1", r)
	}
	for name, s := range map[string]string{"Upper": strings.ToUpper(r.String()), "Classic": classic.Recipient().String(),
		"Space": r.String() + " ", "Empty": ""} {
		if _, err := ParseRecipient(s); err == nil {
			t.Errorf("%s: recipient accepted", name)
		}
	}
	for name, s := range map[string]string{"Lower": strings.ToLower(id.String()), "Classic": classic.String(), "Newline": id.String() + "\n"} {
		_, err := ParseIdentity(s)
		if err == nil {
			t.Errorf("%s: identity accepted", name)
		} else if strings.Contains(err.Error(), s[20:]) {
			t.Errorf("%s: the error repeats the secret", name)
		}
	}
}

func TestTitles(t *testing.T) {
	key, ad := NewFileKey(), []byte("clip 1, title")
	one, err := SealText(key, "Reading together – página", ad)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := OpenText(key, one, ad); err != nil || got != "Reading together – página" {
		t.Errorf("OpenText = %q, %v", got, err)
	}
	for name, c := range map[string]struct {
		key    FileKey
		sealed []byte
		ad     string
		want   error
	}{
		"OtherClip":  {NewFileKey(), one, string(ad), ErrDamaged},
		"OtherField": {key, one, "clip 1, caption", ErrDamaged},
		"Cut":        {key, one[:len(one)-1], string(ad), ErrDamaged},
		"CutShort":   {key, one[:39], string(ad), ErrTruncated},
	} {
		if _, err := OpenText(c.key, c.sealed, []byte(c.ad)); !errors.Is(err, c.want) {
			t.Errorf("%s: err = %v, want %v", name, err, c.want)
		}
	}
	if two, _ := SealText(key, "Reading together – página", ad); bytes.Equal(one, two) {
		t.Error("the same title twice gives the same bytes")
	}
	if _, err := SealText(key, "\xff", ad); err == nil {
		t.Error("text that is not UTF-8 was sealed")
	}
}
