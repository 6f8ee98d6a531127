package main

import (
	"math"
	"math/big"
	"math/rand"
	"net/url"
	"reflect"
	"strings"
	"time"

	"github.com/gorilla/securecookie"
	"silverback/interop/internal/tree"
)

const (
	maxEntries   = 6 // of a session
	maxElements  = 3 // of a slice or map inside it
	secondsRange = 1 << 37
)

// defaultHashKey signs the random cookies if the request contains no keys.
const defaultHashKey = "0123456789abcdef0123456789abcdef"

type randomParams struct {
	Seed     int64      `json:"seed"`
	Count    int        `json:"count"`
	Depth    int        `json:"depth"`
	KeyPairs []hexBytes `json:"keyPairs"`
	Name     string     `json:"name"`
}

type randomResult struct {
	Sessions []randomSession `json:"sessions"`
}

type randomSession struct {
	Tree   tree.Tree `json:"tree"`
	Gob    hexBytes  `json:"gob"`
	Cookie string    `json:"cookie"`
}

func randomSessions(p randomParams) (any, error) {
	if p.Name == "" {
		p.Name = "session"
	}
	if p.KeyPairs == nil {
		p.KeyPairs = []hexBytes{hexBytes(defaultHashKey)}
	}
	// Deep sessions are longer than the default limit of 4096 characters.
	unlimited := 0
	codecs := securecookie.CodecsFromPairs(keys(p.KeyPairs)...)
	if err := (settings{MaxLength: &unlimited}).applyAll(codecs); err != nil {
		return nil, err
	}
	rng := generator{rand.New(rand.NewSource(p.Seed))}
	result := randomResult{Sessions: []randomSession{}}
	for range p.Count {
		session, err := describeSession(rng.session(p.Depth), p.Name, codecs)
		if err != nil {
			return nil, err
		}
		result.Sessions = append(result.Sessions, session)
	}
	return result, nil
}

// describeSession returns the tree of the decoded gob, not of the values
// themselves, because gob drops -0 and pointers to zero in structs.
func describeSession(values map[any]any, name string, codecs []securecookie.Codec) (session randomSession, err error) {
	if session.Gob, err = toGob(values); err != nil {
		return session, err
	}
	decoded, err := fromGob(session.Gob, sessionType)
	if err != nil {
		return session, err
	}
	if session.Tree, err = tree.Of(decoded); err != nil {
		return session, err
	}
	session.Cookie, err = securecookie.EncodeMulti(name, values, codecs...)
	return session, err
}

var (
	scalarTypes = typesOf(
		false, "", 0, int8(0), int16(0), int32(0), int64(0),
		uint(0), uint8(0), uint16(0), uint32(0), uint64(0), uintptr(0),
		float32(0), 0.0, complex64(0), complex128(0),
		UserID(0), Role(""), Level(0), Ratio(0), Flag(false), Empty{}, UUID{},
		time.Time{}, time.Duration(0), &big.Int{}, &url.URL{}, []byte{},
	)
	// Floats are omitted, because two NaN keys cannot be distinguished.
	keyTypes      = typesOf("", "", "", "", 0, int64(0), uint8(0), false, UserID(0), Role(""), [2]string{}, [2]int{})
	compoundTypes = append(typesOf(
		[]any{}, []bool{}, []string{}, []int{}, []int8{}, []int16{}, []int32{}, []int64{},
		[]uint{}, []uint16{}, []uint32{}, []uint64{}, []uintptr{},
		[]float32{}, []float64{}, []complex64{}, []complex128{},
	), registeredTypes()...)
)

func typesOf(samples ...any) []reflect.Type {
	types := make([]reflect.Type, len(samples))
	for i, sample := range samples {
		types[i] = reflect.TypeOf(sample)
	}
	return types
}

func registeredTypes() []reflect.Type {
	var types []reflect.Type
	for _, r := range registered {
		types = append(types, reflect.TypeOf(r.sample))
	}
	return types
}

// generator makes random values, with a preference for the limits of a type.
type generator struct{ *rand.Rand }

func (g generator) session(depth int) map[any]any {
	values := map[any]any{}
	for range g.Intn(maxEntries + 1) {
		values[g.key()] = g.any(depth)
	}
	return values
}

// key returns a string in most cases, as in real sessions.
func (g generator) key() any {
	return g.value(pick(g, keyTypes), 0).Interface()
}

func (g generator) any(depth int) any {
	if g.Intn(16) == 0 {
		return nil
	}
	types := scalarTypes
	if depth > 0 && g.Intn(3) > 0 {
		types = compoundTypes
	}
	return g.value(pick(g, types), depth-1).Interface()
}

