package attune_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// threat is what somebody could do, or a rule of the design about whom to trust, and the
// tests that show what becomes of it: "TestName", or "TestName/Row" of its table.
type threat struct {
	what  string
	tests []string
}

// threats are the peers' broken promises, row by row, and what remains believed.
func threats() []threat {
	return []threat{
		{"server swaps one clip of a family for another", []string{"TestHostileFilm/FilmOfAnotherClip", "TestHostileKeys/KeyOfAnotherClip", "TestHostileKeys/KeyAndFilmOfAnotherClip", "TestHostilePages/TitleSwapped", "TestHostileLinks/FilmOfAnotherClip"}},
		{"server adds itself to the viewers", []string{"TestHostilePages/ViewerInjected", "TestHostilePages/TeamMemberInjected", "TestHostileViewer", "TestHostilePages/HeaderForAStrangerLate"}},
		{"server hands out a false family key", []string{"TestHostileKeys/FamilyKeyOfTheOperator", "TestHostileEnvelope"}},
		{"recovery key substituted", []string{"TestHostileJoin/AnotherRoot", "TestHostileJoin/AnotherCustodianUnderTheTrueRoot", "TestHostilePages/RecoveryKeySubstituted"}},
		{"unapproved clip reaches viewers", []string{"TestViewer", "TestHostileViewer", "TestViewerKeyRefused"}},
		{"removed viewer, staff leaver", []string{"TestHostileDrop/WithCause", "TestTeamRemoved", "TestLeaving", "TestKeyDue", "TestHostilePages/RevocationLeftOut"}},
		{"stolen device", []string{"TestLostDevice", "TestLocksChange", "TestLockedKeys", "TestRevokedDevice"}},
		{"leaked link", []string{"TestLeakedLinkIsRevoked", "TestLinkGuessing", "TestLinkPIN", "TestLinkCountsOnlyPeople"}},
		{"leaked link and a hostile server", []string{"TestHostileLinks/RowOfAnotherLink", "TestHostileLinks/AnotherLinkAltogether"}}, // the PIN is bypassed: said in the threat model
		{"truncated upload", []string{"TestUploadOfOtherBytes", "TestHostileStored", "TestHostileFilm/LastChunkCut"}},
		{"withdrawal rolled back", []string{"TestHostileRollbackInTwoPages", "TestHostilePages/WithdrawalLeftOutAndChained", "TestHostilePages/WithdrawalHiddenAsContentAndChained", "TestHostileWithheld", "TestHostileResetHidesWithdrawal"}},
		{"hostile viewer script", []string{"TestCarerLoadsOnlyItself"}}, // a page made for one carer is believed: said in the threat model
		{"harvest now, decrypt later", []string{"TestHybridAndClassicDoNotMix"}},
	}
}

