package film

import "strings"

// Playable reports whether a cheap phone's browser plays the film; if not, why
// is one plain sentence. H.264 and AAC in MP4 play everywhere; a still always
// does. A fragmented film without an index plays too, but only after all of it
// was fetched: see Info.Indexed.
func (i Info) Playable() (ok bool, why string) {
	switch i.MediaType {
	case "image/jpeg", "image/png":
		return true, ""
	case "video/webm", "video/x-matroska":
		return false, "This is a WebM film, which older iPhones do not play. Record in MP4, or convert it."
	}
	for codec := range strings.SplitSeq(i.Codec, ", ") {
		if why := codecProblem(codec); why != "" {
			return false, why
		}
	}
	return true, ""
}

func codecProblem(codec string) string {
	name, detail, _ := strings.Cut(codec, ".")
	switch name {
	case "avc1", "avc3":
		if len(detail) == 6 && strings.Contains("42 4D 58 64", detail[:2]) { // baseline, main, extended, high
			return ""
		}
		return "This film uses a form of H.264 made for studios, which phones do not play. Convert it to ordinary H.264."
	case "mp4a":
		switch detail {
		case "40.2", "40.5", "40.29", "67", "6B", "69": // AAC-LC, HE-AAC, MPEG-2 AAC, MP3
			return ""
		}
		return "The sound of this film is in a form that some phones do not play. Convert it to AAC."
	case "hvc1", "hev1", "dvh1", "dvhe":
		return "This film is HEVC (\"high efficiency\"), which many phones do not play. Set the camera to \"most compatible\", or convert it to H.264."
	case "av01", "vp09", "vp08":
		return "The picture of this film is in a form that older phones do not play. Convert it to H.264."
	case "sowt", "twos", "lpcm", "in24", "in32", "opus", "ac-3", "ec-3", "alac", "samr", "sawb", "ulaw", "alaw", "fLaC":
		return "The sound of this film is in a form that some phones do not play. Convert it to AAC."
	}
	return "This film is in a form (" + name + ") that phones may not play. Convert it to H.264 and AAC."
}
