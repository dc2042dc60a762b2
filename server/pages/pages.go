// Package pages holds what the server shows to people without an account of
// their own: the carer's page of a share link, its words, style and scripts.
//
// It promises that the page is the same for a live, an ended and an unknown
// link, that it loads nothing from anywhere else, and that each response kind
// has its security headers in one place ([Headers]). Routes, links and film are
// left to the server; opening film is left to the scripts, whose source is
// client-sdk/web and which `make pages` builds into build/.
//
// Start at [New] and [Pages.Carer].
package pages

import (
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

// Built scripts are not in the repository: .gitkeep keeps the pattern valid in
// a fresh clone, and Built says whether there is more.
//
//go:embed all:build
var build embed.FS

//go:embed carer.html words
var sources embed.FS

// DefaultLang is the catalogue that others fall back to.
const DefaultLang = "en"

// Pages renders the carer page and hands out its assets. It is immutable and
// safe for concurrent use.
type Pages struct {
	carer  *template.Template
	words  map[string]catalogue // by language
	assets map[string]asset     // by name; empty when not built
}

// New parses the templates, word catalogues and assets that the binary carries.
// An error means that the binary was built from damaged sources.
func New() (*Pages, error) { return load(sources, build) }

func load(sources, build fs.FS) (*Pages, error) {
	carer, err := template.New("carer.html").Option("missingkey=error").ParseFS(sources, "carer.html")
	if err != nil {
		return nil, fmt.Errorf("parse carer page: %w", err)
	}
	p := &Pages{carer: carer, words: map[string]catalogue{}, assets: map[string]asset{}}
	files, err := fs.Glob(sources, "words/*.json")
	if err != nil {
		return nil, fmt.Errorf("list words: %w", err)
	}
	for _, name := range files {
		lang := strings.TrimSuffix(path.Base(name), ".json")
		if p.words[lang], err = readCatalogue(sources, name); err != nil {
			return nil, err
		}
	}
	for name, contentType := range assetTypes() {
		a, err := readAsset(build, name, contentType)
		if err != nil {
			return nil, err
		}
		if a.body != nil {
			p.assets[name] = a
		}
	}
	return p, nil
}

// Built says whether the binary carries the page's scripts and style.
func (p *Pages) Built() bool { return len(p.assets) == len(assetTypes()) }

// notBuilt answers for a page whose scripts this binary lacks.
func notBuilt(w http.ResponseWriter) {
	Headers(w.Header(), Text)
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(http.StatusServiceUnavailable)
	fmt.Fprintln(w, "This server was built without its pages. Run `make pages`, then build it again.")
}
