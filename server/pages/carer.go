package pages

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// DefaultExit is where the quick exit leads: a page that anyone might have open.
const DefaultExit = "https://www.bbc.co.uk/weather"

// CarerData is all that the carer page says about the service. It must not
// depend on the link: the page is the same for live, ended and unknown ones.
type CarerData struct {
	Service    string // name of the service, as families know it
	Phone      string // shown as written, such as "0113 496 0000"; empty leaves the line out
	Email      string // empty leaves the line out
	Complaints string // web address, e-mail address, or a sentence of how to complain
	Demo       bool   // marks the page as DEMO
	Exit       string // https address of the quick exit; default [DefaultExit]
	Lang       string // catalogue; default [DefaultLang], also for a language that there is none for
}

// carerView is what the template reads.
type carerView struct {
	CarerData
	W, Live        map[string]any
	Easy           *catalogue // the same in easy-read words; nil where there is none
	Dial           string     // Phone as a tel: address
	ComplaintsLink string     // empty when Complaints is a sentence
}

// Carer writes the carer page, inert and identical for every link, with its
// headers, compressed where the browser takes gzip: it holds no secret that its
// length could tell. A binary without built scripts answers 503 and says what to run.
//
// Source: DESIGN §10 (GET is inert).
func (p *Pages) Carer(w http.ResponseWriter, r *http.Request, d CarerData) error {
	if !p.Built() {
		notBuilt(w)
		return nil
	}
	var page bytes.Buffer
	if err := p.carer.Execute(&page, p.view(d)); err != nil {
		return fmt.Errorf("render carer page: %w", err)
	}
	Headers(w.Header(), Page)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Vary", "Accept-Encoding")
	body := page.Bytes()
	if acceptsGzip(r.Header.Get("Accept-Encoding")) {
		w.Header().Set("Content-Encoding", "gzip")
		body = zip(body)
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, err := w.Write(body)
	return err
}

func (p *Pages) view(d CarerData) carerView {
	if _, known := p.words[d.Lang]; !known || strings.Contains(d.Lang, ".") {
		d.Lang = DefaultLang
	}
	if !strings.HasPrefix(d.Exit, "https://") {
		d.Exit = DefaultExit
	}
	words := p.words[d.Lang]
	var easy *catalogue
	if c, ok := p.words[d.Lang+easyWords]; ok {
		easy = &catalogue{Fixed: fill(c.Fixed, d.Service), Live: fill(c.Live, d.Service)}
	}
	return carerView{
		Easy:           easy,
		CarerData:      d,
		W:              fill(words.Fixed, d.Service),
		Live:           fill(words.Live, d.Service),
		Dial:           dial(d.Phone),
		ComplaintsLink: complaintsLink(d.Complaints),
	}
}

// dial keeps what a phone can dial.
func dial(phone string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r == '+' {
			return r
		}
		return -1
	}, phone)
}

func complaintsLink(c string) string {
	if u, err := url.Parse(c); err == nil && u.Scheme == "https" && u.Host != "" {
		return c
	}
	if strings.Contains(c, "@") && !strings.ContainsAny(c, " /:?") {
		return "mailto:" + c
	}
	return ""
}
