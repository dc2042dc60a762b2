package pages

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"
)

// easyWords ends the name of a language's easy-read catalogue: en.easy.json.
const easyWords = ".easy"

// catalogue is one language's words: Fixed stands in the page, Live is written
// into it as data for the script. Both are trees of text.
type catalogue struct {
	Fixed map[string]any `json:"fixed"`
	Live  map[string]any `json:"live"`
}

func readCatalogue(fsys fs.FS, name string) (catalogue, error) {
	raw, err := fs.ReadFile(fsys, name)
	if err != nil {
		return catalogue{}, fmt.Errorf("read words: %w", err)
	}
	var c catalogue
	if err := json.Unmarshal(raw, &c); err != nil {
		return catalogue{}, fmt.Errorf("words %s: %w", name, err)
	}
	return c, nil
}

// fill copies a tree of text with {service} put in. Other places, such as
// {minutes}, are left for the script.
func fill(tree map[string]any, service string) map[string]any {
	out := make(map[string]any, len(tree))
	for k, v := range tree {
		switch v := v.(type) {
		case string:
			out[k] = strings.ReplaceAll(v, "{service}", service)
		case map[string]any:
			out[k] = fill(v, service)
		}
	}
	return out
}
