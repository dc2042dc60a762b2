package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// fuzzed says what a stranger can make this software read, and which fuzz function
// tries it. A stranger is whoever may be hostile: anybody on the network, a server
// for a device, a device for the server, who sent a film, a link, an invitation, a
// key or an export. Each function runs its seeds in every go test.
var fuzzed = []struct {
	what    string
	parsers []string
	fuzz    string // "package:Function"
}{
	{"whole requests: line, path, query, cursor, every header, every body", []string{
		"server.decode", "server.query", "server.number", "server.clipOf", "server.linkToken", "server.linkSession", "storage.openCursor",
	}, "server:FuzzRequest"},
	{"versions of the protocol", []string{"client-sdk/wire.ParseVersion"}, "client-sdk/wire:FuzzParseVersion"},
	{"JSON messages, either way", []string{"client-sdk/wire.Decode"}, "client-sdk/wire:FuzzDecode"},
	{"Range headers", []string{"server.parseRange"}, "server:FuzzRange"},
	{"Forwarded headers", []string{"server.ParseProxies"}, "server:FuzzForwardedFor"},
	{"request lines with a leaked key", nil, "server:FuzzScrub"},
	{"leaked keys", nil, "storage:FuzzFindLeak"},
	{"identifiers, digests, keys, link tokens", []string{"policies.ParseID", "policies.decodeExact", "policies.UnmarshalText"}, "policies:FuzzParseID"},
	{"names of staff in labels", []string{"policies.LabelName"}, "policies:FuzzLabelName"},
	{"periods and days in packs", []string{"policies.ParsePeriod", "policies.ParseDay"}, "policies:FuzzParsePeriod"},
	{"packs", []string{"policies/packs.Parse", "policies/packs.parse"}, "policies/packs:FuzzParse"},
	{"statements", []string{"client-sdk/statement.Parse", "client-sdk/statement.decode", "client-sdk/statement.decode64"}, "client-sdk/statement:FuzzParse"},
	{"statements of kinds of a later version", []string{"client-sdk/statement.ParseKept", "client-sdk/statement.parse"}, "client-sdk/statement:FuzzParseKept"},
	{"bearer tokens", []string{"client-sdk/statement.VerifyToken"}, "client-sdk/statement:FuzzVerifyToken"},
	{"refusals of a server or a proxy", []string{"client-sdk.readError"}, "client-sdk:FuzzReadError"},
	{"compressed bodies, either way", []string{"client-sdk/wire.ParseEncoding", "client-sdk/wire.ParseAccepted", "client-sdk/wire.DecodePacked", "server.decodePacked"}, "client-sdk/wire:FuzzUnpack"},
	{"what a server answers to a device: pages, results, endings", nil, "client-sdk:FuzzAnswers"},
	{"streams of notices", nil, "client-sdk:FuzzNotices"},
	{"invitations", []string{"client-sdk.ParseInvitation"}, "client-sdk:FuzzParseInvitation"},
	{"a new device's request", []string{"client-sdk.ParseDeviceRequest"}, "client-sdk:FuzzParseDeviceRequest"},
	{"the reply to a new device", []string{"client-sdk.parseDeviceReply"}, "client-sdk:FuzzParseDeviceReply"},
	{"a new server's request to the root", []string{"client-sdk.ParseServerRequest"}, "client-sdk:FuzzParseServerRequest"},
	{"age headers", []string{"client-sdk/seal.OpenHeader"}, "client-sdk/seal:FuzzOpenHeader"},
	{"age payloads", []string{"client-sdk/seal.OpenPayload"}, "client-sdk/seal:FuzzOpenPayload"},
	{"locked keys", nil, "client-sdk/seal:FuzzUnlockKeys"},
	{"link fragments", []string{"client-sdk/seal.ParseFragment"}, "client-sdk/seal:FuzzParseFragment"},
	{"age keys that somebody pasted", []string{"client-sdk/seal.ParseRecipient", "client-sdk/seal.ParseIdentity"}, "client-sdk/seal:FuzzParseRecipient"},
	{"film and pictures: MP4, MOV, WebM, JPEG, PNG", []string{"client-sdk/film.Inspect", "client-sdk/film.Clean"}, "client-sdk/film:FuzzInspectAndClean"},
	{"certificates of destruction", []string{"client-sdk/certificate.Parse"}, "client-sdk/certificate:FuzzParse"},
	{"leaves", []string{"storage/accesslog.Decode", "storage/accesslog.parse", "storage/accesslog.UnmarshalText"}, "storage/accesslog:FuzzDecode"},
	{"leaves, quickly", []string{"storage/accesslog.scan"}, "storage/accesslog:FuzzScan"},
	{"checkpoints", []string{"storage/accesslog.parseBody"}, "storage/accesslog:FuzzOpenCheckpoint"},
	{"inclusion and consistency proofs", nil, "storage/accesslog:FuzzVerifyProof"},
	{"keys of logs", []string{"storage/accesslog.ParseVerifier"}, "storage/accesslog:FuzzParseVerifier"},
	{"what was pruned", []string{"storage/accesslog.ParsePruned"}, "storage/accesslog:FuzzParsePruned"},
	{"the restriction ledger", []string{"storage/ledger.decode", "storage/ledger.scan", "storage/ledger.Read"}, "storage/ledger:FuzzRead"},
	{"exports: rows, tiles, bundles", nil, "storage/accesslog:FuzzVerifyWhole"},
	{"exports: rows and proofs", []string{"storage/accesslog.parseProven"}, "storage/accesslog:FuzzVerifyPart"},
	{"exports: tables, names, details", []string{"client-sdk.parseName"}, "client-sdk:FuzzVerifyLogExport"},
	{"cells of tables", nil, "client-sdk:FuzzCell"},
	{"names of objects", nil, "storage/objects:FuzzKey"},
	{"the address of the service", nil, "cmd/attuned:FuzzCheckOrigin"},
}

