package tree

import (
	"bytes"
	"encoding"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// Of returns the tree of a Go value.
func Of(value any) (Tree, error) {
	return of(reflect.ValueOf(value))
}

func of(v reflect.Value) (Tree, error) {
	if !v.IsValid() {
		return Tree{Go: "nil"}, nil
	}
	t := Tree{Go: NameOf(v.Type())}
	var err error
	switch v.Kind() {
	case reflect.Interface:
		return of(v.Elem())
	case reflect.Bool:
		t.V = jsonOf(v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		t.V = jsonOf(strconv.FormatInt(v.Int(), 10))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		t.V = jsonOf(strconv.FormatUint(v.Uint(), 10))
	case reflect.Float32, reflect.Float64:
		t.V = jsonOf(strconv.FormatFloat(v.Float(), 'g', -1, 64))
		t.Bits = bitsOf(v.Float())
	case reflect.Complex64, reflect.Complex128:
		t.Re, t.Im = bitsOf(real(v.Complex())), bitsOf(imag(v.Complex()))
	case reflect.String:
		if utf8.ValidString(v.String()) {
			t.V = jsonOf(v.String())
		} else {
			t.Hex = hexOf([]byte(v.String()))
		}
	case reflect.Pointer:
		t.V, err = ofPointer(v)
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			t.Hex = hexOf(v.Bytes())
		} else {
			t.V, err = ofList(v)
		}
	case reflect.Array:
		if opaque, ok := v.Interface().(encoding.BinaryMarshaler); ok {
			t.Hex, err = ofOpaque(opaque)
		} else {
			t.V, err = ofList(v)
		}
	case reflect.Map:
		t.V, err = ofMap(v)
	case reflect.Struct:
		if instant, ok := v.Interface().(time.Time); ok {
			return ofTime(t, instant), nil
		}
		t.V, err = ofStruct(v)
	default:
		err = fmt.Errorf("a session cannot hold a %s", v.Type())
	}
	return t, err
}

// ofPointer returns the tree of the pointee, or text for *big.Int and
// *url.URL.
func ofPointer(v reflect.Value) (json.RawMessage, error) {
	if v.IsNil() {
		return jsonOf(nil), nil
	}
	switch p := v.Interface().(type) {
	case *big.Int:
		return jsonOf(p.String()), nil
	case *url.URL:
		return jsonOf(p.String()), nil
	}
	pointee, err := of(v.Elem())
	if err != nil {
		return nil, err
	}
	return json.Marshal(pointee)
}

func ofList(v reflect.Value) (json.RawMessage, error) {
	items := make([]Tree, v.Len())
	for i := range items {
		var err error
		if items[i], err = of(v.Index(i)); err != nil {
			return nil, err
		}
	}
	return json.Marshal(items)
}

func ofOpaque(value encoding.BinaryMarshaler) (*string, error) {
	b, err := value.MarshalBinary()
	return hexOf(b), err
}

// ofMap sorts the entries by their encoded keys, because Go iterates over a map
// in random order.
func ofMap(v reflect.Value) (json.RawMessage, error) {
	pairs := make([][2]json.RawMessage, 0, v.Len())
	for entries := v.MapRange(); entries.Next(); {
		key, err := of(entries.Key())
		if err != nil {
			return nil, err
		}
		elem, err := of(entries.Value())
		if err != nil {
			return nil, err
		}
		pairs = append(pairs, [2]json.RawMessage{jsonOf(key), jsonOf(elem)})
	}
	slices.SortFunc(pairs, func(a, b [2]json.RawMessage) int {
		return bytes.Compare(a[0], b[0])
	})
	return json.Marshal(pairs)
}

// ofStruct encodes the exported fields in the order of their declaration.
func ofStruct(v reflect.Value) (json.RawMessage, error) {
	out := []byte{'{'}
	for _, field := range reflect.VisibleFields(v.Type()) {
		if !isWireField(field) {
			continue
		}
		value, err := of(v.FieldByIndex(field.Index))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", field.Name, err)
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(append(append(out, jsonOf(field.Name)...), ':'), jsonOf(value)...)
	}
	return append(out, '}'), nil
}

// isWireField reports whether gob sends the field. It sends an embedded struct
// as one field, not the fields promoted from it.
func isWireField(field reflect.StructField) bool {
	return field.IsExported() && len(field.Index) == 1
}

func ofTime(t Tree, instant time.Time) Tree {
	_, offset := instant.Zone()
	nsec, utc := instant.Nanosecond(), instant.Location() == time.UTC
	t.V = jsonOf(instant.Format(time.RFC3339Nano))
	t.Unix = strconv.FormatInt(instant.Unix(), 10)
	t.Nsec, t.OffsetSec, t.IsUTC = &nsec, &offset, &utc
	return t
}

// bitsOf returns the same bits for every NaN, because Go's and JavaScript's NaN
// have different bits.
func bitsOf(f float64) string {
	if math.IsNaN(f) {
		f = math.NaN()
	}
	return fmt.Sprintf("%016x", math.Float64bits(f))
}

func hexOf(b []byte) *string {
	text := hex.EncodeToString(b)
	return &text
}

// jsonOf encodes values whose encoding cannot fail: text, booleans and trees.
func jsonOf(value any) json.RawMessage {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return text
}
