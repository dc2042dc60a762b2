package main

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// hung is where a script keeps what hanging started.
type hung struct{ slay func() }

// hanging attune … starts a command whose server takes a connection and never answers,
// and goes on once it has called it: the command has its home open then.
func hanging(ts *testscript.TestScript, _ bool, args []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	cmd := exec.Command(filepath.Join(builtDir, args[0]), args[1:]...)
	cmd.Env = append(os.Environ(), "ATTUNE_PASSPHRASE_FILE="+ts.Getenv("ATTUNE_PASSPHRASE_FILE"), "ATTUNE_SERVER=http://"+l.Addr().String())
	cmd.Dir = ts.MkAbs(".")
	ts.Check(cmd.Start())
	var conn net.Conn
	once := func() {
		cmd.Process.Kill()
		cmd.Wait()
		if conn != nil {
			conn.Close()
		}
		l.Close()
	}
	ts.Defer(once)
	ts.Value(playing).(*players).hung = hung{once}
	ts.Check(l.(*net.TCPListener).SetDeadline(time.Now().Add(30 * time.Second)))
	conn, err = l.Accept()
	ts.Check(err)
}

// slain ends what hanging started, without warning.
func slain(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 0, "slain")
	ts.Value(playing).(*players).hung.slay()
}
