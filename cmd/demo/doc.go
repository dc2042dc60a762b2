// Command demo walks one home-visit recording from the camera to the carer's
// phone, through the real binaries: it starts `attuned`, and acts as five people
// by running `attune` for each, as they would at their own desks.
//
// It promises that a walk which ends without an error has done every step for
// real. It knows nothing of the binaries but their command lines, so it is also
// a second reader of what README.md tells people to type. Start at main.
//
//	demo --data data            serve a demonstration until Ctrl-C   (make run)
//	demo --check --drive …      the same in a temporary folder, each outcome
//	                            checked, the page in Chromium        (make demo)
package main
