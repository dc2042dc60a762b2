package server

import (
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// forwardedFor is where a proxy says from whom a request came. Forwarded (RFC
// 7239) is not read: of two headers a stranger can set the one that the proxy
// does not.
const forwardedFor = "X-Forwarded-For"

// ParseProxies reads addresses and networks ("127.0.0.1", "172.18.0.0/16") of the
// proxies in front of the server.
func ParseProxies(list []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, text := range list {
		p, err := netip.ParsePrefix(text)
		if ip, alone := netip.ParseAddr(text); alone == nil && ip.Zone() == "" {
			p, err = netip.PrefixFrom(ip, ip.BitLen()), nil
		}
		if err != nil {
			return nil, fmt.Errorf("%q is not an address or a network", text)
		}
		if p.Bits() == 0 {
			return nil, fmt.Errorf("%q is everybody", text)
		}
		if ip := p.Addr(); ip.Is4In6() && p.Bits() >= 96 {
			p = netip.PrefixFrom(ip.Unmap(), p.Bits()-96)
		}
		out = append(out, p.Masked())
	}
	return out, nil
}

// proxied reports whether an address is that of a proxy in front.
func (s *Server) proxied(ip netip.Addr) bool {
	return slices.ContainsFunc(s.cfg.Proxies, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// client is where a request came from, without the port; "" if that cannot be
// read. Behind a proxy that was named it is the last entry of X-Forwarded-For: the
// one that this proxy wrote itself. What stands before it is what the stranger
// sent, and from any other address the whole header is. A proxy that says nothing
// counts as the client: then all behind it share their limits, and nobody escapes.
func (s *Server) client(r *http.Request) string {
	peer := hostOf(r.RemoteAddr)
	if !peer.IsValid() {
		return ""
	}
	if s.proxied(peer) {
		if ip, ok := lastForwarded(r.Header.Values(forwardedFor)); ok {
			return ip.String()
		}
	}
	return peer.String()
}

// lastForwarded reads the last entry of the last header of this name. Some proxies
// write a port behind the address.
func lastForwarded(headers []string) (netip.Addr, bool) {
	if len(headers) == 0 {
		return netip.Addr{}, false
	}
	last := headers[len(headers)-1]
	last = strings.TrimSpace(last[strings.LastIndexByte(last, ',')+1:])
	ip, err := netip.ParseAddr(strings.Trim(last, "[]"))
	if err != nil {
		ip = hostOf(last)
	}
	if !ip.IsValid() || ip.Zone() != "" || ip.IsUnspecified() {
		return netip.Addr{}, false
	}
	return ip.Unmap(), true
}

// hostOf is the address of "192.0.2.1:443" or "[2001:db8::1]:443", else invalid.
func hostOf(hostPort string) netip.Addr {
	p, err := netip.ParseAddrPort(hostPort)
	if err != nil {
		return netip.Addr{}
	}
	return p.Addr().Unmap()
}

// secure reports whether the request came by HTTPS, to us or to a proxy of ours.
func (s *Server) secure(r *http.Request) bool {
	return r.TLS != nil || strings.HasPrefix(s.cfg.Origin, "https://") && s.proxied(hostOf(r.RemoteAddr))
}
