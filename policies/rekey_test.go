package policies_test

import (
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/policiestest"
	"pgregory.net/rapid"
)

// staffed is a world in which people get new keys.
type staffed struct {
	*policiestest.World
	t interface {
		Helper()
		Fatalf(string, ...any)
	}
}

func (w staffed) must(id policies.StatementID, err error) policies.StatementID {
	w.t.Helper()
	if err != nil {
		w.t.Fatalf("%v", err)
	}
	return id
}

func (w staffed) rekey(who, name string) (policies.StatementID, error) {
	p := w.Staff[who]
	return w.InOrg(p.Person, "staff.rekey", policies.StaffRekey{
		Staff: p.ID, Device: p.Device, Key: policiestest.Key(name), Recipient: policiestest.Recipient(name)})
}

func (w staffed) reinvite(by, who, name string) (policies.StatementID, error) {
	return w.InOrg(w.Key(by), "staff.reinvite", policies.StaffReinvite{
		Staff: w.Staff[who].ID, Key: policiestest.Key(name + " once"), Expires: w.Now + policiestest.Day(7)})
}

func (w staffed) confirm(by string, p policiestest.Person) error {
	_, err := w.InOrg(w.Key(by), "staff.confirm", policies.StaffConfirm{Staff: p.ID, Certificate: p.Person})
	return err
}

func (w staffed) device(who, name string) (policies.StatementID, error) {
	p := w.Staff[who]
	return w.InOrg(p.Person, "device.certify", policies.DeviceCertify{Staff: p.ID, Key: policiestest.Key(name), Until: w.Now + policiestest.Day(300)})
}

// maySign reports whether a device of a person may open a family now.
func (w staffed) maySign(kid policies.KeyID) error {
	s := w.Make(kid, policies.KindFamilyOpen, policies.RecordID{}, policies.FamilyOpen{
		Reference: "EH-1", Programme: policies.VIG, Recipient: policiestest.Recipient("family")})
	_, _, err := policies.NewFamily(w.Org, s, w.Now)
	return err
}

func newStaffed(t *testing.T) staffed { return staffed{policiestest.New(), t} }

func wants(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) || (want == nil) != (err == nil) {
		t.Errorf("%s: error = %v, want %v", what, err, want)
	}
}

func TestCheckNewKeys(t *testing.T) {
	who, device := policies.StaffID{1}, policies.DeviceID{1}
	type rekey = policies.StaffRekey
	refuses(t, "StaffRekey", func() rekey {
		return rekey{Staff: who, Device: device, Key: policiestest.Key("x"), Recipient: policiestest.Recipient("x")}
	}, []slip[rekey]{
		{"Nobody", func(b *rekey) { b.Staff = policies.StaffID{} }},
		{"NoDevice", func(b *rekey) { b.Device = policies.DeviceID{} }},
		{"NoKey", func(b *rekey) { b.Key = policies.PublicKey{} }},
		{"ClassicalRecipient", func(b *rekey) { b.Recipient = "age1qqq" }},
	})
	type again = policies.StaffReinvite
	refuses(t, "StaffReinvite", func() again {
		return again{Staff: who, Key: policiestest.Key("x"), Expires: policiestest.Start}
	}, []slip[again]{
		{"Nobody", func(b *again) { b.Staff = policies.StaffID{} }},
		{"NoKey", func(b *again) { b.Key = policies.PublicKey{} }},
		{"NoEnd", func(b *again) { b.Expires = 0 }},
	})
	type renew = policies.StaffRenew
	refuses(t, "StaffRenew", func() renew { return renew{Staff: who, Until: policiestest.Start} }, []slip[renew]{
		{"Nobody", func(b *renew) { b.Staff = policies.StaffID{} }},
		{"NoEnd", func(b *renew) { b.Until = 0 }},
	})
}

