//go:build smtp

package main

import (
	"bufio"
	"io"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// postOffice is a real SMTP server (Debian's python3-aiosmtpd) on loopback.
type postOffice struct {
	addr, folder string
	cert         string
}

// opens starts a server; how is "", starttls or implicit, then perhaps user and password.
func opens(t *testing.T, addr, how string, login ...string) postOffice {
	t.Helper()
	dir := t.TempDir()
	o := postOffice{addr, filepath.Join(dir, "kept"), filepath.Join(dir, "cert.pem")}
	if err := os.Mkdir(o.folder, 0o700); err != nil {
		t.Fatal(err)
	}
	selfSigned(t, "mail", time.Now().Add(time.Hour), "127.0.0.1").write(t, o.cert, filepath.Join(dir, "key.pem"))
	_, port, _ := net.SplitHostPort(addr)
	args := []string{"testdata/smtpd.py", port, o.folder}
	if how != "" {
		args = append(args, how, o.cert, filepath.Join(dir, "key.pem"))
	}
	c := exec.Command("/usr/bin/python3", append(args, login...)...)
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatalf("Debian's Python, with aiosmtpd: %v", err)
	}
	t.Cleanup(func() {
		c.Process.Kill()
		c.Wait()
	})
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "ready\n" {
		t.Fatalf("the SMTP server says %q, %v; is python3-aiosmtpd installed?", line, err)
	}
	return o
}

// kept are the messages that arrived: to whom, and the text.
func (o postOffice) kept(t *testing.T) (to []string, texts []string) {
	t.Helper()
	entries, err := os.ReadDir(o.folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(o.folder, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		m, err := mail.ReadMessage(strings.NewReader(string(b)))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(quotedprintable.NewReader(m.Body))
		if err != nil {
			t.Fatal(err)
		}
		to = append(to, m.Header.Get("To"))
		texts = append(texts, m.Header.Get("Subject")+"\n"+strings.ReplaceAll(string(text), "\r\n", "\n"))
	}
	return to, texts
}

func (o postOffice) flags(to ...string) []string {
	host, port, _ := net.SplitHostPort(o.addr)
	args := []string{"--mail-host", host, "--mail-port", port, "--mail-ca", o.cert, "--mail-from", "attune@example.org"}
	for _, a := range to {
		args = append(args, "--mail-to", a)
	}
	return args
}

// posted anchors once with these flags.
func posted(t *testing.T, data string, flags ...string) (int, string) {
	t.Helper()
	return attuned(t, append([]string{"anchor", "--once", "--data", data}, flags...)...)
}

// TestMailState: the state is e-mailed once a day to each address, with STARTTLS, with TLS
// from the start, and with a password; it is the anchored note to the letter, and names
// nobody.
func TestMailState(t *testing.T) {
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte("not-a-real-one\n"), 0o400); err != nil {
		t.Fatal(err)
	}
	for how, more := range map[string][]string{"starttls": {"--mail-user", "attune", "--mail-password-file", password}, "implicit": {"--mail-tls", "implicit"}} {
		t.Run(how, func(t *testing.T) {
			data := demoFolder(t)
			var login []string
			if len(more) > 2 {
				login = []string{"attune", "not-a-real-one"}
			}
			office := opens(t, freeAddr(t), how, login...)
			flags := append(office.flags("ig@example.org", "buddy@example.net"), more...)
			for range 2 { // the second finds it sent
				if status, said := posted(t, data, flags...); status != 0 {
					t.Fatalf("anchor = %d: %s", status, said)
				}
			}
			to, texts := office.kept(t)
			if want := []string{"<ig@example.org>", "<buddy@example.net>"}; !slices.Equal(to, want) {
				t.Fatalf("to %v, want %v", to, want)
			}
			notes, err := filepath.Glob(filepath.Join(folder(data).path("anchors"), "*"))
			if err != nil || len(notes) != 1 {
				t.Fatalf("anchors %v, %v", notes, err)
			}
			note, err := os.ReadFile(notes[0])
			if err != nil || !strings.Contains(texts[0], string(note)) || !strings.HasPrefix(texts[0], "Attune access log: ") {
				t.Errorf("%v: the e-mail\n%s\nlacks\n%s", err, texts[0], note)
			}
			for _, name := range []string{"Northfield", "Reed", "@"} {
				if strings.Contains(texts[0], name) {
					t.Errorf("the e-mail names %q:\n%s", name, texts[0])
				}
			}
		})
	}
}

