package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"
)

// made is what a command that makes something prints with --json.
type made struct {
	ID         string
	Invitation string
	Words      string
}

// link is a share link as it was printed.
type link struct {
	ID    string    `json:"id"`
	URL   string    `json:"url"`
	PIN   string    `json:"pin"`
	Until time.Time `json:"until"`
	Clip  string    `json:"clip"`
}

const (
	family = "NF-1042"
	dates  = "2006-01-02"
)

// walk is the journey of a recording, once.
func (st *stage) walk(ctx context.Context, video string) (*link, error) {
	if _, err := os.Stat(st.home("")); err == nil {
		return nil, fmt.Errorf("an earlier walk in %s was broken off; remove that folder and start again", st.data)
	}
	for _, step := range []struct {
		title string
		do    func(context.Context) error
	}{
		{"Enrol: the head of service, two practitioners, an IG officer", st.enrol},
		{"Permission: a family is opened, and the head of service approves filming", st.permission},
		{"Consent: the form of the family", st.consent},
		{"Record: the film of today's visit is sealed on the practitioner's device",
			func(ctx context.Context) error { return st.record(ctx, video) }},
		{"Sync: the sealed film goes to the service", func(ctx context.Context) error { return st.sync(ctx, "sam") }},
		{"A colleague: the other practitioner of the team receives it", func(ctx context.Context) error { return st.sync(ctx, "alex") }},
		{"Audit: the IG officer verifies the access log", st.audit},
	} {
		fmt.Fprintln(os.Stderr, "·", step.title)
		if err := step.do(ctx); err != nil {
			return nil, err
		}
	}
	fmt.Fprintln(os.Stderr, "· Share: a link and a PIN for the carer")
	return st.share(ctx)
}

