package main

import (
	"bytes"
	"encoding/gob"
	"reflect"

	"silverback/interop/internal/tree"
)

type gobEncodeParams struct {
	Tree tree.Tree `json:"tree"`
}

type gobDecodeParams struct {
	Hex  hexBytes `json:"hex"`
	Type string   `json:"type"`
}

type gobCompareParams struct {
	Hex  hexBytes  `json:"hex"`
	Tree tree.Tree `json:"tree"`
}

type gobEncodeResult struct {
	Hex hexBytes `json:"hex"`
}

type gobDecodeResult struct {
	Tree tree.Tree `json:"tree"`
}

type gobCompareResult struct {
	Equal bool   `json:"equal"`
	Diff  string `json:"diff,omitempty"`
}

func encodeGob(p gobEncodeParams) (any, error) {
	value, err := tree.Build(p.Tree)
	if err != nil {
		return nil, requestError{err}
	}
	encoded, err := toGob(value)
	if err != nil {
		return nil, err
	}
	return gobEncodeResult{encoded}, nil
}

// decodeGob also returns the part that was decoded before an error.
func decodeGob(p gobDecodeParams) (any, error) {
	target, err := newTarget(p.Type, sessionType)
	if err != nil {
		return nil, err
	}
	gobErr := decodeInto(target, p.Hex)
	t, err := tree.Of(target.Elem().Interface())
	if err != nil {
		return nil, err
	}
	return gobDecodeResult{t}, gobErr
}

// compareGob compares trees. reflect.DeepEqual would not do: it treats 0 and
// -0 as equal, and NaN and NaN, or a nil and an empty slice, as different.
func compareGob(p gobCompareParams) (any, error) {
	expected, err := tree.Build(p.Tree)
	if err != nil {
		return nil, requestError{err}
	}
	want, err := tree.Of(expected)
	if err != nil {
		return nil, err
	}
	decoded, err := fromGob(p.Hex, p.Tree.Go)
	if err != nil {
		return nil, err
	}
	got, err := tree.Of(decoded)
	if err != nil {
		return nil, err
	}
	diff, err := tree.Diff(want, got)
	return gobCompareResult{Equal: diff == "", Diff: diff}, err
}

func toGob(value any) (hexBytes, error) {
	var buf bytes.Buffer
	if err := gob.NewEncoder(&buf).Encode(value); err != nil {
		return nil, gobError{err, "usage"}
	}
	return buf.Bytes(), nil
}

// fromGob decodes into a new variable of the named type.
func fromGob(encoded []byte, typeName string) (any, error) {
	target, err := newTarget(typeName, sessionType)
	if err != nil {
		return nil, err
	}
	if err := decodeInto(target, encoded); err != nil {
		return nil, err
	}
	return target.Elem().Interface(), nil
}

func decodeInto(target reflect.Value, encoded []byte) error {
	if err := gob.NewDecoder(bytes.NewReader(encoded)).DecodeValue(target); err != nil {
		return gobError{err, "decode"}
	}
	return nil
}
