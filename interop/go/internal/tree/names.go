package tree

import (
	"encoding/gob"
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// maxArrayLength limits the length in the name of an array type.
const maxArrayLength = 1 << 16

var (
	anyType = reflect.TypeFor[any]()

	typesByName = map[string]reflect.Type{}
	namesByType = map[reflect.Type]string{}
)

func init() {
	for _, sample := range []any{
		false, "",
		int(0), int8(0), int16(0), int32(0), int64(0),
		uint(0), uint8(0), uint16(0), uint32(0), uint64(0), uintptr(0),
		float32(0), float64(0), complex64(0), complex128(0),
	} {
		t := reflect.TypeOf(sample)
		record(t.String(), t)
	}
}

// Register registers the type of sample with gob and this package under the
// given name. If the name starts with "*", the type is a pointer, and its
// element type gets the name without the "*".
func Register(name string, sample any) {
	gob.RegisterName(name, sample)
	t := reflect.TypeOf(sample)
	for t.Kind() == reflect.Pointer && strings.HasPrefix(name, "*") {
		t, name = t.Elem(), name[1:]
	}
	// Unnamed types such as []int need no entry, because TypeOf parses them.
	if t.Name() != "" {
		record(name, t)
	}
}

func record(name string, t reflect.Type) {
	typesByName[name] = t
	namesByType[t] = name
}

// NameOf returns the name of a type as gob writes it: "int", "[]interface {}",
// "map[string]main.Person".
func NameOf(t reflect.Type) string {
	if name, ok := namesByType[t]; ok {
		return name
	}
	if t.Name() != "" {
		return t.String()
	}
	switch t.Kind() {
	case reflect.Pointer:
		return "*" + NameOf(t.Elem())
	case reflect.Slice:
		return "[]" + NameOf(t.Elem())
	case reflect.Array:
		return "[" + strconv.Itoa(t.Len()) + "]" + NameOf(t.Elem())
	case reflect.Map:
		return "map[" + NameOf(t.Key()) + "]" + NameOf(t.Elem())
	default:
		return t.String()
	}
}

// TypeOf returns the type with the given name. It builds pointer, slice, array
// and map types from registered types.
func TypeOf(name string) (reflect.Type, error) {
	t, rest, err := parseType(name)
	if err != nil {
		return nil, err
	}
	if rest != "" {
		return nil, fmt.Errorf("type name %q: unexpected %q", name, rest)
	}
	return t, nil
}

// parseType parses one type at the start of s and returns the rest of s.
func parseType(s string) (t reflect.Type, rest string, err error) {
	switch {
	case strings.HasPrefix(s, "interface {}"):
		return anyType, s[len("interface {}"):], nil
	case strings.HasPrefix(s, "*"):
		elem, rest, err := parseType(s[1:])
		if err != nil {
			return nil, "", err
		}
		return reflect.PointerTo(elem), rest, nil
	case strings.HasPrefix(s, "[]"):
		elem, rest, err := parseType(s[2:])
		if err != nil {
			return nil, "", err
		}
		return reflect.SliceOf(elem), rest, nil
	case strings.HasPrefix(s, "["):
		return parseArrayType(s)
	case strings.HasPrefix(s, "map["):
		return parseMapType(s)
	default:
		return parseNamedType(s)
	}
}

func parseArrayType(s string) (reflect.Type, string, error) {
	digits, after, _ := strings.Cut(s[1:], "]")
	length, err := strconv.Atoi(digits)
	if err != nil || length < 0 || length > maxArrayLength {
		return nil, "", fmt.Errorf("type name %q: bad array length", s)
	}
	elem, rest, err := parseType(after)
	if err != nil {
		return nil, "", err
	}
	return reflect.ArrayOf(length, elem), rest, nil
}

func parseMapType(s string) (reflect.Type, string, error) {
	key, rest, err := parseType(s[len("map["):])
	if err != nil {
		return nil, "", err
	}
	if !key.Comparable() || !strings.HasPrefix(rest, "]") {
		return nil, "", fmt.Errorf("type name %q: bad map key type", s)
	}
	elem, rest, err := parseType(rest[1:])
	if err != nil {
		return nil, "", err
	}
	return reflect.MapOf(key, elem), rest, nil
}

func parseNamedType(s string) (reflect.Type, string, error) {
	end := strings.IndexByte(s, ']')
	if end < 0 {
		end = len(s)
	}
	t, ok := typesByName[s[:end]]
	if !ok {
		return nil, "", fmt.Errorf("unknown type %q", s[:end])
	}
	return t, s[end:], nil
}
