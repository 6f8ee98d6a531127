package main

import (
	"encoding/hex"
	"encoding/json"
)

// hexBytes are bytes that are encoded as hex text in JSON. null is nil, which
// for a key differs from an empty slice.
type hexBytes []byte

func (b hexBytes) MarshalJSON() ([]byte, error) {
	return json.Marshal(hex.EncodeToString(b))
}

func (b *hexBytes) UnmarshalJSON(text []byte) error {
	var digits *string
	if err := json.Unmarshal(text, &digits); err != nil || digits == nil {
		*b = nil
		return err
	}
	decoded, err := hex.DecodeString(*digits)
	*b = decoded
	return err
}
