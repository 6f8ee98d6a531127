package main

import (
	"reflect"

	"github.com/gorilla/securecookie"
	"silverback/interop/internal/tree"
)

// sessionType is the type of the values that a store reads and writes.
const sessionType = "map[interface {}]interface {}"

type codecParams struct {
	settings
	HashKey  hexBytes `json:"hashKey"`
	BlockKey hexBytes `json:"blockKey"`
	Name     string   `json:"name"`
}

type encodeParams struct {
	codecParams
	Value tree.Tree `json:"value"`
}

type decodeParams struct {
	codecParams
	Encoded string `json:"encoded"`

	// Type is the type of the variable to decode into.
	Type string `json:"type"`
}

type encodeResult struct {
	Encoded string `json:"encoded"`
}

type decodeResult struct {
	Value tree.Tree `json:"value"`
}

func (p codecParams) codec() (*securecookie.SecureCookie, error) {
	codec := securecookie.New(p.HashKey, p.BlockKey)
	return codec, p.apply(codec)
}

func encodeValue(p encodeParams) (any, error) {
	value, err := tree.Build(p.Value)
	if err != nil {
		return nil, requestError{err}
	}
	codec, err := p.codec()
	if err != nil {
		return nil, err
	}
	encoded, err := codec.Encode(p.Name, value)
	if err != nil {
		return nil, err
	}
	return encodeResult{encoded}, nil
}

// decodeValue also returns the part that was decoded before an error.
func decodeValue(p decodeParams) (any, error) {
	target, err := newTarget(p.Type, p.defaultType())
	if err != nil {
		return nil, err
	}
	codec, err := p.codec()
	if err != nil {
		return nil, err
	}
	decodeErr := codec.Decode(p.Name, p.Encoded, target.Interface())
	value, err := tree.Of(target.Elem().Interface())
	if err != nil {
		return nil, err
	}
	return decodeResult{value}, decodeErr
}

func (p decodeParams) defaultType() string {
	switch p.Serializer {
	case "json":
		return "interface {}"
	case "nop":
		return "[]uint8"
	default:
		return sessionType
	}
}

// newTarget returns a pointer to a new variable of the named type, or of the
// default type if the name is empty.
func newTarget(name, defaultName string) (reflect.Value, error) {
	if name == "" {
		name = defaultName
	}
	typ, err := tree.TypeOf(name)
	if err != nil {
		return reflect.Value{}, requestError{err}
	}
	return reflect.New(typ), nil
}