// TestMailFails: whatever is wrong with the e-mail, the log is anchored, the failure told, and
// the letter sent once it can be.
func TestMailFails(t *testing.T) {
	for name, c := range map[string]struct {
		how  string // of the server; "down": none
		to   []string
		says string
		got  int // that arrived all the same
	}{
		"ServerDown":      {"down", []string{"ig@example.org"}, "refused", 0},
		"StartTLSRefused": {"", []string{"ig@example.org"}, "STARTTLS", 0},
		"AddressRefused":  {"starttls", []string{"refused@example.org", "ig@example.org"}, "550", 1},
	} {
		t.Run(name, func(t *testing.T) {
			data, office := demoFolder(t), postOffice{addr: freeAddr(t)}
			if c.how == "down" {
				cert := filepath.Join(t.TempDir(), "cert.pem")
				selfSigned(t, "mail", time.Now().Add(time.Hour), "127.0.0.1").write(t, cert, cert+".key")
				office.cert = cert
			} else {
				office = opens(t, office.addr, c.how)
			}
			status, said := posted(t, data, office.flags(c.to...)...)
			if status != 1 || !strings.Contains(said, c.says) || !strings.Contains(said, "sent again at the next round") {
				t.Errorf("anchor = %d: %s, want 1 with %q", status, said, c.says)
			}
			if status, said := attuned(t, "log", "verify", "--data", data, "--anchors", folder(data).path("anchors")); status != 0 {
				t.Errorf("the anchor was lost: %s", said)
			}
			if c.how != "down" {
				if to, _ := office.kept(t); len(to) != c.got {
					t.Errorf("arrived: %v, want %d", to, c.got)
				}
			}
			better := opens(t, freeAddr(t), "starttls")
			if status, said := posted(t, data, better.flags("ig@example.org")...); status != 0 {
				t.Errorf("with a server that works = %d: %s", status, said)
			}
			if to, _ := better.kept(t); len(to) != 1-c.got {
				t.Errorf("sent again: %v, want %d", to, 1-c.got)
			}
		})
	}
}

// TestMailStranger: a server whose certificate nobody vouches for gets nothing.
func TestMailStranger(t *testing.T) {
	data, office, other := demoFolder(t), opens(t, freeAddr(t), "starttls"), opens(t, freeAddr(t), "starttls")
	stranger := office
	stranger.cert = other.cert
	if status, said := posted(t, data, stranger.flags("ig@example.org")...); status != 1 || !strings.Contains(said, "certificate") {
		t.Errorf("anchor = %d: %s", status, said)
	}
	if to, _ := office.kept(t); len(to) != 0 {
		t.Errorf("the stranger got %v", to)
	}
}

// TestMailAlarm: a log that was cut off is told of at once, and once.
func TestMailAlarm(t *testing.T) {
	data, office := demoFolder(t), opens(t, freeAddr(t), "starttls")
	before := databaseOf(t, data)
	grown(t, data)
	flags := office.flags("ig@example.org")
	if status, said := posted(t, data, flags...); status != 0 {
		t.Fatalf("anchor = %d: %s", status, said)
	}
	writeTest(t, folder(data).database(), before)
	for range 2 {
		if status, said := posted(t, data, flags...); status != 1 || !strings.Contains(said, "the log was cut off") {
			t.Errorf("anchor = %d: %s", status, said)
		}
	}
	to, texts := office.kept(t)
	if len(to) != 2 || !strings.HasPrefix(texts[1], "ALARM") || !strings.Contains(texts[1], "truncated: rows") {
		t.Errorf("e-mailed %d: %s", len(to), texts)
	}
}

// TestMailAlerts: what an IG officer should look at is e-mailed once, and names nobody.
func TestMailAlerts(t *testing.T) {
	data, office := demoFolder(t), opens(t, freeAddr(t), "starttls")
	flags := office.flags("ig@example.org")
	if status, said := posted(t, data, flags...); status != 0 {
		t.Fatalf("anchor = %d: %s", status, said)
	}
	for range 30 {
		grown(t, data) // a minute in which strangers were refused
	}
	for range 2 {
		if status, said := posted(t, data, flags...); status != 0 {
			t.Errorf("anchor = %d: %s", status, said)
		}
	}
	to, texts := office.kept(t)
	if len(to) != 2 || !strings.HasPrefix(texts[1], "Attune: 1 to look at") || !strings.Contains(texts[1], "strangers_flood, events ") || strings.Contains(texts[1], "192.0.2.7") {
		t.Errorf("e-mailed %d: %s", len(to), texts)
	}
}
