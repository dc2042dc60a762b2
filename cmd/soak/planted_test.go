package soak

import (
	"net/http"
	"net/http/httptest"
)

// plant is a fault put in on purpose.
type plant struct {
	reply func(w *world, r *http.Request, a *httptest.ResponseRecorder) *httptest.ResponseRecorder
}

var plants = map[string]plant{}
