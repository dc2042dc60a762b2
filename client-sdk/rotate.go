package attune

import (
	"encoding/hex"
	"strings"

	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// CertifyAgain has the root certify other keys for a server: those of c.Request, in
// place of the ones that its last certificate names. Only RootKey, OrgRoot, Request and
// Now of c count. accept is the file for the server, a [wire.PushRequest].
//
// The request came from the server, and what it says of the certificates so far is
// believed only as far as this root signed it. The new keys nobody can check but people:
// whoever carries the request compares [ServerRequest.Fingerprint] on both machines.
func CertifyAgain(c Certification) (accept []byte, err error) {
	root, err := c.open()
	if err != nil {
		return nil, err
	}
	if len(c.Request.Certified) == 0 || c.Request.Number < 2 {
		return nil, problem(CodeInput, "Give what attuned rotate wrote. For a new server: attune ceremony certify --help", "This request is not of a server that has keys already.")
	}
	for _, raw := range c.Request.Certified {
		s, err := statement.Verify([]byte(raw), root.org.Key)
		if err == nil && s.Signer != policies.KeyID(root.org.Root) {
			err = policies.ErrSigner
		}
		if err == nil {
			_, err = root.org.Apply(s, root.now)
		}
		if err != nil {
			return nil, problem(CodeInput, "Take the request from the server itself, unchanged.", "A certificate in the request was not signed by this root.").because(err)
		}
	}
	root.next = c.Request.Number
	root.sign("server.certify", policies.ServerCertify{Key: c.Request.Key, LogKey: c.Request.LogKey, Replaces: root.org.Server.Certificate})
	if root.err != nil {
		return nil, problem(CodeInput, "Check the files of the ceremony.", "The root cannot certify this.").because(root.err)
	}
	return wire.Encode(wire.PushRequest{Statements: root.signed})
}

// Fingerprint is eight groups of four digits that stand for the request's two keys, to
// be compared by eye or by voice.
func (r ServerRequest) Fingerprint() string {
	digest := policies.DigestOf(append(append([]byte("attune/server-keys/v1"), r.Key[:]...), r.LogKey[:]...))
	sum := hex.EncodeToString(digest[:])
	var groups []string
	for i := 0; i < 32; i += 4 {
		groups = append(groups, sum[i:i+4])
	}
	return strings.Join(groups, " ")
}