// rememberedLink is the link of an earlier walk, shown again by the device that
// made it, or a new one when it has ended; nil when nothing was walked yet.
func (st *stage) rememberedLink(ctx context.Context) (*link, error) {
	b, err := os.ReadFile(st.secret("link.json"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	var l link
	if err == nil {
		err = json.Unmarshal(b, &l)
	}
	if err != nil {
		return nil, fmt.Errorf("read the link of the last run: %w", err)
	}
	if time.Now().Before(l.Until) {
		return &l, st.as(ctx, "sam", &l, "link", "show", l.ID) // the port may be another one now
	}
	return st.share(ctx)
}

func (st *stage) sync(ctx context.Context, who string) error { return st.as(ctx, who, nil, "sync") }

func (st *stage) enrol(ctx context.Context) error {
	first, err := os.ReadFile(st.secret("first-invitation"))
	if err != nil {
		return err
	}
	if err := st.as(ctx, "helen", nil, "join", string(first)); err != nil {
		return err
	}
	for _, p := range []struct{ who, name, role string }{
		{"sam", "Sam Reed", "practitioner"}, {"alex", "Alex Moor", "practitioner"}, {"iris", "Iris Gray", "ig_officer"},
	} {
		var invited, joined made
		for _, step := range []func() error{
			func() error { return st.as(ctx, "helen", &invited, "invite", "--role", p.role, "--name", p.name) },
			func() error { return st.sync(ctx, "helen") },
			func() error { return st.as(ctx, p.who, &joined, "join", invited.Invitation) },
			func() error { return st.sync(ctx, "helen") },
			// The words would be read out on the telephone.
			func() error { return st.as(ctx, "helen", nil, "confirm", p.name, "--words", joined.Words) },
			func() error { return st.sync(ctx, "helen") },
			func() error { return st.sync(ctx, p.who) },
		} {
			if err := step(); err != nil {
				return err
			}
		}
	}
	return errors.Join(st.sync(ctx, "sam"), st.sync(ctx, "alex"))
}

// acts runs several commands of one person, then syncs.
func (st *stage) acts(ctx context.Context, who string, commands ...[]string) error {
	for _, c := range commands {
		if err := st.as(ctx, who, nil, c...); err != nil {
			return err
		}
	}
	return st.sync(ctx, who)
}

func (st *stage) permission(ctx context.Context) error {
	if err := st.acts(ctx, "sam",
		[]string{"family", "open", family, "--programme", "vig"},
		[]string{"person", "add", family, "--role", "carer", "--basis", "own", "--contact", "link_safe", "--label", "Mum"},
		[]string{"person", "add", family, "--role", "child", "--basis", "parental_responsibility", "--born", "2024-03", "--label", "Robin"},
		[]string{"team", "add", family, "Alex Moor"},
	); err != nil {
		return err
	}
	return st.permit(ctx)
}

// permit has the practitioner ask, and the head of service approve.
func (st *stage) permit(ctx context.Context) error {
	var approval made
	if err := st.as(ctx, "sam", &approval, "approval", "request", family); err != nil {
		return err
	}
	if err := errors.Join(st.sync(ctx, "sam"), st.sync(ctx, "helen")); err != nil {
		return err
	}
	return st.acts(ctx, "helen", []string{"approval", "grant", approval.ID})
}

func (st *stage) consent(ctx context.Context) error { return st.sign(ctx) }

// sign has the mother sign a form, with what else stands on it.
func (st *stage) sign(ctx context.Context, more ...string) error {
	form := st.secret("consent-form.txt")
	words := "Consent to filming, Northfield Early Help (a demonstration).\nSigned on paper by Robin's mother.\n"
	if err := os.WriteFile(form, []byte(words), 0o600); err != nil {
		return err
	}
	today := time.Now()
	if err := st.sync(ctx, "sam"); err != nil {
		return err
	}
	return st.acts(ctx, "sam", append([]string{"consent", "sign", family,
		"--person", "Mum:Mum:own", "--person", "Robin:Mum:parental_responsibility",
		"--yes", "film_and_use", "--yes", "film_review", "--yes", "supervision", "--yes", "family_copy", "--no", "training_event", "--no", "research",
		"--from", today.Format(dates), "--until", today.AddDate(0, 5, 0).Format(dates),
		"--signed-on", today.Format(dates), "--form", form}, more...))
}

func (st *stage) record(ctx context.Context, video string) error {
	film, err := absolute(video)
	if err != nil {
		return err
	}
	if err := st.as(ctx, "sam", nil, "session", "log", family, "--on", time.Now().Format(dates), "--number", "1",
		"--note", "First visit: tea time.", "--still-happy"); err != nil {
		return err
	}
	return st.as(ctx, "sam", nil, "clip", "add", family, film, "--kind", "excerpt", "--chosen",
		"--title", "Tea time", "--people", "Mum", "--people", "Robin", "--session", "1", "--keep-source")
}

// share makes a link and writes it beside the other secrets of the demonstration,
// so that the next start shows the same one.
func (st *stage) share(ctx context.Context) (*link, error) {
	clip, err := st.clip(ctx, "sam")
	if err != nil {
		return nil, err
	}
	var l link
	if err := st.as(ctx, "sam", &l, "link", "create", clip, "--carer", "Mum", "--opens", "100"); err != nil {
		return nil, err
	}
	l.Clip = clip
	if err := st.sync(ctx, "sam"); err != nil {
		return nil, err
	}
	b, err := json.MarshalIndent(l, "", "  ")
	if err != nil {
		return nil, err
	}
	return &l, os.WriteFile(st.secret("link.json"), b, 0o600)
}

// clip is the family's one clip, as a person's device lists it.
func (st *stage) clip(ctx context.Context, who string) (string, error) {
	var list struct{ Clips []made }
	if err := st.as(ctx, who, &list, "clip", "list", family); err != nil {
		return "", err
	}
	if len(list.Clips) != 1 {
		return "", fmt.Errorf("%s sees %d clips, want 1", who, len(list.Clips))
	}
	return list.Clips[0].ID, nil
}

func (st *stage) audit(ctx context.Context) error {
	if err := st.sync(ctx, "iris"); err != nil {
		return err
	}
	return st.as(ctx, "iris", nil, "log", "verify")
}