// TestRekey: the old key replaces itself; the device that carries the new one goes on,
// the others end, and what the old key and its devices signed still resolves.
func TestRekey(t *testing.T) {
	w := newStaffed(t)
	ann := w.Staff["ann"]
	lost := w.must(w.device("ann", "ann's phone"))
	until := w.Org.Staff[ann.ID].Until
	id := w.must(w.rekey("ann", "ann, again"))
	p := w.Org.Staff[ann.ID]
	if p.Certified != policies.KeyID(id) || p.Key != policiestest.Key("ann, again") || p.Recipient != policiestest.Recipient("ann, again") || p.Until != until {
		t.Errorf("in force: %+v", p)
	}
	wants(t, "the device that carries it", w.maySign(policies.KeyID(ann.Device)), nil)
	wants(t, "the other device", w.maySign(policies.KeyID(lost)), policies.ErrSigner)
	for kid, name := range map[policies.KeyID]string{ann.Person: "ann", policies.KeyID(id): "ann, again", policies.KeyID(lost): "ann's phone"} {
		if k, ok := w.Org.Key(kid); !ok || k != policiestest.Key(name) {
			t.Errorf("%s no longer resolves", name)
		}
	}
	_, err := w.device("ann", "a thief's phone") // by the old key
	wants(t, "a device by the old key", err, policies.ErrSigner)
	_, err = w.rekey("ann", "thief")
	wants(t, "another key by the old key", err, policies.ErrSigner)
	for _, name := range []string{"ann", "bea"} { // hers of before, and somebody else's
		_, err = w.InOrg(policies.KeyID(id), "staff.rekey", policies.StaffRekey{Staff: ann.ID, Device: ann.Device, Key: policiestest.Key(name), Recipient: policiestest.Recipient("x")})
		wants(t, "the key of "+name, err, policies.ErrNotPossible)
		_, err = w.InOrg(policies.KeyID(id), "staff.rekey", policies.StaffRekey{Staff: ann.ID, Device: ann.Device, Key: policiestest.Key("x"), Recipient: policiestest.Recipient(name)})
		wants(t, "the recipient of "+name, err, policies.ErrNotPossible)
	}
}

// TestRekeyNeedsADeviceInForce: not a revoked one, not somebody else's.
func TestRekeyNeedsADeviceInForce(t *testing.T) {
	w := newStaffed(t)
	ann := w.Staff["ann"]
	body := policies.StaffRekey{Staff: ann.ID, Device: w.Staff["bea"].Device, Key: policiestest.Key("x"), Recipient: policiestest.Recipient("x")}
	_, err := w.InOrg(ann.Person, "staff.rekey", body)
	wants(t, "somebody else's device", err, policies.ErrNotPossible)
	body.Staff = w.Staff["bea"].ID
	_, err = w.InOrg(ann.Person, "staff.rekey", body)
	wants(t, "somebody else's key", err, policies.ErrSigner)
	w.must(w.InOrg(w.Key("ig"), "device.revoke", policies.DeviceRevoke{Device: ann.Device}))
	_, err = w.rekey("ann", "x")
	wants(t, "a revoked device", err, policies.ErrNotPossible)
	w.Join("new", policies.Practitioner)
	_, err = w.rekey("new", "x")
	wants(t, "before the six words", err, policies.ErrSigner)
}

