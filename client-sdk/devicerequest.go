package attune

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/attune-vf/attune/client-sdk/seal"
	"github.com/attune-vf/attune/policies"
)

const (
	requestPrefix   = "attune-device-1:"
	maxRequestChars = 8192 // an age hybrid recipient is about 2,000
)

// DeviceRequest is what a new device hands to one that its person has already. Nothing
// in it is secret. Whoever swaps it on the way would be given the person's keys, which
// the six words reveal.
type DeviceRequest struct {
	Key       policies.PublicKey `json:"key"`       // of the new device
	Recipient string             `json:"recipient"` // to which the reply is sealed
}

// String is the request in one line: prefix, base64url of its JSON and of the first
// three bytes of the JSON's SHA-256.
func (r DeviceRequest) String() string {
	text := r.text()
	sum := sha256.Sum256(text)
	return requestPrefix + base64.RawURLEncoding.EncodeToString(append(text, sum[:invitationSumBytes]...))
}

func (r DeviceRequest) text() []byte {
	text, err := json.Marshal(r)
	if err != nil { // a key and a string always encode
		panic("attune: device request: " + err.Error())
	}
	return text
}

// Words are the six words that both devices show: those of
// SHA-256("attune/device/v1" ‖ JSON), as of a certificate.
func (r DeviceRequest) Words() []string {
	return Words(sha256.Sum256(append([]byte("attune/device/v1"), r.text()...)))
}

// ParseDeviceRequest reads one line, with the line breaks that mail programs add. Errors
// are an [*Error] with [CodeInput].
func ParseDeviceRequest(s string) (DeviceRequest, error) {
	const again = "Carry the whole line again, from " + requestPrefix + " to its end."
	var none DeviceRequest
	if len(s) > 2*maxRequestChars {
		return none, problem(CodeInput, again, "This is too long for a request.")
	}
	body, ok := strings.CutPrefix(strings.Join(strings.Fields(s), ""), requestPrefix)
	if !ok {
		return none, problem(CodeInput, again, "This is not the request of a new device.")
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(body)
	if err != nil || len(raw) <= invitationSumBytes || len(body) > maxRequestChars {
		return none, problem(CodeInput, again, "The request is not complete.")
	}
	text := raw[:len(raw)-invitationSumBytes]
	if sum := sha256.Sum256(text); string(sum[:invitationSumBytes]) != string(raw[len(text):]) {
		return none, problem(CodeInput, again, "The request is not complete, or a letter of it was changed.")
	}
	var r DeviceRequest
	if err := json.Unmarshal(text, &r, json.RejectUnknownMembers(true)); err != nil {
		return none, problem(CodeInput, again, "The request cannot be read.").because(err)
	}
	if string(r.text()) != string(text) || r.Key == (policies.PublicKey{}) {
		return none, problem(CodeInput, again, "The request lacks a part.")
	}
	if _, err := seal.ParseRecipient(r.Recipient); err != nil {
		return none, problem(CodeInput, "Make the request anew.", "Nothing can be sealed to this request.").because(err)
	}
	return r, nil
}
