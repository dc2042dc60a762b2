// Package fleet makes a service with staff, devices and families' records for the
// benchmarks, from outside: it runs the built attuned, holds the ceremony with it,
// and everything it brings in is signed by a device and pushed over HTTP, as
// PROTOCOL.md has it.
//
// It promises that each statement is one that the product would make, with the
// attachments that belong to it. The one exception is [Fill], which says so.
//
// Start at [Found], then [Service.Join] and [Service.Open].
package fleet
