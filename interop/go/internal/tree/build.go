package tree

import (
	"encoding"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"net/url"
	"reflect"
	"strconv"
	"time"
)

// Build returns the Go value that a tree describes. It refuses a tree with
// mismatched types, such as an int in a []string.
func Build(t Tree) (any, error) {
	v, err := build(t, anyType)
	if err != nil {
		return nil, err
	}
	return v.Interface(), nil
}

// build makes a value of the given type, which is the type of the variable,
// element or field that holds the value.
func build(t Tree, typ reflect.Type) (reflect.Value, error) {
	v := reflect.New(typ).Elem()
	if typ.Kind() == reflect.Interface {
		return v, buildInterface(t, v)
	}
	if name := NameOf(typ); name != t.Go {
		return v, fmt.Errorf("want a %s, got a %q", name, t.Go)
	}
	return v, fill(t, v)
}

func buildInterface(t Tree, v reflect.Value) error {
	if t.Go == "nil" {
		return nil
	}
	typ, err := TypeOf(t.Go)
	if err != nil {
		return err
	}
	if typ.Kind() == reflect.Interface {
		return fmt.Errorf("a value cannot have the type %s", t.Go)
	}
	elem, err := build(t, typ)
	if err == nil {
		v.Set(elem)
	}
	return err
}

// fill sets v, which has the type that the tree names.
func fill(t Tree, v reflect.Value) error {
	switch v.Kind() {
	case reflect.Bool:
		b, err := read[bool](t.V)
		v.SetBool(b)
		return err
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return fillNumber(t, func(text string) error {
			i, err := strconv.ParseInt(text, 10, v.Type().Bits())
			v.SetInt(i)
			return err
		})
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return fillNumber(t, func(text string) error {
			u, err := strconv.ParseUint(text, 10, v.Type().Bits())
			v.SetUint(u)
			return err
		})
	case reflect.Float32, reflect.Float64:
		f, err := readFloat(t)
		v.SetFloat(f)
		return err
	case reflect.Complex64, reflect.Complex128:
		re, reErr := readBits(t.Re)
		im, imErr := readBits(t.Im)
		v.SetComplex(complex(re, im))
		return errors.Join(reErr, imErr)
	case reflect.String:
		return fillString(t, v)
	case reflect.Pointer:
		return fillPointer(t, v)
	case reflect.Slice:
		return fillSlice(t, v)
	case reflect.Array:
		return fillArray(t, v)
	case reflect.Map:
		return fillMap(t, v)
	case reflect.Struct:
		if target, ok := v.Addr().Interface().(*time.Time); ok {
			return fillTime(t, target)
		}
		return fillStruct(t, v)
	default:
		return fmt.Errorf("a session cannot hold a %s", t.Go)
	}
}

func fillNumber(t Tree, set func(text string) error) error {
	text, err := read[string](t.V)
	if err != nil {
		return err
	}
	return set(text)
}

func fillString(t Tree, v reflect.Value) error {
	if t.Hex != nil {
		b, err := hex.DecodeString(*t.Hex)
		v.SetString(string(b))
		return err
	}
	text, err := read[string](t.V)
	v.SetString(text)
	return err
}

func fillPointer(t Tree, v reflect.Value) error {
	if isNull(t.V) {
		return nil
	}
	v.Set(reflect.New(v.Type().Elem()))
	switch p := v.Interface().(type) {
	case *big.Int:
		text, err := read[string](t.V)
		if _, ok := p.SetString(text, 10); err == nil && !ok {
			err = fmt.Errorf("want decimal digits, got %q", text)
		}
		return err
	case *url.URL:
		text, err := read[string](t.V)
		if err != nil {
			return err
		}
		return p.UnmarshalBinary([]byte(text))
	}
	pointee, err := read[Tree](t.V)
	if err != nil {
		return err
	}
	elem, err := build(pointee, v.Type().Elem())
	v.Elem().Set(elem)
	return err
}

func fillSlice(t Tree, v reflect.Value) error {
	if v.Type().Elem().Kind() == reflect.Uint8 {
		b, err := readHex(t)
		v.SetBytes(b)
		return err
	}
	if isNull(t.V) {
		return nil
	}
	items, err := read[[]Tree](t.V)
	if err != nil {
		return err
	}
	v.Set(reflect.MakeSlice(v.Type(), len(items), len(items)))
	return fillItems(items, v)
}

