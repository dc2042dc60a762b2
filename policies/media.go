package policies

import "strings"

// PlaysOnPhones reports whether every phone of the last ten years can show this:
// H.264 with AAC or no sound in an MP4, or a JPEG. HEVC is what many cameras
// record and what many carers' phones refuse.
//
// Source: DESIGN §5: a link carries a format that phones play.
func (m Media) PlaysOnPhones() bool {
	if m.Type == "image/jpeg" {
		return true
	}
	if m.Type != "video/mp4" || m.Codec == "" {
		return false
	}
	video := false
	for codec := range strings.SplitSeq(m.Codec, ",") {
		codec = strings.TrimSpace(codec)
		isVideo := strings.HasPrefix(codec, "avc1.")
		if !isVideo && codec != "mp4a.40.2" {
			return false
		}
		video = video || isVideo
	}
	return video
}
