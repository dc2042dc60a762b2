package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// lived takes a link through what happens to links: a scanner looks at it, its PIN
// is guessed at until it pauses, a colleague gives it another, the carer reloads the
// page, and its one opening is used up.
func (st *stage) lived(ctx context.Context, s settings, clip string) error {
	l := &link{Clip: clip}
	if err := st.as(ctx, "sam", l, "link", "create", clip, "--carer", "Mum", "--opens", "1", "--easy-read"); err != nil {
		return err
	}
	if err := errors.Join(st.sync(ctx, "sam"), st.sync(ctx, "alex")); err != nil {
		return err
	}
	var again link
	for _, step := range []func() error{
		func() error { return browse(ctx, s, l, "inert") },
		func() error { return st.stands(ctx, l, 0, false) },
		func() error { return browse(ctx, s, l, "easy") },
		func() error { return browse(ctx, s, l, "paused") },
		func() error { return st.stands(ctx, l, 0, true) },
		// It is the same link: nothing is sent to the carer but six numbers.
		func() error { return st.as(ctx, "alex", &again, "link", "pin", l.ID) },
		func() error { return st.sync(ctx, "alex") },
		func() error { l.PIN = again.PIN; return browse(ctx, s, l, "reload") },
		func() error { return st.stands(ctx, l, 1, false) },
		func() error { return browse(ctx, s, l, "ended", "--wrong-pin", "none") },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// standing is how a link stands, as its team is told.
type standing struct {
	Opened int
	Paused int64
}

// stands compares what the team is told of a link: so often opened, paused or not.
func (st *stage) stands(ctx context.Context, l *link, opened int, paused bool) error {
	var shown struct{ Status standing }
	if err := st.as(ctx, "alex", &shown, "link", "show", l.ID); err != nil {
		return err
	}
	if shown.Status.Opened != opened || (shown.Status.Paused != 0) != paused {
		return fmt.Errorf("the team is told %+v, want opened %d, paused %t", shown.Status, opened, paused)
	}
	return nil
}

// inAMonth is a day in thirty days.
func inAMonth() string { return time.Now().AddDate(0, 0, 30).Format(dates) }

// supervised has a supervisor of another employer watch what the family agreed to,
// and be taken off the list in the middle of it.
func (st *stage) supervised(ctx context.Context, clip string) error {
	const mo = "Mo Finch"
	var invited, joined made
	for _, step := range []func() error{
		func() error {
			return st.as(ctx, "helen", &invited, "invite", "--role", "supervisor", "--name", mo, "--outside")
		},
		func() error { return st.sync(ctx, "helen") },
		func() error { return st.as(ctx, "mo", &joined, "join", invited.Invitation) },
		func() error { return st.sync(ctx, "helen") },
		func() error { return st.acts(ctx, "helen", []string{"confirm", mo, "--words", joined.Words}) },
		func() error { return st.sync(ctx, "sam") },
		func() error { return st.sign(ctx, "--viewer", mo+":supervision:"+inAMonth()) },
		func() error {
			return st.acts(ctx, "sam", []string{"viewer", "add", family, mo, "--purpose", "supervision"})
		},
		func() error { return st.sync(ctx, "helen") },
		func() error { return st.acts(ctx, "helen", []string{"viewer", "countersign", family, mo}) },
		func() error { return errors.Join(st.sync(ctx, "alex"), st.sync(ctx, "mo")) }, // writes the key; fetches it
	} {
		if err := step(); err != nil {
			return err
		}
	}
	if err := st.cutOff(ctx, clip, mo); err != nil {
		return err
	}
	if err := st.as(ctx, "mo", nil, "watch", clip, "--purpose", "supervision", "--print-url"); err == nil || !strings.Contains(err.Error(), "VIEW-LIST") {
		return fmt.Errorf("the supervisor's watch: %v, want denied by VIEW-LIST", err)
	}
	return nil
}

// cutOff takes a viewer off the list while their film plays.
func (st *stage) cutOff(ctx context.Context, clip, name string) error {
	playing, err := st.play(ctx, "mo", clip, "--purpose", "supervision")
	if err != nil {
		return err
	}
	defer playing.close()
	if err := playing.read(0); err != nil {
		return fmt.Errorf("the supervisor on the list: %w", err)
	}
	if err := st.acts(ctx, "sam", []string{"viewer", "remove", family, name}); err != nil {
		return err
	}
	if playing.read(playing.size*3/4) == nil {
		return errors.New("the supervisor's playback goes on after they were taken off the list")
	}
	return nil
}

// ended shows that whoever stops it, the carer's page shows nothing, and that what
// was settled opens it again: a permission revoked and given anew, a father who
// objects and is overruled by a court, a mother who withdraws on the telephone.
func (st *stage) ended(ctx context.Context, s settings, l *link) error {
	gone := func(l *link) error { return browse(ctx, s, l, "ended", "--wrong-pin", "none") }
	var permitted struct{ Approvals []made }
	var shown struct{ Objected []made }
	for _, step := range []func() error{
		func() error { return st.sync(ctx, "helen") },
		func() error { return st.as(ctx, "helen", &permitted, "approval", "list") },
		func() error {
			if len(permitted.Approvals) == 0 {
				return errors.New("the head of service sees no approval")
			}
			return st.acts(ctx, "helen", []string{"approval", "revoke", permitted.Approvals[0].ID, "--reason", "safeguarding"})
		},
		func() error { return gone(l) },
		func() error { return st.permit(ctx) },
		func() error { return browse(ctx, s, l, "plays", "--no-kill", "--wrong-pin", "none") },

		func() error { return st.sync(ctx, "alex") },
		func() error {
			return st.acts(ctx, "alex",
				[]string{"person", "add", family, "--role", "carer", "--basis", "own", "--label", "Dad"},
				[]string{"consent", "object", family, "--person", "Robin", "--by", "Dad", "--channel", "writing"})
		},
		func() error { return gone(l) },
		func() error { return st.sync(ctx, "helen") },
		func() error { return st.as(ctx, "helen", &shown, "family", "show", family) },
		func() error {
			if len(shown.Objected) != 1 {
				return fmt.Errorf("%d objections are shown to the head of service, want 1", len(shown.Objected))
			}
			return st.acts(ctx, "helen", []string{"decision", "make", family, shown.Objected[0].ID, "--outcome", "may_be_used", "--ground", "court_order"})
		},
		func() error { return gone(l) }, // it was made before; nobody has to remember to revoke it
	} {
		if err := step(); err != nil {
			return err
		}
	}
	if err := st.sync(ctx, "sam"); err != nil {
		return err
	}
	fresh, err := st.share(ctx)
	if err != nil {
		return err
	}
	for _, step := range []func() error{
		func() error { return browse(ctx, s, fresh, "plays", "--no-kill", "--wrong-pin", "none") },
		func() error {
			return st.acts(ctx, "alex", []string{"consent", "withdraw", family, "--person", "Mum", "--channel", "phone"})
		},
		func() error { return gone(fresh) },
		func() error { return st.sync(ctx, "sam") },
		func() error { return st.sign(ctx) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}
