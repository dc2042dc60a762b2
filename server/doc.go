// Package server speaks HTTP: it decodes a request, makes one call to storage,
// and encodes the answer. It holds no rule and no SQL, and it never decides who
// may do what.
//
// It promises that every route stands in routes.go, that every error body comes
// from the one table behind [Server.fail], and that nothing secret reaches its
// own log: route templates instead of paths, identifiers instead of names. What
// a caller may see is left to storage, what a carer sees to server/pages.
//
// Start at [New] and at routes.go. client-sdk/PROTOCOL.md describes the same
// wire to the byte.
package server
