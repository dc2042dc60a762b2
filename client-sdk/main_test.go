package attune_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"go.uber.org/goleak"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

func TestMain(m *testing.M) {
	if args := os.Getenv("ATTUNE_TEST_ADDING"); args != "" {
		adding(strings.Split(args, "\n"))
		return
	}
	// Each test founds a service of its own and waits for the disk most of the time.
	_ = flag.Set("test.parallel", strconv.Itoa(4*runtime.GOMAXPROCS(0)))
	goleak.VerifyTestMain(m)
}

// adding is a device that adds clips, one recording after the other, removes each
// original, and is killed somewhere on the way. args: home, family, people and
// recordings.
func adding(args []string) {
	c, err := attune.Open(args[0], passphrase, attune.Config{})
	if err != nil {
		fmt.Println("open:", err)
		return
	}
	family, _ := policies.ParseID[policies.Family](args[1])
	var people []policies.PersonID
	for _, text := range strings.Fields(args[2]) {
		p, _ := policies.ParseID[policies.Person](text)
		people = append(people, p)
	}
	fmt.Println("ready")
	for _, file := range args[3:] {
		added, err := c.Clips.Add(context.Background(), attune.AddClip{Family: family, File: file, Kind: policies.Film, People: people})
		if err == nil {
			err = c.Clips.ConfirmSource(added.Clip, policies.SourceRemoved)
		}
		fmt.Println("added", file, err)
	}
}
