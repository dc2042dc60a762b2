package main

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/packs"
)

// device opens somebody's home in this process, with a clock that is off: the
// binary has no way to be told another time than the machine's.
func (s *service) device(who string, off func() time.Duration) *attune.Client {
	s.t.Helper()
	c, err := attune.Open(s.path(who), []byte("correct horse battery staple"), attune.Config{
		Now: func() time.Time { return time.Now().Add(off()) }, Server: s.url,
	})
	s.must(err)
	s.t.Cleanup(func() { c.Close() }) // a second time it does nothing
	return c
}

// TestClockAYearOff: with the real server, a device that is a year ahead or behind
// syncs and withdraws, by the time that the server's refusal carries. What it says
// bears the server's time of acceptance, and its own beside it.
func TestClockAYearOff(t *testing.T) {
	t.Parallel()
	const year = 365 * 24 * time.Hour
	for name, off := range map[string]time.Duration{"Ahead": year, "Behind": -year} {
		t.Run(name, func(t *testing.T) {
			ctx := context.Background()
			s := newService(t)
			film := absolute(t, "../../client-sdk/film/testdata/visit.mp4")
			clip := member(t, s.do("sam", "clip", "add", "NF-1", film, "--kind", "film", "--keep-source"), "id")

			sam := s.device("sam", func() time.Duration { return off })
			family, err := sam.Families.Find("NF-1")
			s.must(err)
			r, err := sam.Sync(ctx)
			if err != nil || len(r.Accepted) != 2 || len(r.Uploaded) != 1 || r.Waiting != 0 {
				t.Errorf("sync: %+v, %v; want the clip and its source accepted, and the film stored", r, err)
			}
			// By a clock that is ahead everybody's certificate has ended, and the device
			// says so at once; it waits for nothing to say stop.
			want := 2
			if _, err = sam.Sessions.Log(family, "", 7, true, ""); name == "Ahead" {
				want = 1
				if attune.CodeOf(err) != wire.CodeSigner {
					t.Errorf("a visit, a year ahead: %v, want not certified", err)
				}
			} else {
				s.must(err)
			}
			mum, err := sam.Families.FindPerson(family, "Mum")
			s.must(err)
			id, err := sam.Clips.Find(clip)
			s.must(err)
			p, err := sam.Clips.Open(ctx, id, policies.FilmAndUse)
			s.must(err)
			p.Close()
			s.must(sam.Consents.Withdraw(family, []policies.PersonID{mum}, policies.ByPhone))
			if r, err = sam.Sync(ctx); err != nil || len(r.Accepted) != want || r.Accepted[0].Kind != "consent.withdraw" {
				t.Errorf("sync: %+v, %v; want the withdrawal, before all else", r, err)
			}
			s.must(os.Remove(s.path("sam", "clips", clip+".payload")))
			var e *attune.Error
			if _, err := sam.Clips.Open(ctx, id, policies.FilmAndUse); !errors.As(err, &e) || !slices.Contains(e.Rules, "VIEW-CONSENT") {
				t.Errorf("watching after the withdrawal: %v, want denied by VIEW-CONSENT", err)
			}
			s.must(sam.Close())

			// Put right again, it goes on as if nothing had been.
			s.do("sam", "session", "log", "NF-1", "--number", "8")
			s.do("sam", "sync")
			s.stop()
			s.attuned("log", "verify", "--data", s.path("server"))
			now := time.Now().UnixMicro()
			hour := time.Hour.Microseconds()
			if n := s.database().count(`SELECT COUNT(*) FROM statements WHERE accepted_at NOT BETWEEN $1 AND $2`, now-hour, now+hour); n != 0 {
				t.Errorf("%d statements were accepted at another time than the server's", n)
			}
		})
	}
}

// TestJoinWithAClockOff: an invitation is not used up by a clock that is wrong.
func TestJoinWithAClockOff(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for name, off := range map[string]time.Duration{"ahead": 365 * 24 * time.Hour, "behind": -365 * 24 * time.Hour} {
		invitation := member(t, s.do("helen", "invite", "--role", "practitioner", "--name", name), "invitation")
		s.do("helen", "sync")
		_, _, err := attune.Join(t.Context(), s.path(name), invitation, []byte("correct horse battery staple"), attune.Config{
			Now: func() time.Time { return time.Now().Add(off) }, Server: s.url,
		})
		var e *attune.Error
		if !errors.As(err, &e) || e.Code != attune.CodeInvitation || !strings.Contains(e.Message+e.Next, "clock") {
			t.Errorf("%s: %v, want to be told of the clock", name, err)
		}
		words := member(t, s.do(name, "join", invitation), "words")
		s.do("helen", "sync")
		s.do("helen", "confirm", name, "--words", words)
		s.do("helen", "sync")
		s.do(name, "sync")
	}
}

