package attune

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/attune-vf/attune/policies"
)

// One person may work for several services, as supervisors do. Each has a folder of
// its own in the person's home, with its own keys, records and outbox: no key, and
// nothing that one service says, is ever shared with another. The first one is the home
// itself; the others lie in it, by number.
//
//	HOME/device.json …             the first
//	HOME/services/2/device.json …  the second
const servicesDir = "services"

// maxServices bounds how many one home holds.
const maxServices = 50

// Service is one service that a home has joined.
type Service struct {
	Number int    `json:"number"` // from 1; it stays
	Name   string `json:"name"`   // as the service called itself when this device joined
	Server string `json:"server"`
	Dir    string `json:"dir"` // for [Open]

	Organisation policies.OrgID `json:"organisation"` // the fingerprint of its root, by which others know it
}

// Services lists the services that a home has joined, by number. It needs no
// passphrase and no network; a home that has joined none has none.
func Services(home string) (out []Service, err error) {
	places, err := places(home)
	if err != nil {
		return nil, err
	}
	for _, p := range places {
		var me profile
		if err := readJSON(p.Dir, deviceFile, &me); errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			return nil, err
		}
		p.Name, p.Server, p.Organisation = me.Service, me.Server, me.Org
		out = append(out, p)
	}
	return out, nil
}

// places are the folders of a home, joined or not; the home itself first.
func places(home string) ([]Service, error) {
	out := []Service{{Number: 1, Dir: home}}
	entries, err := os.ReadDir(filepath.Join(home, servicesDir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read %s: %w", home, err)
	}
	for _, e := range entries {
		n, err := strconv.Atoi(e.Name())
		if err != nil || n < 2 || n > maxServices || strconv.Itoa(n) != e.Name() || !e.IsDir() {
			continue // not ours
		}
		out = append(out, Service{Number: n, Dir: filepath.Join(home, servicesDir, e.Name())})
	}
	slices.SortFunc(out, func(a, b Service) int { return a.Number - b.Number })
	return out, nil
}

// PlaceFor is the folder of a home in which to [Join] with an invitation: where an
// attempt with it did not come to its end, else a new one. It makes nothing.
//
// Errors: an [*Error] with [CodeHome] when the home has joined that service already.
func PlaceFor(home, invitation string) (string, error) {
	inv, err := ParseInvitation(invitation)
	if err != nil {
		return "", err
	}
	joined, err := Services(home)
	if err != nil {
		return "", err
	}
	for _, s := range joined {
		if s.Organisation == inv.Org {
			return "", problem(CodeHome, "For another person, use another folder.", "%s has joined %s already.", home, s.called())
		}
	}
	all, err := places(home)
	if err != nil {
		return "", err
	}
	for _, p := range all {
		var j joining
		if !exists(p.Dir, deviceFile) && readJSON(p.Dir, joinFile, &j) == nil && j.Profile.Staff == inv.Invite && j.Profile.Org == inv.Org {
			return p.Dir, nil
		}
	}
	return NewPlace(home)
}

// NewPlace is the folder of a home for one more service: the home itself while it has
// joined none. It makes nothing.
func NewPlace(home string) (string, error) {
	joined, err := Services(home)
	if err != nil || len(joined) == 0 {
		return home, err
	}
	for n := 2; n <= maxServices; n++ {
		if dir := filepath.Join(home, servicesDir, strconv.Itoa(n)); !exists(dir, "") {
			return dir, nil
		}
	}
	return "", problem(CodeHome, "Use another folder.", "%s holds as many services as it can.", home)
}

// Asking is the folder of a home in which this device waits to be taken in by another
// of its person, see [NewDeviceRequest]; else the one in which to ask.
func Asking(home string) (string, error) {
	all, err := places(home)
	if err != nil {
		return "", err
	}
	for _, p := range all {
		if !exists(p.Dir, deviceFile) && exists(p.Dir, askFile) {
			return p.Dir, nil
		}
	}
	return NewPlace(home)
}

// PickService finds the service that a person means by its number, its name, or the
// beginning of that. With none named there must be one only.
//
// Errors: an [*Error] with [CodeUnknown], or with [CodeAmbiguous] that lists them.
func PickService(all []Service, text string) (Service, error) {
	text = strings.TrimSpace(text)
	if text == "" && len(all) == 1 {
		return all[0], nil
	}
	var found []Service
	for _, s := range all {
		if text == strconv.Itoa(s.Number) || strings.EqualFold(text, s.Name) {
			found = append(found, s)
		}
	}
	if len(found) == 0 {
		for _, s := range all {
			if strings.HasPrefix(strings.ToLower(s.Name), strings.ToLower(text)) {
				found = append(found, s)
			}
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return Service{}, problem(CodeUnknown, "This device has joined "+theseServices(all)+".", "There is no service %q on this device.", text)
	}
	return Service{}, problem(CodeAmbiguous, "Say which, by number or name.", "This device has joined several services: %s.", theseServices(found))
}

func theseServices(all []Service) string {
	var out []string
	for _, s := range all {
		out = append(out, fmt.Sprintf("%d, %s", s.Number, s.called()))
	}
	return strings.Join(out, "; ")
}

func (s Service) called() string {
	if s.Name == "" {
		return s.Server
	}
	return s.Name
}
