package main

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// What an operator writes decides whether people's PINs travel in clear: whatever
// could let them is refused, with the way out.
func TestFront(t *testing.T) {
	pair := frontFlags{TLSCert: "cert", TLSKey: "key"}
	with := func(c frontFlags, change func(*frontFlags)) frontFlags { change(&c); return c }
	for name, tt := range map[string]struct {
		flags  frontFlags
		want   front
		refuse string // part of the sentence
	}{
		"Alone":            {flags: frontFlags{}, want: front{addr: "127.0.0.1:8080"}},
		"Local":            {flags: frontFlags{Addr: "localhost:80", Origin: "http://localhost"}, want: front{addr: "localhost:80", origin: "http://localhost"}},
		"Six":              {flags: frontFlags{Addr: "[::1]:80", Origin: "http://[::1]:80/"}, want: front{addr: "[::1]:80", origin: "http://[::1]:80"}},
		"ProxyHere":        {flags: frontFlags{Origin: "https://attune.example.org"}, want: front{addr: "127.0.0.1:8080", origin: "https://attune.example.org"}},
		"ProxyNamed":       {flags: frontFlags{Addr: ":8080", Origin: "https://attune.example.org", BehindProxy: []string{"10.0.0.1"}}, want: front{addr: ":8080", origin: "https://attune.example.org"}},
		"Domain":           {flags: frontFlags{Domain: "attune.example.org"}, want: front{addr: ":443", origin: "https://attune.example.org", httpAddr: ":80", https: true}},
		"DomainElsewhere":  {flags: frontFlags{Domain: "attune.example.org", Addr: ":8443", HTTPAddr: ":8080", Origin: "https://attune.example.org:8443"}, want: front{addr: ":8443", origin: "https://attune.example.org:8443", httpAddr: ":8080", https: true}},
		"DomainNoHTTP":     {flags: frontFlags{Domain: "attune.example.org", HTTPAddr: "none"}, want: front{addr: ":443", origin: "https://attune.example.org", https: true}},
		"Files":            {flags: with(pair, func(c *frontFlags) { c.Origin = "https://attune.example.org" }), want: front{addr: ":443", origin: "https://attune.example.org", https: true}},
		"FilesLocal":       {flags: with(pair, func(c *frontFlags) { c.Addr = "127.0.0.1:8443" }), want: front{addr: "127.0.0.1:8443", https: true}},
		"OriginInClear":    {flags: frontFlags{Origin: "http://attune.example.org"}, refuse: "has no HTTPS"},
		"OriginAddress":    {flags: frontFlags{Origin: "http://192.168.1.5:8080"}, refuse: "has no HTTPS"},
		"OriginLooksLocal": {flags: frontFlags{Origin: "http://127.0.0.1.example.org"}, refuse: "has no HTTPS"},
		"OriginUserLocal":  {flags: frontFlags{Origin: "http://127.0.0.1@example.org"}, refuse: "not the address"},
		"OriginPath":       {flags: frontFlags{Origin: "https://example.org/attune"}, refuse: "not the address"},
		"OriginNothing":    {flags: frontFlags{Origin: "example.org"}, refuse: "not the address"},
		"NoPort":           {flags: frontFlags{Addr: "127.0.0.1"}, refuse: "no port"},
		"OpenPort":         {flags: frontFlags{Addr: "0.0.0.0:8080"}, refuse: "in clear"},
		"OpenPortHTTPS":    {flags: frontFlags{Addr: ":8080", Origin: "https://attune.example.org"}, refuse: "in clear"},
		"OpenPortLocal":    {flags: frontFlags{Addr: ":8080", Origin: "http://127.0.0.1:8080"}, refuse: "in clear"},
		"ProxyWithoutName": {flags: frontFlags{Addr: ":8080", BehindProxy: []string{"10.0.0.1"}}, refuse: "name that people use"},
		"ProxyInClear":     {flags: frontFlags{Addr: ":8080", Origin: "http://attune.example.org", BehindProxy: []string{"10.0.0.1"}}, refuse: "has no HTTPS"},
		"ProxyEverybody":   {flags: frontFlags{BehindProxy: []string{"0.0.0.0/0"}}, refuse: "everybody"},
		"DomainAndFiles":   {flags: with(pair, func(c *frontFlags) { c.Domain = "attune.example.org" }), refuse: "--tls-cert brings one"},
		"HalfAPair":        {flags: frontFlags{TLSCert: "cert"}, refuse: "belong together"},
		"OtherHalf":        {flags: frontFlags{TLSKey: "key"}, refuse: "belong together"},
		"ACMEForNothing":   {flags: frontFlags{ACMEEmail: "it@example.org"}, refuse: "missing"},
		"ACMEInClear":      {flags: frontFlags{Domain: "attune.example.org", ACMEDirectory: "http://ca.example"}, refuse: "by HTTPS"},
		"HTTPForNothing":   {flags: frontFlags{HTTPAddr: ":80"}, refuse: "not served"},
		"DomainAddress":    {flags: frontFlags{Domain: "192.0.2.1"}, refuse: "not a name"},
		"DomainAlone":      {flags: frontFlags{Domain: "localhost"}, refuse: "not a name"},
		"DomainStar":       {flags: frontFlags{Domain: "*.example.org"}, refuse: "not a name"},
		"DomainURL":        {flags: frontFlags{Domain: "https://attune.example.org"}, refuse: "not a name"},
		"DomainOther":      {flags: frontFlags{Domain: "attune.example.org", Origin: "https://www.example.org"}, refuse: "people are told"},
		"DomainInClear":    {flags: frontFlags{Domain: "attune.example.org", Origin: "http://127.0.0.1"}, refuse: "people are told"},
		"FilesNameless":    {flags: pair, refuse: "name that people use"},
		"FilesInClear":     {flags: with(pair, func(c *frontFlags) { c.Origin = "http://localhost" }), refuse: "people are told"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := tt.flags.front()
			if tt.refuse != "" {
				var f *failure
				if !errors.As(err, &f) || !strings.Contains(f.Message, tt.refuse) || f.Next == "" || f.exit != exitUsage {
					t.Errorf("front = %+v, %v; want refused: %s", got, err, tt.refuse)
				}
				return
			}
			proxies := len(got.proxies)
			if got.proxies = nil; err != nil || got.addr != tt.want.addr || got.origin != tt.want.origin || got.httpAddr != tt.want.httpAddr || got.https != tt.want.https || proxies != len(tt.flags.BehindProxy) {
				t.Errorf("front = %+v, %v; want %+v", got, err, tt.want)
			}
		})
	}
}

// A service is not founded under an address that invitations must not carry.
func TestInitRefusesAnAddressInClear(t *testing.T) {
	var said spoken
	dir := t.TempDir() + "/data"
	status := run(context.Background(), []string{"init", "--demo", "--data", dir, "--origin", "http://attune.example.org"}, &said, &said)
	if status != exitUsage || !strings.Contains(said.String(), "has no HTTPS") || isThere(dir) {
		t.Errorf("init = %d: %s", status, &said)
	}
}

func FuzzCheckOrigin(f *testing.F) {
	for _, s := range []string{"https://a.example", "http://127.0.0.1:1", "http://[::1%25eth0]", "http://[::1%25\xab]", "http://localhost.", "https://a@b", "http://127.0.0.1:80#", "https://?", "http://:80"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		origin, err := checkOrigin(s)
		if err != nil {
			return
		}
		if strings.ContainsAny(origin, "?#@ \n") || strings.HasSuffix(origin, "/") {
			t.Errorf("%q is taken as %q", s, origin)
		}
		if again, err := checkOrigin(origin); err != nil || again != origin {
			t.Errorf("%q becomes %q, which becomes %q, %v", s, origin, again, err)
		}
	})
}
