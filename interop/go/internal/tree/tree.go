// Package tree converts Go values to JSON that names every Go type, and back.
// README.md describes the notation.
package tree

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// Tree is one value. Go is the name of its type, which determines the other
// members.
type Tree struct {
	Go string `json:"go"`

	// V is text for numbers and strings, true or false, a list of trees, a
	// list of [key, value] pairs, an object of struct fields, or the pointee.
	V json.RawMessage `json:"v,omitempty"`

	// Hex holds bytes, and strings that are not valid UTF-8.
	Hex *string `json:"hex,omitempty"`

	// Bits of a float, and of the two parts of a complex number: the
	// big-endian float64 in hex.
	Bits string `json:"bits,omitempty"`
	Re   string `json:"re,omitempty"`
	Im   string `json:"im,omitempty"`

	// A time: Unix seconds, nanoseconds, the offset in seconds east of UTC, and
	// whether the zone is UTC itself rather than another zone at offset 0.
	Unix      string `json:"unix,omitempty"`
	Nsec      *int   `json:"nsec,omitempty"`
	OffsetSec *int   `json:"offset_sec,omitempty"`
	IsUTC     *bool  `json:"is_utc,omitempty"`
}

// Diff describes the first difference between two trees that Of returned, or
// returns "" when they are equal.
func Diff(want, got Tree) (string, error) {
	wanted, err := plain(want)
	if err != nil {
		return "", err
	}
	gotten, err := plain(got)
	if err != nil {
		return "", err
	}
	return diff("$", wanted, gotten), nil
}

// plain converts a tree to nested maps and lists.
func plain(t Tree) (value any, err error) {
	text, err := json.Marshal(t)
	if err != nil {
		return nil, err
	}
	err = json.Unmarshal(text, &value)
	return value, err
}

func diff(path string, want, got any) string {
	switch want := want.(type) {
	case map[string]any:
		if got, ok := got.(map[string]any); ok {
			return diffObjects(path, want, got)
		}
	case []any:
		if got, ok := got.([]any); ok && len(got) == len(want) {
			return diffLists(path, want, got)
		}
	}
	if reflect.DeepEqual(want, got) {
		return ""
	}
	return fmt.Sprintf("%s: want %s, got %s", path, short(want), short(got))
}

func diffLists(path string, want, got []any) string {
	for i := range want {
		if d := diff(fmt.Sprintf("%s[%d]", path, i), want[i], got[i]); d != "" {
			return d
		}
	}
	return ""
}

func diffObjects(path string, want, got map[string]any) string {
	names := maps.Clone(want)
	maps.Copy(names, got)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if d := diff(path+"."+name, want[name], got[name]); d != "" {
			return d
		}
	}
	return ""
}

func short(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return err.Error()
	}
	if len(text) > 200 {
		return string(text[:200]) + "…"
	}
	return string(text)
}
