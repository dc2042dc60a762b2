package attune

import (
	_ "embed"
	"strings"
)

// verifyProgram checks an export with nothing but Python's standard library. It is
// printed in VERIFY.txt, so that whoever receives an export needs nothing of ours.
//
//go:embed verify.py
var verifyProgram string

// howToVerify is the text of VERIFY.txt.
func howToVerify(part bool) string {
	holds, proves := "the whole access log of a service, up to the moment of the export", `Together the two checks prove that these are all the rows that the service had
signed, in their order, and that none was changed, added or left out.`
	if part {
		holds, proves = "some rows of the access log of a service", `Together the two checks prove of each row that it stands in the log that the
service signed, at the place it says, unchanged. They do NOT prove that no row
was left out: for that, ask for an export of the whole log.`
	}
	return strings.NewReplacer("HOLDS", holds, "PROVES", proves, "PROGRAM", verifyProgram).Replace(verifyText)
}

const verifyText = `This folder holds HOLDS.
You can check it without the program that made it.

  checkpoint       what the service signed: the name of its log, how many rows it
                   has, and one number (the root) that stands for all of them
  log.pem          the public key that signs, as openssl reads it
  log.vkey         the same key, as verifiers of signed notes read it
  events.ndjson    one row a line, exactly as it was hashed. People, families and
                   things have pseudonyms here
  proofs.ndjson    only in an export of some rows: for each row, its way to the root
  tile/            only in an export of all rows: the layout of c2sp.org/tlog-tiles,
                   for stock verifiers of transparency logs. Of rows that were
                   pruned, below "from" in export.json, only hashes are kept, and
                   a row of the log says so
  names/           what the pseudonyms stand for, the rows as a table for reading,
                   and addresses and reasons. This folder is personal data. Delete
                   it and what remains names nobody and still verifies
  export.json      what was asked for, and when, by the clock of whoever exported

Whose key is it? This folder cannot tell you. Compare log.vkey with the one that
the service's information governance officer has, by voice or on paper: on their
machine "attune log verify" prints it. A service may replace its key: the last one
signs for all rows before, and export.json names the certificate, signed by the
organisation's root, that gave it to the service. An export that was made before
stays good with the key that it came with.

1. THE SIGNATURE, with openssl 3. In this folder:

  sed '/^$/,$d' checkpoint > body
  tail -n 1 checkpoint | sed 's/.* //' | base64 -d | tail -c 64 > sig
  openssl pkeyutl -verify -rawin -pubin -inkey log.pem -in body -sigfile sig

It says: Signature Verified Successfully

2. THE ROWS, with Python 3 and nothing else. In this folder:

  sed -n '/^# BEGIN/,/^# END/p' VERIFY.txt > verify.py
  python3 verify.py

It says GOOD and how many rows, or WRONG and which row. You can read the program:
it is at the end of this text, and is about as long as this text.

PROVES

With Attune itself, offline: attune log verify FOLDER
That also compares the tiles, the tables and the details with the rows.

# BEGIN
PROGRAM# END
`