// TestReinvite: a lost key takes two registrars in different roles, and until both have
// spoken the old one stays and the new one has no powers.
func TestReinvite(t *testing.T) {
	w := newStaffed(t)
	ann := w.Staff["ann"]
	again := w.Certify("ann, again", policies.KeyID(w.must(w.reinvite("head", "ann", "ann, again"))), ann.ID)
	wants(t, "the old device meanwhile", w.maySign(policies.KeyID(ann.Device)), nil)
	wants(t, "the new device meanwhile", w.maySign(policies.KeyID(again.Device)), policies.ErrSigner)
	_, err := w.InOrg(policies.KeyID(again.Device), "device.revoke", policies.DeviceRevoke{Device: ann.Device})
	wants(t, "the new device shuts out the old one", err, policies.ErrSigner)
	_, err = w.rekey("ann", "thief")
	wants(t, "the old key replaces itself meanwhile", err, policies.ErrNotPossible)

	wants(t, "confirmed by who asked", w.confirm("head", again), policies.ErrNotPossible)
	wants(t, "confirmed in the same role", w.confirm("deputy", again), policies.ErrNotPossible)
	if w.Org.Staff[ann.ID].Certified != ann.Person {
		t.Fatal("a refusal changed the key in force")
	}
	wants(t, "confirmed in another role", w.confirm("ig", again), nil)
	wants(t, "the old device afterwards", w.maySign(policies.KeyID(ann.Device)), policies.ErrSigner)
	wants(t, "the new device afterwards", w.maySign(policies.KeyID(again.Device)), nil)
	if p := w.Org.Staff[ann.ID]; p.Certified != again.Person || p.Recipient != policiestest.Recipient("ann, again") || !p.Again.IsZero() {
		t.Errorf("in force: %+v", p)
	}
	if k, _ := w.Org.Key(ann.Person); k != policiestest.Key("ann") {
		t.Error("the old key no longer resolves")
	}
}

func TestReinviteRefused(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(w staffed) error
		want error
	}{
		"Oneself":         {func(w staffed) error { _, err := w.reinvite("head", "head", "x"); return err }, policies.ErrNotPossible},
		"ByAPractitioner": {func(w staffed) error { _, err := w.reinvite("bea", "ann", "x"); return err }, policies.ErrSigner},
		"NeverConfirmed": {func(w staffed) error {
			w.Join("new", policies.Practitioner)
			_, err := w.reinvite("head", "new", "x")
			return err
		}, policies.ErrNotPossible},
		"Revoked": {func(w staffed) error {
			w.must(w.InOrg(w.Key("head"), "staff.revoke", policies.StaffRevoke{Staff: w.Staff["ann"].ID}))
			_, err := w.reinvite("head", "ann", "x")
			return err
		}, policies.ErrNotPossible},
		"UsedTwice": {func(w staffed) error {
			id := w.must(w.reinvite("head", "ann", "x"))
			w.Certify("x", policies.KeyID(id), w.Staff["ann"].ID)
			_, err := w.InOrg(policies.KeyID(id), "staff.certify", policies.StaffCertify{Staff: w.Staff["ann"].ID, Key: policiestest.Key("y"), Recipient: policiestest.Recipient("y"), Until: w.Now + policiestest.Day(300)})
			return err
		}, policies.ErrNotPossible},
		"EndedInvitation": {func(w staffed) error {
			id := w.must(w.reinvite("head", "ann", "x"))
			w.Now += policiestest.Day(7)
			_, err := w.InOrg(policies.KeyID(id), "staff.certify", policies.StaffCertify{Staff: w.Staff["ann"].ID, Key: policiestest.Key("y"), Recipient: policiestest.Recipient("y"), Until: w.Now + policiestest.Day(300)})
			return err
		}, policies.ErrNotPossible},
		"ReplacedByANewerOne": {func(w staffed) error {
			old := w.Certify("x", policies.KeyID(w.must(w.reinvite("head", "ann", "x"))), w.Staff["ann"].ID)
			w.must(w.reinvite("ig", "ann", "y"))
			return w.confirm("ig", old)
		}, policies.ErrNotPossible},
		"AskedForBySomebodyRevoked": {func(w staffed) error {
			again := w.Certify("x", policies.KeyID(w.must(w.reinvite("ig", "ann", "x"))), w.Staff["ann"].ID)
			w.must(w.InOrg(w.Key("head"), "staff.revoke", policies.StaffRevoke{Staff: w.Staff["ig"].ID}))
			return w.confirm("head", again)
		}, policies.ErrNotPossible},
		"OldKeyAfterAnUnusedInvitation": {func(w staffed) error { // registrars cannot keep somebody from a new key by forgetting it
			w.must(w.reinvite("head", "ann", "x"))
			w.Now += policiestest.Day(7)
			_, err := w.rekey("ann", "y")
			return err
		}, nil},
	} {
		t.Run(name, func(t *testing.T) { wants(t, name, c.do(newStaffed(t)), c.want) })
	}
}

