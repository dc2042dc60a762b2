package policies

import (
	"slices"
	"testing"
	"time"
)

// story makes n events of one kind, a step apart, about one object or about n.
func story(from string, n int, step time.Duration, h Happened, objects bool) (out []Happened) {
	at, err := time.Parse("2006-01-02 15:04", from)
	if err != nil {
		panic(err)
	}
	for i := range n {
		h.Index, h.At = int64(i), At(at.Add(time.Duration(i)*step))
		if objects {
			h.Object = string(rune('A' + i))
		}
		out = append(out, h)
	}
	return out
}

// TestAlerts: each alert by a story that fires it, and one just below that does not.
func TestAlerts(t *testing.T) {
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	terms := DefaultAlertTerms(Pack{PINTries: Figure{Value: 5}}, london)
	watch := Happened{Action: "clip.watch", Outcome: "allowed", Who: "sam"}
	denied := Happened{Action: "record.pull", Outcome: "denied", Who: "sam"}
	pin := Happened{Action: "link.open", Outcome: "denied", Who: "carer", Object: "link", Rules: []string{PINRule}}
	one := func(kind string) Happened { return Happened{Action: kind, Outcome: "done", Who: "head"} }
	refused := func(kind string) Happened { return Happened{Action: kind, Outcome: "denied", Who: "head"} }
	const monday, night, saturday = "2026-11-23 10:00", "2026-11-23 23:00", "2026-11-28 10:00"
	for _, c := range []struct {
		name  string
		fires []Happened
		want  AlertKind
		below []Happened
	}{
		{name: "Night", want: AlertHours, fires: story(night, 3, time.Minute, watch, true), below: story(night, 2, time.Minute, watch, true)},
		{name: "Weekend", want: AlertHours, fires: story(saturday, 3, time.Minute, watch, true), below: story(monday, 3, time.Minute, watch, true)},
		{name: "BeforeSevenInSummer", want: AlertHours, fires: story("2026-07-06 05:50", 3, time.Minute, watch, true), below: story("2026-07-06 06:00", 3, time.Minute, watch, true)}, // 6:50 and 7:00 in London
		{name: "OneFilmAtNight", want: AlertHours, fires: story(night, 3, time.Minute, watch, true), below: story(night, 9, time.Minute, watch, false)},
		{name: "Bulk", want: AlertBulk, fires: story(monday, 20, time.Minute, watch, true), below: story(monday, 19, time.Minute, watch, true)},
		{name: "BulkSlowly", want: AlertBulk, fires: story(monday, 20, 3*time.Minute, watch, true), below: story(monday, 20, 4*time.Minute, watch, true)},
		{name: "Denials", want: AlertDenials, fires: story(monday, 10, time.Minute, denied, false), below: story(monday, 9, time.Minute, denied, false)},
		{name: "DenialsCounted", want: AlertDenials, fires: story(monday, 1, 0, refused("denials.counted"), false), below: story(monday, 1, 0, refused("record.pull"), false)},
		{name: "PIN", want: AlertPIN, fires: story(monday, 10, 61*time.Minute, pin, false), below: story(monday, 9, 61*time.Minute, pin, false)},
		{name: "Glass", want: AlertGlass, fires: story(monday, 1, 0, one("breakglass.open"), false), below: story(monday, 1, 0, refused("breakglass.open"), false)},
		{name: "Recovery", want: AlertRecovery, fires: story(monday, 1, 0, one("recovery.use"), false), below: story(monday, 1, 0, refused("recovery.use"), false)},
		{name: "Restored", want: AlertRestored, fires: story(monday, 1, 0, one("service.restored"), false), below: story(monday, 1, 0, one("service.recovered"), false)},
		{name: "Strangers", want: AlertStrangers, fires: story(monday, 30, time.Minute, refused("strangers.refused"), false), below: story(monday, 29, time.Minute, refused("strangers.refused"), false)},
	} {
		t.Run(c.name, func(t *testing.T) {
			of := func(events []Happened) (n int) {
				for _, a := range Alerts(events, terms) {
					if a.Kind == c.want {
						n++
					}
				}
				return n
			}
			if got := of(c.fires); got != 1 {
				t.Errorf("the story gives %d alerts, want 1", got)
			}
			if got := of(c.below); got != 0 {
				t.Errorf("just below it gives %d alerts, want none", got)
			}
		})
	}
}

// TestAlertsOfTwo: what two people do is not added up, and what is read again is the same.
func TestAlertsOfTwo(t *testing.T) {
	terms := DefaultAlertTerms(Pack{}, time.UTC)
	events := story("2026-11-23 10:00", 18, time.Minute, Happened{Action: "record.pull", Outcome: "denied"}, false)
	for i := range events {
		events[i].Who = []string{"sam", "ana"}[i%2]
	}
	if got := Alerts(events, terms); len(got) != 0 {
		t.Errorf("nine refusals each: %+v", got)
	}
	events = append(events, story("2026-11-23 10:18", 2, time.Minute, Happened{Action: "record.pull", Outcome: "denied", Who: "ana"}, false)...)
	events[18].Index, events[19].Index = 18, 19
	got := Alerts(events, terms)
	if len(got) != 1 || got[0].First != 1 || got[0].Last != 18 || got[0].Count != 10 {
		t.Errorf("ten of one: %+v", got)
	}
	if again := Alerts(events, terms); !slices.Equal(again, got) || again[0].ID() != got[0].ID() {
		t.Errorf("read again: %+v", again)
	}
}