// TestServerGoneForDays: a device goes on for as long as the service's figure says,
// then the filming gate shuts; what was done meanwhile arrives when the server is
// back.
func TestServerGoneForDays(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := newService(t)
	pack, _, err := packs.Load("council")
	s.must(err)
	// The server's clock is the machine's, so the days lie before today.
	last := pack.OfflineDays.Value + 3
	day := 0
	sam := s.device("sam", func() time.Duration { return time.Duration(day-last) * 24 * time.Hour })
	sync := func() {
		t.Helper()
		if r, err := sam.Sync(ctx); err != nil || len(r.Refused) > 0 {
			t.Fatalf("sync: %v, %v", r.Refused, err)
		}
	}
	sync()
	family, err := sam.Families.Open("NF-2", policies.VIG)
	s.must(err)
	mum, err := sam.Families.AddPerson(family, policies.Carer, policies.Own, "", policies.LinkSafe, "Mum")
	s.must(err)
	request, err := sam.Approvals.Request(family, 0)
	s.must(err)
	sync()
	s.do("helen", "sync")
	s.do("helen", "approval", "grant", request.String())
	s.do("helen", "sync")
	_, err = sam.Consents.Sign(attune.SignConsent{
		Family: family, Form: s.path("form.txt"), People: []policies.Covered{{Person: mum, By: mum, Basis: policies.Own}},
		Purposes: map[policies.Purpose]bool{policies.FilmAndUse: true},
	})
	s.must(err)
	_, err = sam.Sessions.Log(family, "", 0, true, "")
	s.must(err)
	sync()
	sync()
	s.stop()

	raw, err := os.ReadFile("../../client-sdk/film/testdata/visit.mp4")
	s.must(err)
	filmed, visits := 0, 0
	for ; day <= last; day++ {
		path := s.path("visit.mp4")
		s.must(os.WriteFile(path, raw, 0o600))
		added, err := sam.Clips.Add(ctx, attune.AddClip{Family: family, File: path, Kind: policies.Film, People: []policies.PersonID{mum}})
		var shut *attune.GateError
		switch open := day < pack.OfflineDays.Value; {
		case open:
			s.must(err)
			s.must(sam.Clips.ConfirmSource(added.Clip, policies.SourceRemoved))
			filmed++
		case day == pack.OfflineDays.Value: // to the minute: either is right
			if err == nil {
				filmed++
			}
		case !errors.As(err, &shut) || !slices.Contains(shut.Rules, policies.ContactRule):
			t.Errorf("day %d: %v, want the gate shut by %s", day, err, policies.ContactRule)
		}
		_, err = sam.Sessions.Log(family, "", 100+day, true, "")
		s.must(err)
		visits++
		if r, err := sam.Sync(ctx); !attune.Offline(err) || r.Waiting < visits+filmed {
			t.Errorf("day %d: sync: %d waiting, %v; want offline", day, r.Waiting, err)
		}
	}
	day = last
	s.serve()
	r, err := sam.Sync(ctx)
	if err != nil || len(r.Refused) != 0 || len(r.Uploaded) != filmed || r.Waiting != 0 {
		t.Errorf("back: %d uploaded, %v refused, %d waiting, %v; want %d films", len(r.Uploaded), r.Refused, r.Waiting, err, filmed)
	}
	if g, err := sam.Clips.Gate(family, []policies.PersonID{mum}); err != nil || !g.Open {
		t.Errorf("the gate after that: %+v, %v; want it open", g, err)
	}
	s.must(sam.Close())
	s.stop()
	db := s.database()
	for kind, want := range map[string]int{"clip.add": filmed, "clip.stored": filmed, "session.log": visits + 2} {
		if got := db.count(`SELECT COUNT(*) FROM statements WHERE kind = $1`, kind); got != want {
			t.Errorf("%d %s, want %d", got, kind, want)
		}
	}
}
