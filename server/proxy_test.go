package server

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
)

func TestParseProxies(t *testing.T) {
	got, err := ParseProxies([]string{"127.0.0.1", "172.18.0.9/16", "::1", "2001:db8:1::/48", "::ffff:10.0.0.0/104"})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"127.0.0.1/32", "172.18.0.0/16", "::1/128", "2001:db8:1::/48", "10.0.0.0/8"}
	for i, p := range got {
		if p.String() != want[i] {
			t.Errorf("%d: %s, want %s", i, p, want[i])
		}
	}
	for _, bad := range []string{"", "localhost", "10.0.0.0/33", "0.0.0.0/0", "::/0", "10.0.0.1:80", "fe80::1%eth0", " 10.0.0.1"} {
		if p, err := ParseProxies([]string{bad}); err == nil {
			t.Errorf("%q is taken as %s", bad, p)
		}
	}
}

// The address that limits go by is the one that our own proxy saw, and nothing
// that a stranger wrote.
func TestClientAddress(t *testing.T) {
	proxies, err := ParseProxies([]string{"127.0.0.1", "172.18.0.0/16"})
	if err != nil {
		t.Fatal(err)
	}
	s := New(Config{Proxies: proxies})
	for name, tt := range map[string]struct {
		from      string
		forwarded []string
		want      string
	}{
		"Direct":             {"192.0.2.1:5000", nil, "192.0.2.1"},
		"StrangerForges":     {"192.0.2.1:5000", []string{"198.51.100.7"}, "192.0.2.1"},
		"StrangerAsLoopback": {"192.0.2.1:5000", []string{"127.0.0.1"}, "192.0.2.1"},
		"Proxy":              {"127.0.0.1:5000", []string{"198.51.100.7"}, "198.51.100.7"},
		"ProxyAppends":       {"127.0.0.1:5000", []string{"203.0.113.9, 198.51.100.7"}, "198.51.100.7"},
		"TwoHeaders":         {"127.0.0.1:5000", []string{"203.0.113.9", "198.51.100.7"}, "198.51.100.7"},
		"ProxyOfDocker":      {"172.18.0.1:5000", []string{"198.51.100.7"}, "198.51.100.7"},
		"WithPort":           {"127.0.0.1:5000", []string{"198.51.100.7:443"}, "198.51.100.7"},
		"SixWithPort":        {"127.0.0.1:5000", []string{"[2001:db8::1]:443"}, "2001:db8::1"},
		"SixInBrackets":      {"127.0.0.1:5000", []string{"[2001:db8::1]"}, "2001:db8::1"},
		"MappedProxy":        {"[::ffff:127.0.0.1]:5000", []string{"198.51.100.7"}, "198.51.100.7"},
		"ProxySaysNothing":   {"127.0.0.1:5000", nil, "127.0.0.1"},
		"ProxySaysUnknown":   {"127.0.0.1:5000", []string{"198.51.100.7, unknown"}, "127.0.0.1"},
		"Empty":              {"127.0.0.1:5000", []string{"198.51.100.7,"}, "127.0.0.1"},
		"Zone":               {"127.0.0.1:5000", []string{"fe80::1%eth0"}, "127.0.0.1"},
		"Nowhere":            {"@", []string{"198.51.100.7"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.RemoteAddr, r.Header[forwardedFor] = tt.from, tt.forwarded
			r.Header.Set("Forwarded", "for=203.0.113.200")
			r.Header.Set("X-Real-Ip", "203.0.113.201")
			if got := s.client(r); got != tt.want {
				t.Errorf("client = %q, want %q", got, tt.want)
			}
		})
	}
}

func FuzzForwardedFor(f *testing.F) {
	for _, h := range []string{"198.51.100.7", "a, b, 2001:db8::1", "[::1]:80", ",", "1.2.3.4:", "]1.2.3.4[", "::ffff:1.2.3.4"} {
		f.Add(h)
	}
	f.Fuzz(func(t *testing.T, h string) {
		ip, ok := lastForwarded([]string{"192.0.2.1", h})
		if !ok {
			return
		}
		if ip.Zone() != "" || ip.Is4In6() || ip.IsUnspecified() {
			t.Errorf("%q is taken as %s", h, ip)
		}
		if p := network(ip.String()); p == (netip.Prefix{}) {
			t.Errorf("%q is taken as %s, which has no limit of its own", h, ip)
		}
	})
}

// HSTS is said by whoever speaks HTTPS with the carer, and never in clear.
func TestStrictTransport(t *testing.T) {
	proxies, err := ParseProxies([]string{"127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	secured := httptest.NewRequest(http.MethodGet, "https://attune.example.org/healthz", nil) // has TLS
	plain := func(from string) *http.Request {
		r := httptest.NewRequest(http.MethodGet, "/healthz", nil)
		r.RemoteAddr = from
		r.Header.Set("X-Forwarded-Proto", "https") // anyone can write that
		return r
	}
	for name, tt := range map[string]struct {
		origin string
		r      *http.Request
		want   bool
	}{
		"TLS":              {"https://attune.example.org", secured, true},
		"Plain":            {"http://127.0.0.1:8080", plain("127.0.0.1:5000"), false},
		"PlainFromAfar":    {"https://attune.example.org", plain("192.0.2.1:5000"), false},
		"BehindOurProxy":   {"https://attune.example.org", plain("127.0.0.1:5000"), true},
		"ProxyWithoutTLS":  {"http://127.0.0.1:8080", plain("127.0.0.1:5000"), false},
		"ErrorBehindProxy": {"https://attune.example.org", plain("127.0.0.1:1"), true},
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := bare(t)
			s.cfg.Origin, s.cfg.Proxies = tt.origin, proxies
			w := httptest.NewRecorder()
			s.Handler().ServeHTTP(w, tt.r)
			if got := w.Header().Get("Strict-Transport-Security") != ""; got != tt.want {
				t.Errorf("HSTS = %v, want %v", got, tt.want)
			}
		})
	}
}

func addrPort(t *testing.T, s string) netip.AddrPort {
	t.Helper()
	p, err := netip.ParseAddrPort(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