func TestRenew(t *testing.T) {
	w := newStaffed(t)
	ann := w.Staff["ann"]
	renew := func(by, who string, days int) error {
		_, err := w.InOrg(w.Key(by), "staff.renew", policies.StaffRenew{Staff: w.Staff[who].ID, Until: w.Now + policiestest.Day(days)})
		return err
	}
	w.Now += policiestest.Day(340)
	wants(t, "oneself", renew("head", "head", 365), policies.ErrNotPossible)
	wants(t, "a practitioner", renew("bea", "ann", 365), policies.ErrSigner)
	wants(t, "two years", renew("ig", "ann", 730), policies.ErrNotPossible)
	wants(t, "shorter than it was", renew("ig", "ann", 10), policies.ErrNotPossible)
	wants(t, "a year", renew("ig", "ann", 365), nil)
	wants(t, "the registrar", renew("head", "ig", 365), nil)

	again := policies.DeviceCertify{Staff: ann.ID, Key: policiestest.Key("ann device"), Until: w.Now + policiestest.Day(365)}
	w.must(w.InOrg(ann.Person, "device.certify", again))
	if len(w.Org.Devices) != 7 || w.Org.Devices[ann.Device].Until != again.Until {
		t.Errorf("%d devices, ann's until %d: renewing makes no other device", len(w.Org.Devices), w.Org.Devices[ann.Device].Until)
	}
	w.Now += policiestest.Day(100)
	wants(t, "ann after the year", w.maySign(policies.KeyID(ann.Device)), nil)
	wants(t, "bea after the year", w.maySign(w.Key("bea")), policies.ErrSigner)
}

// TestOwnDevices: a person revokes their own devices from another of theirs, and what
// was stolen revokes nothing but itself.
func TestOwnDevices(t *testing.T) {
	w := newStaffed(t)
	ann := w.Staff["ann"]
	phone := policies.DeviceID(w.must(w.device("ann", "ann's phone")))
	revoke := func(by policies.DeviceID, which policies.DeviceID) error {
		_, err := w.InOrg(policies.KeyID(by), "device.revoke", policies.DeviceRevoke{Device: which})
		return err
	}
	wants(t, "a colleague's", revoke(w.Staff["bea"].Device, phone), policies.ErrSigner)
	wants(t, "one's own", revoke(ann.Device, phone), nil)
	wants(t, "the other way, from the revoked one", revoke(phone, ann.Device), policies.ErrSigner)
	wants(t, "itself, again", revoke(phone, phone), nil)
	wants(t, "anybody's, by a registrar", revoke(w.Staff["ig"].Device, ann.Device), nil)
	_, err := w.InOrg(ann.Person, "device.certify", policies.DeviceCertify{Staff: ann.ID, Key: policiestest.Key("ann device"), Until: w.Now + policiestest.Day(366)})
	wants(t, "a revoked device again", err, policies.ErrSigner)
}