// trusted parsers read what the person at this machine, its operator or its own
// release gives, and nobody else.
var trusted = []string{
	"cmd/attune.parseDay", "cmd/attune.parseUntil", "cmd/attune.UnmarshalText", // flags
	"storage/objects.ParseS3URL", // a flag of the operator's
	"policies/authz.parseSchema", // compiled in
}

var (
	anyFunc  = regexp.MustCompile(`(?m)^func (?:\([^)]*\) )?(\w+)[(\[]`)
	fuzzFunc = regexp.MustCompile(`(?m)^func (Fuzz\w+)\(\w+ \*testing\.F\) \{`)
	// A function called so reads something; it stands in one of the two lists.
	parseFunc = regexp.MustCompile(`(?m)^func (?:\([^)]*\) )?((?:[Pp]arse|[Dd]ecode)\w*|UnmarshalText|UnmarshalJSON)[(\[]`)
)

// TestEveryParserIsFuzzed holds the list against the code: each fuzz function
// exists and has seeds, each is in the list, and no function that parses is in
// neither list.
func TestEveryParserIsFuzzed(t *testing.T) {
	exists, parsers, all := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for file, body := range goFiles(t) {
		pkg := filepath.ToSlash(filepath.Dir(file))
		if strings.HasSuffix(file, "_test.go") {
			for _, m := range fuzzFunc.FindAllStringSubmatchIndex(body, -1) {
				name := pkg + ":" + body[m[2]:m[3]]
				exists[name] = true
				if rest, _, _ := strings.Cut(body[m[1]:], "\n}\n"); !strings.Contains(rest, "f.Add(") && !strings.Contains(rest, "seed") {
					t.Errorf("%s has no seeds, so go test runs nothing of it", name)
				}
			}
			continue
		}
		for _, m := range anyFunc.FindAllStringSubmatch(body, -1) {
			all[pkg+"."+m[1]] = true
		}
		if testSupport(pkg) || strings.HasPrefix(pkg, "cmd/bench") {
			continue
		}
		for _, m := range parseFunc.FindAllStringSubmatch(body, -1) {
			parsers[pkg+"."+m[1]] = true
		}
	}
	var listed, covered []string
	for _, row := range fuzzed {
		listed, covered = append(listed, row.fuzz), append(covered, row.parsers...)
		if !exists[row.fuzz] {
			t.Errorf("%s: there is no %s", row.what, row.fuzz)
		}
	}
	for name := range exists {
		if !slices.Contains(listed, name) {
			t.Errorf("%s is not in the list of what is fuzzed", name)
		}
	}
	for _, name := range append(covered, trusted...) {
		if !all[name] {
			t.Errorf("%s is in the list and not in the code", name)
		}
	}
	for name := range parsers {
		if !slices.Contains(covered, name) && !slices.Contains(trusted, name) {
			t.Errorf("%s parses, and the list says neither who fuzzes it nor that it is trusted", name)
		}
	}
}

// goFiles are the Go files of this module by their path, with their text.
func goFiles(t *testing.T) map[string]string {
	t.Helper()
	root, files := moduleRoot(t), map[string]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			other := path != root && exists(filepath.Join(path, "go.mod"))
			if other || d.Name() == "node_modules" || d.Name() == "testdata" || path != root && strings.HasPrefix(d.Name(), ".") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		body, err := os.ReadFile(path)
		rel, _ := filepath.Rel(root, path)
		files[filepath.ToSlash(rel)] = string(body)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
