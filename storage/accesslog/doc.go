// Package accesslog is the arithmetic of the access log: what one event's leaf
// looks like to the byte, the RFC 6962 Merkle tree over the leaves, the signed
// checkpoint that commits to a whole tree, and the proofs that a stranger can
// check against it.
//
// It promises that the same event always encodes to the same bytes, that a tree
// grows without reading back what it has already hashed, and that a verifier
// names the row that is wrong whenever the evidence allows one to be named.
//
// It has no clock, no randomness, no SQL, and no files but those of an export that
// it is handed to verify. Whoever appends chooses pseudonyms, nonces and times,
// stores leaves and tiles, and decides when to sign. Nothing here says whether an
// access was right: that is for policies.
//
// A caller who appends starts at [Load], [Event.Encode] and [Frontier.Append];
// one who shows evidence at [Sign] and [Frontier.ProveConsistency]; one who
// doubts at [OpenCheckpoint], [Verify] and [VerifyRows]; one who hands the log to a
// stranger at [Static], and the stranger at [VerifyWhole] and [VerifyPart].
//
// Sources: RFC 6962 section 2.1; C2SP tlog-checkpoint, tlog-tiles, signed-note.
package accesslog
