package main

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/term"

	attune "github.com/attune-vf/attune/client-sdk"
)

// readyText says until when a practitioner can go on visits without meeting the service.
func readyText(r attune.Readiness) string {
	if r.Until.IsZero() {
		return "Not ready for visits: " + r.Why + " " + r.Next
	}
	text := "Ready for visits until " + r.Until.Local().Format("Monday 2 January, 15:04") + "."
	if r.Why != "" {
		text += " " + r.Why + " " + r.Next
	}
	return text
}

// uploadText is a film on its way: how far it is, how it went, and what for it waits.
func uploadText(u attune.QueuedUpload) string {
	text := fmt.Sprintf("%s, %s of %s sent", u.Clip.Short(), bytesText(u.Sent), bytesText(u.Bytes))
	if u.Left > 0 {
		text += fmt.Sprintf(", %s at the last speed", leftText(time.Duration(u.Left*float64(time.Second))))
	}
	if u.Tries > 0 {
		text += fmt.Sprintf(", tried %s, last %s", count(u.Tries, "time", "times"), u.Tried.Local().Format("Mon 2 Jan 15:04"))
	}
	switch u.Waits {
	case attune.WaitsForSync:
		return text + ". Send it when you are connected: attune sync"
	case attune.WaitsForRetry, attune.WaitsForService:
		return text + ". See above for what is in the way."
	case attune.WaitsForClip:
		return text + ". It goes once the service has taken its clip: attune sync, and see above if that was refused."
	}
	return text + ". " + u.Why
}

// released lets the film that waits for a word go, if it was said on the command line, or
// is said now.
func (g *global) released(d *attune.Client, said bool) error {
	if !said {
		var err error
		if said, err = g.asked(d); err != nil || !said {
			return err
		}
	}
	_, _, err := d.Uploader.Release()
	return err
}

// asked asks about film that waits for the person's word, where there is somebody to ask.
func (g *global) asked(d *attune.Client) (bool, error) {
	if g.JSON || !term.IsTerminal(int(os.Stdin.Fd())) {
		return false, nil
	}
	all, err := d.Uploader.Queue()
	if err != nil {
		return false, err
	}
	films, bytes, left := 0, int64(0), 0.0
	for _, u := range all {
		if u.Waits == attune.WaitsForWord {
			films, bytes, left = films+1, bytes+u.Bytes-u.Sent, left+u.Left
		}
	}
	if films == 0 {
		return false, nil
	}
	took := ""
	if left > 0 {
		took = ", about " + short(time.Duration(left*float64(time.Second)))
	}
	answer, err := ask(fmt.Sprintf("Send %s over this network now (%s%s)? y or n: ", count(films, "film", "films"), bytesText(bytes), took))
	return answer == "y" || answer == "yes", err
}

type deviceNetworkCmd struct {
	Film  string  `arg:"" optional:"" enum:"any,unmetered,ask," default:"" help:"any, unmetered or ask; left out, it prints what was chosen."`
	Above float64 `placeholder:"MB" help:"With no more than this left to send, a film goes all the same."`
}

// Help is what --help shows below the flags.
func (deviceNetworkCmd) Help() string {
	return `Example: attune device network
         attune device network unmetered --above 20
         attune device network ask
         attune device network any

Which networks film goes over: any; unmetered, not over one that is paid for by volume; or ask, only when you say
so: attune sync --film. What was entered and agreed always goes. On Linux NetworkManager tells whether a network is
paid for by volume; where nothing tells, unmetered waits for your word too.`
}

func (c *deviceNetworkCmd) Run(g *global) error {
	return g.device(func(d *attune.Client) error {
		if c.Film == "" && c.Above != 0 {
			return usage("Such as: attune device network unmetered --above 20", "--above belongs to a choice.")
		}
		if c.Film != "" {
			if err := d.Uploader.SetPolicy(attune.NetworkPolicy{Film: attune.FilmOver(c.Film), Above: int64(c.Above * 1e6)}); err != nil {
				return err
			}
		}
		p, err := d.Uploader.Policy()
		if err != nil {
			return err
		}
		metered, known := d.Uploader.Metered()
		return g.print(map[string]any{"film": p.Film, "above_bytes": p.Above, "metered": metered, "known": known}, "%s", networkText(p, metered, known))
	})
}

func networkText(p attune.NetworkPolicy, metered, known bool) string {
	but := mark(p.Above > 0, " With no more than "+bytesText(p.Above)+" left to send, it goes over any.")
	switch p.Film {
	case attune.OverAsk:
		return "Film goes when you say so: attune sync --film." + but
	case attune.OverUnmetered:
		now := "This one is not."
		if !known {
			now = "Nothing here tells whether this one is, so film waits for your word: attune sync --film"
		} else if metered {
			now = "This one is."
		}
		return "Film goes over networks that are not paid for by volume." + but + " " + now
	}
	return "Film goes over any network."
}
