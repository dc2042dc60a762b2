// Package policies holds the nouns of video feedback work and the rules that
// need nothing but facts: what a statement means, when it is possible, and what
// state it leads to.
//
// It is pure. It reads no clock, opens no file and talks to nobody: time is a
// parameter, and the same fold runs on the server and on every device. Whether
// something that is possible is also allowed now is asked in policies/authz.
//
// Start at [Kinds], the table with one row per statement kind, and at
// [Org.Apply] and [Family.Apply], which fold accepted statements into state.
package policies