func fillArray(t Tree, v reflect.Value) error {
	if opaque, ok := v.Addr().Interface().(encoding.BinaryUnmarshaler); ok {
		b, err := readHex(t)
		if err != nil {
			return err
		}
		return opaque.UnmarshalBinary(b)
	}
	items, err := read[[]Tree](t.V)
	if err != nil {
		return err
	}
	if len(items) != v.Len() {
		return fmt.Errorf("want %d elements, got %d", v.Len(), len(items))
	}
	return fillItems(items, v)
}

func fillItems(items []Tree, v reflect.Value) error {
	for i, item := range items {
		elem, err := build(item, v.Type().Elem())
		if err != nil {
			return fmt.Errorf("[%d]: %w", i, err)
		}
		v.Index(i).Set(elem)
	}
	return nil
}

func fillMap(t Tree, v reflect.Value) error {
	if isNull(t.V) {
		return nil
	}
	pairs, err := read[[][2]Tree](t.V)
	if err != nil {
		return err
	}
	v.Set(reflect.MakeMapWithSize(v.Type(), len(pairs)))
	for _, pair := range pairs {
		key, err := build(pair[0], v.Type().Key())
		if err != nil {
			return fmt.Errorf("map key: %w", err)
		}
		if !key.Comparable() {
			return fmt.Errorf("a %s cannot be a map key", pair[0].Go)
		}
		elem, err := build(pair[1], v.Type().Elem())
		if err != nil {
			return fmt.Errorf("[%s%s]: %w", pair[0].Go, pair[0].V, err)
		}
		v.SetMapIndex(key, elem)
	}
	return nil
}

// fillStruct sets the fields in the tree and leaves the others zero.
func fillStruct(t Tree, v reflect.Value) error {
	fields, err := read[map[string]Tree](t.V)
	if err != nil {
		return err
	}
	for name, field := range fields {
		declared, ok := v.Type().FieldByName(name)
		if !ok || !isWireField(declared) {
			return fmt.Errorf("%s has no field %q", t.Go, name)
		}
		value, err := build(field, declared.Type)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		v.FieldByIndex(declared.Index).Set(value)
	}
	return nil
}

// fillTime uses the seconds and the zone, or the RFC 3339 text if there are no
// seconds.
func fillTime(t Tree, target *time.Time) error {
	if t.Unix == "" {
		text, err := read[string](t.V)
		if err != nil {
			return err
		}
		*target, err = time.Parse(time.RFC3339Nano, text)
		return err
	}
	sec, err := strconv.ParseInt(t.Unix, 10, 64)
	if err != nil {
		return err
	}
	var nsec int64
	if t.Nsec != nil {
		nsec = int64(*t.Nsec)
	}
	*target = time.Unix(sec, nsec).In(zoneOf(t))
	return nil
}

func zoneOf(t Tree) *time.Location {
	if t.OffsetSec == nil || (t.IsUTC != nil && *t.IsUTC) {
		return time.UTC
	}
	return time.FixedZone("", *t.OffsetSec)
}

func readFloat(t Tree) (float64, error) {
	if t.Bits != "" {
		return readBits(t.Bits)
	}
	text, err := read[string](t.V)
	if err != nil {
		return 0, err
	}
	return strconv.ParseFloat(text, 64)
}

func readBits(text string) (float64, error) {
	bits, err := strconv.ParseUint(text, 16, 64)
	return math.Float64frombits(bits), err
}

func readHex(t Tree) ([]byte, error) {
	if t.Hex == nil {
		return nil, fmt.Errorf("a %s needs a \"hex\" member", t.Go)
	}
	return hex.DecodeString(*t.Hex)
}

func isNull(text json.RawMessage) bool {
	return string(text) == "null"
}

// read parses a "v" member.
func read[T any](text json.RawMessage) (value T, err error) {
	if len(text) == 0 {
		return value, errors.New("the \"v\" member is missing")
	}
	err = json.Unmarshal(text, &value)
	return value, err
}
