package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// overlay FILE FROM writes FROM over the beginning of FILE, whose length stays.
func overlay(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 2, "overlay FILE FROM")
	name := oneFile(ts, args[0])
	body, err := os.ReadFile(name)
	ts.Check(err)
	copy(body, read(ts, args[1]))
	ts.Check(os.Chmod(name, 0o600))
	ts.Check(os.WriteFile(name, body, 0o600))
}

// doubled STATEMENT TO writes a push of the statement with one member twice, as a
// lenient reader would take it.
func doubled(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 2, "doubled STATEMENT TO")
	parts := strings.Split(string(read(ts, args[0])), ".")
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	ts.Check(err)
	payload = bytes.Replace(payload, []byte(`{"v":1,`), []byte(`{"v":1,"v":1,`), 1)
	parts[1] = base64.RawURLEncoding.EncodeToString(payload)
	body, err := wire.Encode(wire.PushRequest{Statements: []wire.Sealed{{Statement: strings.Join(parts, "."), Attachments: []wire.Attachment{}}}})
	ts.Check(err)
	write(ts, args[1], body)
}

// outdated FROM TO writes an invitation as it will be a minute after its end.
func outdated(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 2, "outdated FROM TO")
	inv, err := attune.ParseInvitation(string(read(ts, args[0])))
	ts.Check(err)
	inv.Expires = policies.At(time.Now().Add(-time.Minute))
	write(ts, args[1], []byte(inv.String()))
}

// post URL FILE posts JSON without a bearer and prints status and reply.
func post(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 2, "post URL FILE")
	client := http.Client{Timeout: 10 * time.Second}
	defer client.CloseIdleConnections()
	reply, err := client.Post(args[0], "application/json", bytes.NewReader(read(ts, args[1])))
	ts.Check(err)
	defer reply.Body.Close()
	body, err := io.ReadAll(reply.Body)
	ts.Check(err)
	fmt.Fprintf(ts.Stdout(), "%d %s\n", reply.StatusCode, body)
}

// printCode prints an error body's code, for scripts that expect a refusal.
func printCode(ts *testscript.TestScript, reply *http.Response) {
	var e wire.ErrorBody
	body, err := io.ReadAll(reply.Body)
	ts.Check(err)
	ts.Check(json.Unmarshal(body, &e))
	fmt.Fprintf(ts.Stdout(), "%d %s\n", reply.StatusCode, e.Code)
}
