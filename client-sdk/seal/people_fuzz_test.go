package seal

import "testing"

// FuzzParseRecipient: a key that somebody pasted has one spelling, and sealing to
// it does not fail later.
func FuzzParseRecipient(f *testing.F) {
	id, err := NewIdentity()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(id.Recipient().String())
	f.Add(id.String())
	f.Add("age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		if r, err := ParseRecipient(text); err == nil {
			if r.String() != text {
				t.Errorf("recipient %q is read as %q", text, r)
			}
			if _, err := NewHeader(FileKey{1}, r); err != nil {
				t.Errorf("nothing can be sealed to %q: %v", text, err)
			}
		}
		if i, err := ParseIdentity(text); err == nil && i.String() != text {
			t.Errorf("identity %q is read otherwise", text)
		}
	})
}
