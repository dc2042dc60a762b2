package main

import (
	"embed"
	"errors"
	"io/fs"
	"net"
	"net/http"

	"github.com/attune-vf/attune/cmd/bench/throttle"
)

//go:embed plain
var plainPage embed.FS

// plainSite serves a page with the film in a video element, as simply as it can
// be done: Go's file server. Neither side lets the film be kept by the browser.
func plainSite(film string) (*site, error) {
	page, err := fs.Sub(plainPage, "plain")
	if err != nil {
		return nil, err
	}
	files := http.NewServeMux()
	files.Handle("GET /", http.FileServerFS(page))
	files.HandleFunc("GET /film.mp4", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		http.ServeFile(w, r, film)
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	server := &http.Server{Handler: files}
	go server.Serve(l)
	s, err := behind(l.Addr().String())
	if err != nil {
		return nil, errors.Join(err, server.Close())
	}
	s.stop = server.Close
	return s, nil
}

// site is a server seen over a slow link of its own.
type site struct {
	address string
	link    *throttle.Link
	front   net.Listener
	stop    func() error
}

// behind puts a server behind the link that all goals speak of.
func behind(target string) (*site, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &site{address: l.Addr().String(), link: throttle.New(phone), front: l}
	go s.link.Serve(l, target)
	return s, nil
}

func (s *site) close() error {
	err := s.front.Close()
	if s.stop != nil {
		err = errors.Join(err, s.stop())
	}
	return err
}
