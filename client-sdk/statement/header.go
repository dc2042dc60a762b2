package statement

// header is only decoded to say what is wrong with one that is not exact.
type header struct {
	Alg string `json:"alg"`
	Kid string `json:"kid"`
	Typ string `json:"typ"`
}

// explainHeader names the rule that an inexact header breaks. It never returns
// nil: the exact text is the only one that passes.
func explainHeader(h []byte) error {
	if err := scan(h); err != nil {
		return err
	}
	var got header
	if err := decode(h, &got); err != nil {
		if Rule(err) == RuleUnknownMember {
			return broken(RuleHeader, "protected header with another member than alg, kid, typ")
		}
		return err
	}
	if got.Alg != "EdDSA" {
		return broken(RuleAlg, "algorithm %q", got.Alg)
	}
	for _, c := range got.Typ {
		if notInTyp(c) {
			return broken(RuleTyp, "typ %q", got.Typ)
		}
	}
	again, err := encode(got)
	if err != nil {
		return broken(RuleHeader, "protected header cannot be encoded")
	}
	if string(again) == string(h) {
		return broken(RuleKid, "kid is not 43 characters of base64url")
	}
	return differs(h, again)
}

// notInTyp keeps typ to letters that JSON never escapes.
func notInTyp(r rune) bool {
	switch {
	case r >= 'a' && r <= 'z', r == '.', r == '+', r == '-', r == '_':
		return false
	}
	return true
}