// TestDeviceThatGoesOn: a device goes on with the work of its own person's devices only,
// and a registrar reads of the copy until one of the two has ended.
func TestDeviceThatGoesOn(t *testing.T) {
	w := newStaffed(t)
	ann, bea := w.Staff["ann"], w.Staff["bea"]
	certify := func(by policies.KeyID, name string, days int, of policies.DeviceID) (policies.DeviceID, error) {
		who, _ := w.Org.Signer(by)
		id, err := w.InOrg(by, "device.certify", policies.DeviceCertify{
			Staff: who.Staff, Key: policiestest.Key(name), Until: w.Now + policiestest.Day(days), Continues: of})
		return policies.DeviceID(id), err
	}
	_, err := certify(ann.Person, "a", 300, bea.Device)
	wants(t, "a colleague's", err, policies.ErrSigner)
	_, err = certify(ann.Person, "b", 300, policies.DeviceID{9})
	wants(t, "nobody's", err, policies.ErrMissing)
	second, err := certify(ann.Person, "c", 300, ann.Device)
	wants(t, "one's own", err, nil)
	third, err := certify(ann.Person, "d", 300, second)
	wants(t, "a copy of the copy", err, nil)
	_, err = certify(ann.Person, "d", 310, ann.Device)
	wants(t, "renewed as another's", err, policies.ErrNotPossible)
	_, err = certify(ann.Person, "d", 310, second)
	wants(t, "renewed", err, nil)
	for _, c := range []struct {
		device, said policies.DeviceID
		want         bool
	}{{third, ann.Device, true}, {third, second, true}, {second, third, false}, {ann.Device, ann.Device, false}, {third, bea.Device, false}, {second, policies.DeviceID{}, false}} {
		if got := w.Org.Carries(c.device, c.said); got != c.want {
			t.Errorf("%s carries what %s said: %v", c.device.Short(), c.said.Short(), got)
		}
	}
	copies := func() (n int) {
		for _, m := range w.Org.Matters(policies.Pack{}, w.Now) {
			if m.Kind == policies.DeviceCopied {
				n++
			}
		}
		return n
	}
	if copies() != 2 {
		t.Errorf("%d copies to ask about, want 2", copies())
	}
	_, err = w.InOrg(w.Key("ig"), "device.revoke", policies.DeviceRevoke{Device: ann.Device})
	wants(t, "revoke", err, nil)
	if copies() != 1 {
		t.Errorf("%d copies to ask about after the first was revoked, want 1", copies())
	}
}

// TestRegistrars: nobody alone makes a second registrar where there are others, and the
// last one in force stays.
func TestRegistrars(t *testing.T) {
	w := newStaffed(t)
	w.Join("newhead", policies.HeadOfService)
	wants(t, "by who invited them", w.confirm("head", w.Staff["newhead"]), policies.ErrNotPossible)
	wants(t, "by another", w.confirm("ig", w.Staff["newhead"]), nil)
	revoke := func(by, who string) error {
		_, err := w.InOrg(w.Key(by), "staff.revoke", policies.StaffRevoke{Staff: w.Staff[who].ID})
		return err
	}
	for _, who := range []string{"newhead", "deputy", "ig"} {
		wants(t, who, revoke("head", who), nil)
	}
	wants(t, "the last one", revoke("head", "head"), policies.ErrNotPossible)
	_, err := w.InOrg(w.Key("head"), "device.revoke", policies.DeviceRevoke{Device: w.Staff["head"].Device})
	wants(t, "the last one's last device", err, policies.ErrNotPossible)
	w.Join("ig2", policies.IGOfficer)
	wants(t, "the second, by the only one", w.confirm("head", w.Staff["ig2"]), nil)
	wants(t, "the one before", revoke("ig2", "head"), nil)
}

