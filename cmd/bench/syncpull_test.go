package main

import "testing"

func TestAfterItems(t *testing.T) {
	const page = `{"items":[{"kind":"statement","statement":"a.b.c","attachments":[]}],"cursor":"Zm9v","more":true,"proven":{"checkpoint":"x"}}`
	if cursor, more, err := afterItems([]byte(page)); cursor != "Zm9v" || !more || err != nil {
		t.Errorf("cursor %q, more %v, %v; want Zm9v and more", cursor, more, err)
	}
	if _, _, err := afterItems([]byte(`{}`)); err == nil {
		t.Error("a page without a cursor was read")
	}
}
