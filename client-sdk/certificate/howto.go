package certificate

import (
	_ "embed"
	"strings"
)

// verifyProgram checks a certificate with openssl and Python's standard library. It is
// printed in VERIFY.txt, so that whoever receives a certificate needs nothing of ours.
//
//go:embed verify.py
var verifyProgram string

// HowToVerify is the text of VERIFY.txt, which lies beside certificates.
func HowToVerify() string { return strings.Replace(verifyText, "PROGRAM", verifyProgram, 1) }

const verifyText = `Each .json file here is the certificate of destruction of one clip, and each .pdf
the same to print. You can check a certificate without the program that made it,
with openssl 3 and Python 3, and without a network. In this folder:

  sed -n '/^# BEGIN/,/^# END/p' VERIFY.txt > verify.py
  python3 verify.py destroyed-CLIP.json

It says GOOD, the clip and the service, or WRONG and what does not hold. openssl
checks the signatures: of the service's root under itself and the server's keys,
of the server under the certificate, and of the log under its checkpoint. Python
checks that what you read is what was signed, and that it is a row of that log. You
can read the program: it is at the end of this text.

Which service is it? The file cannot tell you. Compare the one that is named with
the fingerprint that the service gives you by another way, by voice or on paper:
there "attune service list" shows it.

WHAT IS PROVED: that the service's server signed, and entered in its log, that it
deleted these versions, listed the store again, found nothing, and deleted the keys.

WHAT IS NOT: that nobody kept a copy. A backup may hold the film until the last day
that is named. A device that was out of contact may hold a key until it answers;
what devices answered is their own word, and is not checked here.

With Attune itself, offline: attune certificate verify FILE

# BEGIN
PROGRAM# END
`
