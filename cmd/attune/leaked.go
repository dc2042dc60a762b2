package main

import (
	"fmt"

	attune "github.com/attune-vf/attune/client-sdk"
)

// leakedText is a link that the service revoked, and what to do about it.
func leakedText(l attune.LeakedLink) string {
	whose := l.Label
	if whose == "" {
		whose = l.Person.Short()
	}
	return fmt.Sprintf("%s: link %s for %s was revoked, because %s. Make a new one (attune link create %s), and send it another way.",
		l.Reference, l.Link.Short(), whose, leakedWhy, l.Clip.Short())
}

// leakedWhy is the reason in words that can be said to a carer.
const leakedWhy = "a program on its way sent the secret part of it to the service, and may have kept it"
