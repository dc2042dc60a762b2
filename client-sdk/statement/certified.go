package statement

import "github.com/attune-vf/attune/policies"

// CertifiedKeys returns the key that a verified statement introduces, and the
// kid under which later statements name it. A batch that certifies a key and
// then uses it can so be verified in one go.
//
// It says what the statement claims, not that the claim counts: the fold looks
// at the certificate's signer, its time and whether it was the first.
func CertifiedKeys(s policies.Statement) (kid policies.KeyID, key policies.PublicKey, ok bool) {
	switch b := s.Body.(type) {
	case *policies.OrgRoot:
		key = b.Key
	case *policies.ServerCertify:
		key = b.Key
	case *policies.StaffInvite: // the one-time key
		key = b.Key
	case *policies.StaffReinvite:
		key = b.Key
	case *policies.StaffCertify:
		key = b.Key
	case *policies.StaffRekey:
		key = b.Key
	case *policies.DeviceCertify:
		key = b.Key
	default:
		return kid, key, false
	}
	return policies.KeyID(s.ID), key, true
}
