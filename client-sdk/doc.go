// Package attune is what a person's device does: a practitioner's in a family's
// living room, an officer's at a desk.
//
// It promises that work is never lost and never believed on the server's word.
// Every act becomes a signed statement in a local outbox before the call that
// made it returns, with or without a network; film is sealed and synced to disk
// before anything else happens to it. What the server sends is verified before
// it is used: each signature, the chain of each record, the signed state of the
// access log and its consistency with what this device saw before. Keys, members
// and the pairing of a clip with its bytes come from the verified fold only.
//
// What it leaves to others: whether something is allowed is decided by the
// server's rules. The device runs the fold of package policies and the filming
// gate, and what it shows while offline is provisional.
//
// Start at [Join] and [Open]. A [Client] only composes its parts: its nouns, from
// Staff to Policies, make statements into the [Outbox]; [Client.Sync] pushes them,
// sends payloads with the [Uploader] and feeds the [Mirror].
//
// # Where things lie
//
// A noun has its file: family.go, consent.go, clip.go. Beside them, in the order in
// which work passes through:
//
//   - Film comes in: recording.go looks at the file, sealing.go and behind.go write
//     it sealed, add.go states it, source.go removes the recording.
//   - What was said goes out: outbox.go and push.go, apart.go where no token is
//     taken, restate.go after a refusal; uploader.go sends film through remote.go.
//   - It happens by itself: follow.go syncs as long as it is told to, listen.go waits for
//     the server's notice, backoff.go says how long after a failure. locked.go sends film
//     without its person's keys; network.go says over which networks.
//   - What others said comes in: pull.go takes a page, fold.go an item, keep.go and
//     late.go store it, scribe.go writes keys for viewers. trust.go, attest.go,
//     remembered.go and owed.go hold the server to what it said before; lies.go names
//     what no honest one does, and evidence.go keeps what shows it.
//   - A family's key follows its team: ring.go opens what it sealed, locks.go turns and
//     wraps it, known.go keeps it from a colleague's new key until six words were heard.
//   - A person's own key is replaced: ownkey.go states it at once, rekey.go by itself,
//     reinvite.go by a registrar.
//   - Film is watched: ranges.go or owncopy.go reads it, watch.go opens it, copy.go
//     and pieces.go put it into the clear.
//   - The log is read: log.go and verify.go live, logexport.go and the files that
//     begin with log as a folder, with the checks of it.
package attune
