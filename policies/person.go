package policies

import "time"

// Check implements [Body].
func (b PersonAdd) Check() error {
	var c checks
	word(&c, "role", b.Role, FilmRoles())
	word(&c, "basis", b.Basis, Bases())
	word(&c, "contact", b.Contact, Contacts())
	if b.Born != "" {
		t, err := time.Parse(monthForm, b.Born)
		c.that(err == nil && t.Format(monthForm) == b.Born && t.Year() >= 1900, "birth month: %q is not a month such as 2024-03", b.Born)
	}
	c.attachments(b.Fixed, "label")
	return c.err
}

func addPerson(f *Family, _ *Org, a act[PersonAdd]) (Changes, error) {
	if err := f.teamed(a.By); err != nil {
		return Changes{}, err
	}
	b := a.Said
	id := PersonID(a.ID)
	f.People[id] = &Person{ID: id, Role: b.Role, Basis: b.Basis, Born: b.Born, Contact: b.Contact}
	return Changes{}, nil
}

// known refuses a person whom the record does not have yet.
func (f *Family) known(people ...PersonID) error {
	for _, p := range people {
		if f.People[p] == nil {
			return missing("the person", p)
		}
	}
	return nil
}
