// Package authz asks the service's rules, written in Cedar, whether something is
// allowed now.
//
// It promises that every answer names its rules, that the same facts always give
// the same answer in the same words, and that whatever goes wrong is a denial.
// It reads no clock and talks to nobody: facts come from folded records, time
// from the request. Whether a statement is possible at all is for package
// policies; logging a ruling and obeying it are for package storage.
//
// The rules stand in the *.cedar files; RULES.md, one folder up, prints them for
// people. Start at [Load] and [Bundle.Decide].
package authz
