package main

import (
	"context"
	"testing"

	attune "github.com/attune-vf/attune/client-sdk"
)

// TestLine: the home goes to one after the other in the order in which they asked, past
// one who gave up, and back to the watch after the last; a program that has it without
// having asked is waited for; status is answered all the while.
func TestLine(t *testing.T) {
	orders := make(chan asking)
	type window struct {
		asking
		told  chan answer
		leave chan struct{}
	}
	asks := func(do string) window {
		told, leave := make(chan answer, 1), make(chan struct{})
		return window{asking{order: order{Do: do}, reply: told, gone: leave}, told, leave}
	}
	opened, stray := 0, 2
	h := &handOver{orders: orders, was: [2]answer{{Text: "text"}, {Text: "json"}}, reopen: func() error {
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
	if a := <-status.told; a.Text != "text" {
		t.Errorf("status %q", a.Text)
	}
	lock := asks("lock")
	orders <- lock.asking
	if a := <-lock.told; a.Error == nil {
		t.Error("it says that it is locked")
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
	if err := <-done; err != nil || opened != 1 || len(tired.told) > 0 {
		t.Errorf("ended with %v, opened %d times, told the tired %d times", err, opened, len(tired.told))
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
