package main

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/attune-vf/attune/client-sdk/seal"
)

// gateway LINK asks for a link as a mail filter does that takes # for a letter of
// the path: the secret goes to the server. It prints the answer's status.
func gateway(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 1, "gateway LINK")
	client := http.Client{Timeout: 30 * time.Second}
	defer client.CloseIdleConnections()
	reply, err := client.Get(strings.Replace(args[0], "#", "%23", 1))
	ts.Check(err)
	reply.Body.Close()
	fmt.Fprintln(ts.Stdout(), reply.StatusCode)
}

// ends LINK PIN waits until a link no longer opens: what follows from a leak is
// done beside the answer.
func ends(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 2, "ends LINK PIN")
	page, fragment, _ := strings.Cut(args[0], "#")
	secret, err := seal.ParseFragment(fragment)
	ts.Check(err)
	c := carer{page: page, client: &http.Client{Timeout: 30 * time.Second}}
	defer c.client.CloseIdleConnections()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(7 * time.Second) { // ten tries a minute are let through
		reply := c.open(ts, secret, args[1])
		reply.Body.Close()
		if reply.StatusCode == http.StatusNotFound {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("the link still opens: %s", reply.Status)
		}
	}
}
