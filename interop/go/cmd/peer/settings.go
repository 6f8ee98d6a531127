package main

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"hash"
	"reflect"
	"unsafe"

	"github.com/gorilla/securecookie"
)

var hashes = map[string]func() hash.Hash{
	"sha1":       sha1.New,
	"sha256":     sha256.New,
	"sha384":     sha512.New384,
	"sha512":     sha512.New,
	"sha512-256": sha512.New512_256,
}

var serializers = map[string]securecookie.Serializer{
	"gob":  securecookie.GobEncoder{},
	"json": securecookie.JSONEncoder{},
	"nop":  securecookie.NopEncoder{},
}

// settings are the options of a SecureCookie. Absent ones keep the library's
// defaults.
type settings struct {
	Hash       string `json:"hash"`
	Serializer string `json:"serializer"`
	MaxAge     *int   `json:"maxAge"`
	MinAge     *int   `json:"minAge"`
	MaxLength  *int   `json:"maxLength"`
	Timestamp  *int64 `json:"timestamp"`
}

func (s settings) apply(codec *securecookie.SecureCookie) error {
	if s.Hash != "" {
		newHash, ok := hashes[s.Hash]
		if !ok {
			return requestError{fmt.Errorf("unknown hash %q", s.Hash)}
		}
		codec.HashFunc(newHash)
	}
	if s.Serializer != "" {
		serializer, ok := serializers[s.Serializer]
		if !ok {
			return requestError{fmt.Errorf("unknown serializer %q", s.Serializer)}
		}
		codec.SetSerializer(serializer)
	}
	if s.MaxAge != nil {
		codec.MaxAge(*s.MaxAge)
	}
	if s.MinAge != nil {
		codec.MinAge(*s.MinAge)
	}
	if s.MaxLength != nil {
		codec.MaxLength(*s.MaxLength)
	}
	if s.Timestamp != nil {
		setClock(codec, *s.Timestamp)
	}
	return nil
}

func (s settings) applyAll(codecs []securecookie.Codec) error {
	for _, codec := range codecs {
		if err := s.apply(codec.(*securecookie.SecureCookie)); err != nil {
			return err
		}
	}
	return nil
}

// setClock makes a SecureCookie use a fixed time. The library's field for this
// purpose is not exported.
func setClock(codec *securecookie.SecureCookie, seconds int64) {
	field := reflect.ValueOf(codec).Elem().FieldByName("timeFunc")
	clock := (*func() int64)(unsafe.Pointer(field.UnsafeAddr()))
	*clock = func() int64 { return seconds }
}
