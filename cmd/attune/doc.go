// Command attune is a person's tool: a practitioner's device, a head of
// service's desk, an IG officer's verifier. It is for people who type commands
// and for scripts; practitioners will have an app.
//
// Each noun has a file of its own, and each command is one story: parse, one
// call of package attune, print. Nothing is decided here. Start at main; the
// journey of one recording is testdata/script/journey.txtar, which runs the real
// binaries and reads as documentation.
//
// Exit status: 0 done, 1 refused or failed, 2 wrong usage, 3 a prerequisite is
// missing.
package main
