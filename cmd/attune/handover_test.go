package main

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
)

// window is a command in another window, in the line of a watch that stepped aside.
type window struct {
	asking
	told  chan answer
	leave chan struct{}
}

func asks(do string) window {
	told, leave := make(chan answer, 1), make(chan struct{})
	return window{asking{order: order{Do: do}, reply: told, gone: leave}, told, leave}
}

func remembered(text string) func(bool) answer {
	return func(asJSON bool) answer { return answer{Text: fmt.Sprint(text, asJSON)} }
}

// TestLine: the home goes to one after the other in the order in which they asked, past
// one who gave up, and back to the watch after the last; a program that has it without
// having asked is waited for; status is answered all the while.
func TestLine(t *testing.T) {
	orders := make(chan asking)
	opened, stray := 0, 2
	h := &handOver{orders: orders, status: remembered("then"), reopen: func() error {
		if stray--; stray >= 0 {
			return &attune.Error{Code: attune.CodeInUse}
		}
		opened++
		return nil
	}}
	first, second, tired, third := asks("home"), asks("home"), asks("home"), asks("home")
	done := make(chan error, 1)
	go func() { done <- h.run(t.Context(), first.asking) }()
	<-first.told
	orders <- second.asking
	orders <- tired.asking
	orders <- third.asking
	close(tired.leave)
	status := asks("status")
	orders <- status.asking
	if a := <-status.told; a.Text != "thenfalse" {
		t.Errorf("status %q", a.Text)
	}
	if len(second.told)+len(third.told) > 0 {
		t.Error("two have the home")
	}
	close(first.leave)
	<-second.told
	if len(third.told) > 0 {
		t.Error("two have the home")
	}
	close(second.leave)
	<-third.told
	close(third.leave)
	if err := <-done; err != nil || opened != 1 || len(tired.told) > 0 || h.locks {
		t.Errorf("ended with %v, opened %d times, told the tired %d times, locks %v", err, opened, len(tired.told), h.locks)
	}

	ctx, cancel := context.WithCancel(t.Context())
	first = asks("home")
	go func() { done <- h.run(ctx, first.asking) }()
	<-first.told
	cancel()
	if err := <-done; err != nil || opened != 1 {
		t.Errorf("stopped: %v, opened %d times", err, opened)
	}
}

// TestLockWhileLent: a lock is done once the command has ended that is at work, before
// anybody's who waits or comes, and status shows nothing from then on.
func TestLockWhileLent(t *testing.T) {
	orders := make(chan asking)
	h := &handOver{orders: orders, status: remembered("then"), hidden: remembered("hidden"), reopen: func() error { return nil }}
	ask := func(do string) answer {
		w := asks(do)
		orders <- w.asking
		return <-w.told
	}
	first, second := asks("home"), asks("home")
	done := make(chan error, 1)
	go func() { done <- h.run(t.Context(), first.asking) }()
	<-first.told
	orders <- second.asking
	if a := ask("unlock"); a.Locked || a.Error != nil {
		t.Errorf("unlock of what is not locked: %+v", a)
	}
	for range 2 {
		if a := ask("lock"); !a.Later || a.Locked {
			t.Errorf("lock: %+v", a)
		}
	}
	if a := <-second.told; !a.Locked {
		t.Errorf("who waited: %+v", a)
	}
	if a := ask("home"); !a.Locked {
		t.Errorf("who comes: %+v", a)
	}
	if a := ask("state"); !a.Locked {
		t.Errorf("state: %+v", a)
	}
	if a := ask("status"); a.Text != "hiddenfalse" {
		t.Errorf("status: %+v", a)
	}
	if a := ask("unlock"); a.Error == nil {
		t.Errorf("unlock before it is locked: %+v", a)
	}
	close(first.leave)
	if err := <-done; err != nil || !h.locks {
		t.Errorf("ended with %v, locks %v", err, h.locks)
	}
}

// TestHomeThatDoesNotOpen: what keeps the home shut is told, and tried again until it is
// over; only a device that is not there any more ends the watch. Meanwhile others may try.
func TestHomeThatDoesNotOpen(t *testing.T) {
	orders := make(chan asking)
	gone := &attune.Error{Code: attune.CodeHome}
	tries, said := 0, []error(nil)
	var second window
	h := &handOver{orders: orders, said: func(err error, again time.Duration) {
		if said = append(said, err); len(said) == 1 {
			second = asks("home")
			close(second.leave)
			go func() { orders <- second.asking }()
		}
	}, reopen: func() error {
		if tries++; tries < 3 {
			return errors.New("no room")
		}
		return nil
	}}
	first := asks("home")
	close(first.leave)
	if err := h.run(t.Context(), first.asking); err != nil || tries != 3 || len(said) != 3 || said[2] != nil {
		t.Errorf("ended with %v after %d tries, said %v", err, tries, said)
	}
	h.reopen = func() error { return gone }
	if err := h.run(t.Context(), first.asking); !errors.Is(err, gone) {
		t.Errorf("ended with %v", err)
	}
}