// trustRules are the rules of the design about statements and keys.
func trustRules() []threat {
	return []threat{
		{"statements are decoded strictly, in both directions", []string{"TestRejectVectors", "TestEveryChangedCharacterIsRefused"}},
		{"a statement is no token, and a token no statement", []string{"TestVerifiersRefuseEachOther"}},
		{"a statement belongs to one record", []string{"TestHostilePages/StatementOfAnotherRecord", "TestStatementOfAnotherRecord"}},
		{"fixed attachments are named by their digest", []string{"TestHostilePages/FormSwapped", "TestHostilePages/TitleSwapped", "TestAcceptAttachments"}},
		{"restrictions win in any order", []string{"TestConsentOfMondayAfterWithdrawalOfTuesday", "TestFoldingCommutes", "TestRestrictionsOnlyTakeAway"}},
		{"restrictions need no token and no order", []string{"TestWithdrawalWithoutAToken", "TestRestrictions", "TestRestrictionsGoFirst"}},
		{"n exposes a clone", []string{"TestPush"}},
		{"a second device is let in by words that its person compares", []string{"TestRequestThatWasSwapped", "TestSecondDevice"}},
		{"seen is evidence of forks", []string{"TestVerifyAgainstColleagues"}},
		{"a record is a chain", []string{"TestHostilePages/WithdrawalLeftOut", "TestHostilePages/WithdrawalPutLater", "TestNextHead"}},
		{"the head names the organisation's state that it was judged under", []string{"TestHostileOldOrganisation", "TestHostileFeed/UnderAnotherHead"}},
		{"control statements are never hidden", []string{"TestHostilePages/WithdrawalHiddenAsControl", "TestHostilePages/RevocationHidden"}},
		{"one checkpoint commits to all records", []string{"TestHostilePages/WithdrawalPutLaterAndChained", "TestHostileChainedAnew"}},
		{"checkpoints extend each other, and contradictions are kept", []string{"TestHostilePages/OldHead", "TestHostilePages/ForkOfTheLog", "TestHostilePages/ShorterAnswerOfTheSameSize", "TestHostilePages/LogOfAnotherKey", "TestEvidenceIsBounded"}},
		{"a receipt proves acceptance", []string{"TestHostileAnswers/NoReceipt", "TestHostileAnswers/DuplicateWithoutReceipt", "TestHostileAnswers/ProofOfAnotherTree", "TestHostileAnswers/AnotherPlace", "TestHostileWithheld"}},
		{"the root is pinned by the invitation", []string{"TestHostileJoin/AnotherRoot", "TestJoinAnotherService"}},
		{"the server's folder holds nobody else's keys", []string{"TestForeignKeys"}},
		{"any two of three custodians", []string{"TestAnyTwoOfThreeCustodians"}},
		{"the first certificate of an invitation counts", []string{"TestHostilePages/PersonCertifiedAgain", "TestPhotographedInvitation", "TestJoinTwiceWithOneInvitation"}},
		{"powers begin with six words", []string{"TestHostilePages/StaffConfirmedByTheServer", "TestTeamOfConfirmedOnly", "TestConfirmOtherWords"}},
		{"nobody is given another key by the server", []string{"TestHostilePages/PersonGivenAnotherKey", "TestHostilePages/StaffRecipientSubstituted", "TestRekey", "TestReinviteRefused"}},
		{"devices and staff are certified, not announced", []string{"TestHostilePages/DeviceInjected", "TestHostilePages/StaffInjected", "TestHostilePages/ViewerInjectedInAColleaguesName"}},
		{"keys lie under a passphrase", []string{"TestLockedKeys", "TestKeysStayOutOfLogs"}},
		{"a stale key is due, and turned", []string{"TestKeyDue", "TestKeyTurnRefused", "TestLocksStale"}},
		{"header and payload open with stock age", []string{"TestSealedFilmOpensWithStockAge", "TestRewrappedHeaderOpensWithStockAge", "TestCCTV"}},
		{"commitment, nonce and length bind a clip", []string{"TestHostileKeys/KeyOfAnotherClip", "TestHostileFilm/ChunksOfAnotherClipBehindTheTrueBeginning", "TestHostileFilm/Shorter", "TestHostileFilm/Longer", "TestHostileFilm/Changed", "TestHostileFilm/AnotherPart"}},
		{"a viewer holds headers, never the family key", []string{"TestViewer", "TestHostileViewerKey", "TestMayKnow"}},
		{"a link means its clip", []string{"TestHostileLinks/AnotherClip", "TestHostileLinks/AnotherLinksName", "TestHostileLinks/AnotherTitle", "TestHostileKeys/LinkSecretOfAnotherLink"}},
		{"purge and wipe carry what justifies them", []string{"TestHostileDrop/WithNothing", "TestHostileDrop/WithSomebodyElsesRemoval", "TestHostileDrop/WithARemovalThatWasAnswered", "TestHostileDrop/WithTheServersOwn", "TestHostilePages/ResetAndCutShort", "TestHostilePages/ResetOfTheOrganisation", "TestHostileUnknownEverything"}},
	}
}

// TestThreatsAreTested: every row names tests, and each of those exists.
func TestThreatsAreTested(t *testing.T) {
	t.Parallel()
	all := testSources(t)
	for _, row := range append(threats(), trustRules()...) {
		if len(row.tests) == 0 {
			t.Errorf("%q names no test", row.what)
		}
		for _, name := range row.tests {
			test, part, _ := strings.Cut(name, "/")
			file := ""
			for path, text := range all {
				if strings.Contains(text, "\nfunc "+test+"(t *testing.T)") && (part == "" || strings.Contains(text, `"`+part+`"`)) {
					file = path
				}
			}
			if file == "" {
				t.Errorf("%q names %s, and there is none", row.what, name)
			}
		}
	}
}

// TestEveryLieIsTold: each code of what no honest server does is expected by a test of a
// hostile server.
func TestEveryLieIsTold(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("lies.go")
	must(t, err)
	told := ""
	for path, text := range testSources(t) {
		if name := filepath.Base(path); strings.HasPrefix(name, "hostile") {
			told += text
		}
	}
	codes := regexp.MustCompile(`(?m)^\t(Code\w+)\s+wire\.Code = `).FindAllStringSubmatch(string(source), -1)
	if len(codes) < 20 {
		t.Fatalf("%d codes", len(codes))
	}
	rows := regexp.MustCompile(`(?m)^\t\{(Code\w+), `).FindAllStringSubmatch(string(source), -1)
	if len(rows) != len(codes) {
		t.Errorf("%d codes and %d rows with what to do", len(codes), len(rows))
	}
	for _, c := range codes {
		if !regexp.MustCompile(`attune\.` + c[1] + `\b`).MatchString(told) {
			t.Errorf("no hostile server is refused with %s", c[1])
		}
	}
}

// testSources are the Go tests of the repository, by path.
func testSources(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, dir := range []string{"../policies", "../storage", "../server", "../cmd", "."} {
		must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() && d.Name() == "node_modules" {
				return filepath.SkipDir
			}
			if d.IsDir() || !strings.HasSuffix(path, "_test.go") {
				return nil
			}
			text, err := os.ReadFile(path)
			all[path] = string(text)
			return err
		}))
	}
	return all
}
