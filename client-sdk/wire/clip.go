package wire

import "github.com/attune-vf/attune/policies"

// TusVersion is the version of the resumable upload protocol.
const TusVersion = "1.0.0"

// ViewRequest is the body of POST /v1/clips/{clip}/viewings.
type ViewRequest struct {
	Purpose policies.Purpose `json:"purpose"`
	Copy    bool             `json:"copy"`   // to keep a decrypted copy
	Reason  string           `json:"reason"` // needed for a copy; kept in the log's deletable detail
}

// Viewing is the door to a clip's payload, for one person on one device.
type Viewing struct {
	ID    string `json:"id"`
	Bytes int64  `json:"bytes"` // of the payload
}

// UploadStatus answers GET /v1/clips/{clip}/upload.
type UploadStatus struct {
	Stored bool   `json:"stored"`
	Upload string `json:"upload"` // path of an open upload, "" for none
}
