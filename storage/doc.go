// Package storage is the only door to what the service keeps: records, clips,
// uploads, links and the access log. Each of its methods checks, logs, then acts,
// in that order, and no other package reaches the tables or the objects.
//
// Three shapes recur. Accept: verify outside, then lock, load, Apply, Decide,
// log, write, in one transaction. Read: rule and log in one transaction, bytes
// only after it commits. Object: storing is bytes, then transaction; disposing is
// transaction, delete, transaction. A denial is a value whose event is committed
// like a success's.
//
// Start at [Open] and [Records.Accept].
package storage
