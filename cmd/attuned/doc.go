// Command attuned is the server: one binary, one folder.
//
// It promises to start only on a folder that was founded by the ceremony, whose
// rules and figures are those the head of service adopted, and that holds
// nobody else's private key. What it serves is package server's business, what
// it keeps package storage's. Start at main.
//
// Exit status: 0 done, 1 refused or failed, 2 wrong usage or port taken, 3 a
// prerequisite is missing.
package main
