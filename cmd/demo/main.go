package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// settings are the command line.
type settings struct {
	bin   string // folder of attuned and attune
	data  string
	store string // the S3 server for the film: minio or versitygw; "" the folder itself
	port  int
	video string
	check bool
	drive string // client-sdk/web/test/browser/drive.mjs
	shots string
	pace  *pace // of the phone's visits, with check
}

func main() {
	if len(os.Args) > 2 && os.Args[1] == minded {
		os.Exit(mind(os.Stdin, os.Args[2:]))
	}
	var s settings
	flag.StringVar(&s.bin, "bin", ".cache/bin", "folder of the built binaries")
	flag.StringVar(&s.data, "data", "data", "the service's folder; made when it is not there")
	flag.StringVar(&s.store, "store", "", "keep the film on this S3 server, run beside the service: minio or versitygw")
	port := flag.String("port", "8080", "port on 127.0.0.1; with --check a free one")
	flag.StringVar(&s.video, "video", "client-sdk/film/testdata/visit.mp4", "the film of the visit")
	flag.BoolVar(&s.check, "check", false, "use a temporary folder, check each outcome, and end")
	flag.StringVar(&s.drive, "drive", "", "with --check: the script that opens the link in Chromium")
	flag.StringVar(&s.shots, "shots", "", "with --check: folder for screenshots")
	flag.Parse()
	var err error
	if s.port, err = portNumber(*port); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(2)
	}

	// SIGHUP: a terminal that closes ends the demonstration, like Ctrl-C.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	if os.Getenv("MAKELEVEL") != "" {
		ctx = withParent(ctx, os.Getppid, time.Second)
	}
	os.Exit(status(ctx, s))
}

// withParent ends when the process that started us has: a make that was killed
// cannot tell us, and we would go on serving where nobody looks.
func withParent(ctx context.Context, parent func() int, every time.Duration) context.Context {
	ctx, stop := context.WithCancel(ctx)
	first := parent()
	go func() {
		defer stop()
		for tick := time.Tick(every); parent() == first; {
			select {
			case <-ctx.Done():
				return
			case <-tick:
			}
		}
	}()
	return ctx
}

// portNumber reads PORT= as a person gave it to make.
func portNumber(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > 65535 {
		return 0, fmt.Errorf("%q is not a port; give a number from 1 to 65535: make run PORT=8080", text)
	}
	return n, nil
}

// status runs and turns the outcome into an exit status; that of a binary which
// failed is passed on, so that "port taken" stays 2 and "missing" stays 3.
func status(ctx context.Context, s settings) int {
	run := serve
	if s.check {
		run = check
	}
	err := run(ctx, s)
	if err == nil || ctx.Err() != nil && !s.check {
		return 0 // Ctrl-C is how a demonstration ends; a check that was cut off has found nothing
	}
	fmt.Fprintln(os.Stderr, "demo:", err)
	var f *failed
	if errors.As(err, &f) && f.status > 0 {
		return f.status
	}
	return 1
}

// serve keeps one demonstration in s.data: the first time it is founded and the
// journey walked, later the same data is served and the same link shown.
func serve(ctx context.Context, s settings) error {
	if _, err := os.Stat(s.video); err != nil {
		return fmt.Errorf("the film %s is not there; name another: make run VIDEO=path", s.video)
	}
	stage, err := open(ctx, s, fmt.Sprintf("127.0.0.1:%d", s.port))
	if err != nil {
		return err
	}
	defer stage.close()
	link, err := stage.rememberedLink(ctx)
	if err == nil && link == nil {
		link, err = stage.walk(ctx, s.video)
	}
	if err != nil {
		return err
	}
	fmt.Printf("\nready: %s %s\n", link.URL, link.PIN)
	fmt.Println("Open the address in a browser, press the button and give the six numbers. Ctrl-C ends the service.")
	return stage.wait(ctx)
}

func absolute(path string) (string, error) {
	p, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("find %s: %w", path, err)
	}
	return p, nil
}
