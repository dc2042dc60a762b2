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
// sends payloads with the [Uploader] and feeds the [Mirror]. The examples run against
// a real server.
//
// # A device's life
//
// A home is a folder of its own, of one person at one service. [Join] makes it with an
// invitation, once, and can be called again after a failure; [Open] is what every
// later start does, with the passphrase. One process holds a home at a time: a second gets
// [CodeInUse]. Until a registrar has heard the six words of [Joined], [Client.Sync] brings
// the organisation's record and the person has no powers. [Client.Close] leaves all that is
// queued for the next time. [Client.Lock] goes on sending film without the person's keys.
// When device or person is revoked, the next sync deletes what is held of families and the
// person's keys; what was queued stays, and may still be sent.
//
// # Without a connection
//
// Every act but [Client.Sync], watching what lies at the service, and reading the log works
// offline. It returns once its statement is on the disk; a nil error means kept, not allowed.
// The lists show families as they will be when the server has accepted what is queued.
// [Client.Ready] says until when this device may film and watch like that, [Clips.Gate]
// whether a family may be filmed now. [Outbox.Waiting] is what was not sent,
// [Outbox.Deferred] what waits at the service for something else, and [Outbox.Attention]
// what was refused, each with what to do; nothing leaves that list but by [Outbox.Dismiss]
// or by being stated anew.
//
// An app calls [Client.Sync] when it comes to the front, after an act, and when the network
// changes, or leaves all of that to [Client.Follow]. Sync may be called at any time and may
// fail at any point: what was done stays done, its [Report] tells it in spite of the error,
// and the next one goes on from there. What stops something always goes first.
//
// # Errors
//
// Every error that a person can act on is an [*Error]: Code for programs, Message and Next
// for people, in words that may be shown as they are. Branch on [CodeOf], which also knows
// the server's codes (package wire), or on these questions:
//
//   - [Offline]: the server could not be reached. Nothing is lost.
//   - [Outdated]: program and service do not understand each other any more; and
//     [CodeOldProgram], of records that only a newer program can read. Update.
//   - [Lied]: the server sent what no honest one does. Nothing of it was used, and
//     [Client.Evidence] names the files that show it.
//   - [NotThere]: the service has nothing of that name that this person may see.
//   - [*GateError]: filming is not permitted now, with every reason.
//
// An error that is none of these is a fault of the machine, such as an unreadable disk.
//
// # Threads
//
// A [Client] and all its nouns may be used from several goroutines. Acts wait for each
// other only while they write. Two syncs at once are safe, and one of them does the work.
// States that [Mirror] hands out are shared and never change: do not change them. A call
// with a context ends soon after its context does. Nothing runs after a call has returned,
// and nothing calls back after [Client.Close]: there is no goroutine in the background but
// those of [Client.Follow], which end when it returns.
//
// Time is Config.Now and Config.After; a device whose clock is off learns the server's from
// its replies, for its tokens alone.
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
//   - Program and service are of different versions: endings.go obeys what a device must
//     forget, unread.go stops where a record cannot be read.
//   - A family's key follows its team: ring.go opens what it sealed, locks.go turns and
//     wraps it, known.go keeps it from a colleague's new key until six words were heard.
//   - A person's own key is replaced: ownkey.go states it at once, rekey.go by itself,
//     reinvite.go by a registrar.
//   - Film is watched: ranges.go or owncopy.go reads it, watch.go opens it, copy.go
//     and pieces.go put it into the clear.
//   - The log is read: log.go and verify.go live, logexport.go and the files that
//     begin with log as a folder, with the checks of it.
package attune