// value makes a value of type t. Pointers are not nil, because gob refuses nil
// pointers except in struct fields.
func (g generator) value(t reflect.Type, depth int) reflect.Value {
	v := reflect.New(t).Elem()
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(g.time()))
		return v
	case *big.Int:
		v.Set(reflect.ValueOf(g.bigInt()))
		return v
	case *url.URL:
		v.Set(reflect.ValueOf(g.url()))
		return v
	}
	switch t.Kind() {
	case reflect.Bool:
		v.SetBool(g.Intn(2) == 0)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(int64(g.bits()) >> (64 - t.Bits()))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		v.SetUint(g.bits() >> (64 - t.Bits()))
	case reflect.Float32, reflect.Float64:
		v.SetFloat(g.float())
	case reflect.Complex64, reflect.Complex128:
		v.SetComplex(complex(g.float(), g.float()))
	case reflect.String:
		v.SetString(g.text())
	case reflect.Interface:
		if elem := g.any(depth); elem != nil {
			v.Set(reflect.ValueOf(elem))
		}
	case reflect.Pointer:
		v.Set(reflect.New(t.Elem()))
		v.Elem().Set(g.value(t.Elem(), depth-1))
	case reflect.Slice:
		g.fillSlice(v, depth)
	case reflect.Array:
		for i := range v.Len() {
			v.Index(i).Set(g.value(t.Elem(), depth-1))
		}
	case reflect.Map:
		g.fillMap(v, depth)
	case reflect.Struct:
		g.fillStruct(v, depth)
	}
	return v
}

func (g generator) fillSlice(v reflect.Value, depth int) {
	n := g.length(depth)
	v.Set(reflect.MakeSlice(v.Type(), n, n))
	for i := range n {
		v.Index(i).Set(g.value(v.Type().Elem(), depth-1))
	}
}

func (g generator) fillMap(v reflect.Value, depth int) {
	v.Set(reflect.MakeMap(v.Type()))
	for range g.length(depth) {
		key := reflect.ValueOf(g.key())
		if keyType := v.Type().Key(); keyType.Kind() != reflect.Interface {
			key = g.value(keyType, depth-1)
		}
		v.SetMapIndex(key, g.value(v.Type().Elem(), depth-1))
	}
}

// fillStruct leaves some fields zero, and at depth 0 all pointers, which could
// nest without end.
func (g generator) fillStruct(v reflect.Value, depth int) {
	for i := range v.NumField() {
		field := v.Field(i)
		if g.Intn(3) == 0 || (depth <= 0 && field.Kind() == reflect.Pointer) {
			continue
		}
		field.Set(g.value(field.Type(), depth-1))
	}
}

func (g generator) length(depth int) int {
	if depth < 0 {
		return 0
	}
	return g.Intn(maxElements + 1)
}

func pick[T any](g generator, choices []T) T {
	return choices[g.Intn(len(choices))]
}

// bits returns 64 bits, the upper n of which are a random n-bit integer: a
// limit, a small number, or any number.
func (g generator) bits() uint64 {
	switch g.Intn(4) {
	case 0:
		return pick(g, []uint64{0, math.MaxInt64, 1 << 63, math.MaxUint64, 1 << 53, 1<<53 + 1, 1<<56 - 1})
	case 1:
		return uint64(g.Intn(512)-256) << pick(g, []int{0, 32, 48, 56})
	default:
		return g.Uint64()
	}
}

func (g generator) float() float64 {
	switch g.Intn(3) {
	case 0:
		return pick(g, []float64{
			0, math.Copysign(0, -1), math.NaN(), math.Inf(1), math.Inf(-1), 0.1,
			math.MaxFloat64, math.SmallestNonzeroFloat64, math.MaxFloat32, 1 << 53,
		})
	case 1:
		return float64(g.Intn(2000) - 1000)
	default:
		return g.NormFloat64() * math.Pow(10, float64(g.Intn(60)-30))
	}
}

func (g generator) text() string {
	return pick(g, []string{
		"", "a", "name", "héllo wörld", "日本語", "👩‍👩‍👧", "a\x00b", "\ufeff|<&>\"\\", "__proto__", "constructor", "2",
		"\xff\xfe\x80", "cut \xe6\x97", "surrogate \xed\xa0\x80",
		strings.Repeat("long ", 60),
	})
}

// time uses zones with offsets in whole minutes, and one with seconds. Negative
// seconds are omitted, because Go decodes them with 256 seconds too many.
func (g generator) time() time.Time {
	zone := pick(g, []*time.Location{
		time.UTC,
		time.FixedZone("", 0),
		time.FixedZone("IST", 5*3600+1800),
		time.FixedZone("", -(3*3600 + 1800)),
		time.FixedZone("", 14*3600),
		time.FixedZone("LMT", 561),
	})
	switch g.Intn(4) {
	case 0:
		return time.Time{}
	case 1:
		return time.Unix(g.Int63n(1<<32), 0).In(zone)
	default:
		return time.Unix(g.Int63n(2*secondsRange)-secondsRange, g.Int63n(1e9)).In(zone)
	}
}

func (g generator) bigInt() *big.Int {
	n := new(big.Int).Rand(g.Rand, new(big.Int).Lsh(big.NewInt(1), uint(g.Intn(200))))
	if g.Intn(2) == 0 {
		n.Neg(n)
	}
	return n
}

func (g generator) url() *url.URL {
	link, err := url.Parse(pick(g, []string{
		"https://example.com/", "https://user:pw@example.com:8080/a%20b?q=1&q=2#part", "/path", "mailto:a@example.com", "",
	}))
	if err != nil {
		panic(err)
	}
	return link
}
