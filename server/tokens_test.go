package server

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/policies"
)

func TestTokensAreRememberedUntilTheyEnd(t *testing.T) {
	now := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	known := newTokens()
	who := policies.Caller{Device: policies.DeviceID{1}}
	token := statement.Token{Device: who.Device, ID: "a", Expires: now.Add(time.Minute)}
	if err := known.remember("one", token, who, now); err != nil {
		t.Fatal(err)
	}
	if got, ok := known.known("one", now); !ok || got != who {
		t.Errorf("known = %+v, %v, want %+v", got, ok, who)
	}
	if _, ok := known.known("two", now); ok {
		t.Error("a token that was never verified is known")
	}
	if _, ok := known.known("one", now.Add(time.Minute+statement.TokenLeeway)); ok {
		t.Error("a token is known after its end")
	}
}

func TestTokenIdentifierStandsInOneToken(t *testing.T) {
	now := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	known := newTokens()
	who := policies.Caller{Device: policies.DeviceID{1}}
	token := statement.Token{Device: who.Device, ID: "a", Expires: now.Add(time.Minute)}
	if err := known.remember("one", token, who, now); err != nil {
		t.Fatal(err)
	}
	if err := known.remember("other bytes", token, who, now); !errors.Is(err, statement.ErrToken) {
		t.Errorf("second token with the same jti: %v, want ErrToken", err)
	}
	if err := known.remember("one", token, who, now); err != nil {
		t.Errorf("the same token again: %v", err)
	}
	elsewhere := token
	elsewhere.Device = policies.DeviceID{2}
	if err := known.remember("another device's", elsewhere, who, now); err != nil {
		t.Errorf("another device with the same jti: %v", err)
	}
	if err := known.remember("later", token, who, now.Add(2*time.Minute)); err != nil {
		t.Errorf("after the first token's end: %v", err)
	}
}

func TestTokensAreBounded(t *testing.T) {
	now := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	known := newTokens()
	for i := range maxTokens + 10 {
		token := statement.Token{ID: fmt.Sprint(i), Expires: now.Add(time.Duration(i+1) * time.Second)}
		if err := known.remember(fmt.Sprint("token ", i), token, policies.Caller{}, now); err != nil {
			t.Fatal(err)
		}
	}
	if len(known.byHash) > maxTokens || len(known.byID) > maxTokens {
		t.Errorf("remembers %d tokens and %d identifiers, at most %d", len(known.byHash), len(known.byID), maxTokens)
	}
	if _, ok := known.known("token 0", now); ok {
		t.Error("the token that ends first was kept")
	}
	if _, ok := known.known(fmt.Sprint("token ", maxTokens+9), now); !ok {
		t.Error("the newest token was forgotten")
	}
}
