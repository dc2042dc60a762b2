package pages

import "net/http"

// Kind says what a response under /s/ carries, and so which headers it needs.
type Kind int

const (
	Page   Kind = iota // the HTML page
	Static             // script, worker, style: public, checked again at each use
	Data               // JSON of an opened link, and errors: never stored
	Film               // sealed bytes: never stored
	Text               // plain text for an operator
)

// pagePolicy lets the page load only itself. blob: serves the player of
// browsers without a worker; the one Trusted Types policy admits only the
// worker's URL. Forms are sent by script, so none may be sent by the browser:
// a PIN cannot end up in an address.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " +
	"media-src 'self' blob:; connect-src 'self'; worker-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
	"require-trusted-types-for 'script'; trusted-types attune-worker"

// assetPolicy is what counts for the worker, which may fetch sealed bytes and
// nothing else; for a script or style it has no effect.
const assetPolicy = "default-src 'none'; connect-src 'self'; frame-ancestors 'none'; " +
	"require-trusted-types-for 'script'; trusted-types 'none'"

const closedPolicy = "default-src 'none'; frame-ancestors 'none'"

// Headers sets the security headers of one response under /s/. It does not set
// the content type, and leaves Strict-Transport-Security to whoever speaks TLS.
//
// Source: DESIGN §10 (strict CSP with Trusted Types, no third party).
func Headers(h http.Header, k Kind) {
	h.Set("Content-Security-Policy", policy(k))
	h.Set("Cache-Control", "no-store")
	if k == Static {
		h.Set("Cache-Control", "no-cache")
	}
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Robots-Tag", "noindex, nofollow")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), display-capture=(), "+
		"usb=(), payment=(), autoplay=(self), fullscreen=(self)")
}

func policy(k Kind) string {
	switch k {
	case Page:
		return pagePolicy
	case Static:
		return assetPolicy
	default:
		return closedPolicy
	}
}