// TestPeopleInAnyOrder does random things about people: whatever the order, somebody
// who could invite stays, a key once known keeps its meaning, and the key in force
// changes by the old one, or by two registrars in different roles.
func TestPeopleInAnyOrder(t *testing.T) {
	names := []string{"head", "deputy", "ig", "ann", "bea"}
	rapid.Check(t, func(t *rapid.T) {
		w := staffed{policiestest.New(), t}
		keys := map[policies.KeyID]policies.PublicKey{}
		asked := map[policies.StaffID]policies.Role{}
		made := map[policies.KeyID]policiestest.Person{}
		for i := range 25 {
			by, who := rapid.SampledFrom(names).Draw(t, "by"), rapid.SampledFrom(names).Draw(t, "who")
			name := string(rune('a'+i)) + who
			p := w.Staff[who]
			before := w.Org.Staff[p.ID].Certified
			switch rapid.IntRange(0, 5).Draw(t, "act") {
			case 0:
				if id, err := w.rekey(who, name); err == nil {
					if w.Staff[who] = (policiestest.Person{ID: p.ID, Person: policies.KeyID(id), Device: p.Device}); before != p.Person {
						t.Fatalf("a key not in force replaced the one that was")
					}
				}
			case 1:
				if id, err := w.reinvite(by, who, name); err == nil {
					asked[p.ID] = w.Org.Staff[w.Staff[by].ID].Role
					again := w.Certify(name, policies.KeyID(id), p.ID)
					made[again.Person] = again
				}
			case 2:
				if c, ok := w.Org.Waiting(p.ID); ok {
					if err := w.confirm(by, made[c.ID]); err == nil {
						w.Staff[who] = made[c.ID]
						if asked[p.ID] == w.Org.Staff[w.Staff[by].ID].Role {
							t.Fatalf("two registrars of one role replaced a key")
						}
					}
				}
			case 3:
				_, _ = w.device(who, name)
			case 4:
				_, _ = w.InOrg(w.Key(by), "device.revoke", policies.DeviceRevoke{Device: p.Device})
			case 5:
				_, _ = w.InOrg(w.Key(by), "staff.revoke", policies.StaffRevoke{Staff: p.ID})
			}
			if now := w.Org.Staff[p.ID].Certified; now != before && now != w.Staff[who].Person {
				t.Fatalf("the key of %s changed by nobody's act", who)
			}
			for kid, was := range keys {
				if is, ok := w.Org.Key(kid); !ok || is != was {
					t.Fatalf("a key lost its meaning")
				}
			}
			for kid := range w.Org.Keys {
				keys[kid], _ = w.Org.Key(kid)
			}
			if !slices.ContainsFunc(slices.Collect(maps.Keys(w.Org.Devices)), func(d policies.DeviceID) bool {
				_, err := w.World.Org.Clone().Apply(w.Make(policies.KeyID(d), "staff.invite", policies.RecordID(w.Org.ID), policies.StaffInvite{
					Role: policies.Practitioner, Key: policiestest.Key("probe"), Expires: w.Now + policiestest.Day(1)}), w.Now)
				return err == nil
			}) {
				t.Fatalf("nobody is left who could invite")
			}
		}
	})
}

// TestMattersOfPeople: what waits for registrars, and when it begins to.
func TestMattersOfPeople(t *testing.T) {
	w := newStaffed(t)
	kinds := func() (out []policies.MatterKind) {
		for _, m := range w.Org.Matters(policies.Pack{}, w.Now) {
			if out = append(out, m.Kind); m.Text == "" || m.Do == "" || len(m.For) == 0 {
				t.Errorf("%+v says too little", m)
			}
		}
		return out
	}
	if got := kinds(); len(got) > 0 {
		t.Errorf("in the beginning: %v", got)
	}
	w.Join("new", policies.Practitioner)
	w.Certify("ann, again", policies.KeyID(w.must(w.reinvite("head", "ann", "ann, again"))), w.Staff["ann"].ID)
	if got := kinds(); !slices.Equal(got, []policies.MatterKind{policies.WordsWait, policies.WordsWait}) {
		t.Errorf("with somebody new and a new key: %v", got)
	}
	w = newStaffed(t)
	w.Now += policiestest.Day(336)
	w.must(w.InOrg(w.Key("ig"), "staff.renew", policies.StaffRenew{Staff: w.Staff["ann"].ID, Until: w.Now + policiestest.Day(365)}))
	var people, devices int
	for _, k := range kinds() {
		switch k {
		case policies.CertificateEnds:
			people++
		case policies.DeviceEnds:
			devices++
		}
	}
	if people != 6 || devices != 1 {
		t.Errorf("before a year is over: %d people and %d devices, want everybody but ann, and her device", people, devices)
	}
}
