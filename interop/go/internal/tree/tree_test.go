package tree

import (
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"net/url"
	"reflect"
	"testing"
	"time"
)

type role string

type mark [2]byte

func (m mark) MarshalBinary() ([]byte, error) { return m[:], nil }

func (m *mark) UnmarshalBinary(b []byte) error {
	if copy(m[:], b) != len(b) {
		return errors.New("bad mark")
	}
	return nil
}

type base struct{ ID int }

type user struct {
	base
	*Nested
	Name   string
	Email  *string
	Roles  []role
	Friend *user
	Extra  any
	secret int
}

type Nested struct{ Z, A int8 }

func init() {
	Register("main.role", role(""))
	Register("main.mark", mark{})
	Register("main.Nested", Nested{})
	Register("*main.user", &user{})
	Register("time.Time", time.Time{})
	Register("*big.Int", &big.Int{})
	Register("*url.URL", &url.URL{})
}

func pointer[T any](value T) *T { return &value }

// examples are pairs of Go values and their trees.
var examples = []struct {
	value any
	text  string
}{
	{nil, `{"go":"nil"}`},
	{true, `{"go":"bool","v":true}`},
	{-1, `{"go":"int","v":"-1"}`},
	{int8(-128), `{"go":"int8","v":"-128"}`},
	{int64(math.MinInt64), `{"go":"int64","v":"-9223372036854775808"}`},
	{uint64(math.MaxUint64), `{"go":"uint64","v":"18446744073709551615"}`},
	{uintptr(1), `{"go":"uintptr","v":"1"}`},
	{1.5, `{"go":"float64","v":"1.5","bits":"3ff8000000000000"}`},
	{math.Copysign(0, -1), `{"go":"float64","v":"-0","bits":"8000000000000000"}`},
	{math.Inf(-1), `{"go":"float64","v":"-Inf","bits":"fff0000000000000"}`},
	{float32(0.1), `{"go":"float32","v":"0.10000000149011612","bits":"3fb99999a0000000"}`},
	{complex(0, 1), `{"go":"complex128","re":"0000000000000000","im":"3ff0000000000000"}`},
	{"é", `{"go":"string","v":"é"}`},
	{"\xff\xfe", `{"go":"string","hex":"fffe"}`},
	{[]byte("hi"), `{"go":"[]uint8","hex":"6869"}`},
	{[]string{"a", ""}, `{"go":"[]string","v":[{"go":"string","v":"a"},{"go":"string","v":""}]}`},
	{[]any{nil, 1}, `{"go":"[]interface {}","v":[{"go":"nil"},{"go":"int","v":"1"}]}`},
	{[][]int{{1}, {}}, `{"go":"[][]int","v":[{"go":"[]int","v":[{"go":"int","v":"1"}]},{"go":"[]int","v":[]}]}`},
	{[2]int8{3, 4}, `{"go":"[2]int8","v":[{"go":"int8","v":"3"},{"go":"int8","v":"4"}]}`},
	{[1]byte{200}, `{"go":"[1]uint8","v":[{"go":"uint8","v":"200"}]}`},
	{map[string]int{"b": 2, "a": 1}, `{"go":"map[string]int","v":[[{"go":"string","v":"a"},{"go":"int","v":"1"}],[{"go":"string","v":"b"},{"go":"int","v":"2"}]]}`},
	{map[any]any{1: nil}, `{"go":"map[interface {}]interface {}","v":[[{"go":"int","v":"1"},{"go":"nil"}]]}`},
	{map[[2]int][]*role{}, `{"go":"map[[2]int][]*main.role","v":[]}`},
	{role("admin"), `{"go":"main.role","v":"admin"}`},
	{mark{1, 2}, `{"go":"main.mark","hex":"0102"}`},
	{Nested{Z: 1}, `{"go":"main.Nested","v":{"Z":{"go":"int8","v":"1"},"A":{"go":"int8","v":"0"}}}`},
	{pointer(pointer("x")), `{"go":"**string","v":{"go":"*string","v":{"go":"string","v":"x"}}}`},
	{(*int)(nil), `{"go":"*int","v":null}`},
	{&user{Name: "Ann", Nested: &Nested{A: 1}, Extra: role("r")}, `{"go":"*main.user","v":{"go":"main.user","v":{` +
		`"Nested":{"go":"*main.Nested","v":{"go":"main.Nested","v":{"Z":{"go":"int8","v":"0"},"A":{"go":"int8","v":"1"}}}},` +
		`"Name":{"go":"string","v":"Ann"},"Email":{"go":"*string","v":null},"Roles":{"go":"[]main.role","v":[]},` +
		`"Friend":{"go":"*main.user","v":null},"Extra":{"go":"main.role","v":"r"}}}}`},
	{time.Unix(1, 5).UTC(), `{"go":"time.Time","v":"1970-01-01T00:00:01.000000005Z","unix":"1","nsec":5,"offset_sec":0,"is_utc":true}`},
	{time.Unix(0, 0).In(time.FixedZone("", 20700)), `{"go":"time.Time","v":"1970-01-01T05:45:00+05:45","unix":"0","nsec":0,"offset_sec":20700,"is_utc":false}`},
	{time.Unix(0, 0).In(time.FixedZone("", 0)), `{"go":"time.Time","v":"1970-01-01T00:00:00Z","unix":"0","nsec":0,"offset_sec":0,"is_utc":false}`},
	{big.NewInt(-7), `{"go":"*big.Int","v":"-7"}`},
	{&url.URL{Scheme: "https", Host: "example.com", Path: "/a b"}, `{"go":"*url.URL","v":"https://example.com/a%20b"}`},
}

func TestOf(t *testing.T) {
	for _, example := range examples {
		tree, err := Of(example.value)
		if err != nil {
			t.Errorf("%#v: %v", example.value, err)
			continue
		}
		if got := string(jsonOf(tree)); got != example.text {
			t.Errorf("%#v:\n got %s\nwant %s", example.value, got, example.text)
		}
	}
}

func TestBuild(t *testing.T) {
	for _, example := range examples {
		built, err := Build(parse(t, example.text))
		if err != nil {
			t.Errorf("%s: %v", example.text, err)
			continue
		}
		if reflect.TypeOf(built) != reflect.TypeOf(example.value) {
			t.Errorf("%s: built a %T, want a %T", example.text, built, example.value)
		}
		again, err := Of(built)
		if err != nil || string(jsonOf(again)) != example.text {
			t.Errorf("%s: came back as %s (%v)", example.text, jsonOf(again), err)
		}
	}
}

func TestBuildRestoresValues(t *testing.T) {
	for _, value := range []any{
		int16(-5), "text", []byte{0, 255}, []string{"a"}, map[string]any{"k": []any{1, nil}},
		map[any]any{int8(1): "x", [2]int{1, 2}: true}, Nested{1, 2}, &user{Name: "n", Email: pointer("e"), Roles: []role{"r"}},
	} {
		tree, err := Of(value)
		if err != nil {
			t.Fatal(err)
		}
		built, err := Build(tree)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(built, value) {
			t.Errorf("got %#v, want %#v", built, value)
		}
	}
}

func TestBuildAcceptsShortForms(t *testing.T) {
	instant := time.Date(2024, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600))
	for text, want := range map[string]any{
		`{"go":"float64","v":"-2.5"}`:                           -2.5,
		`{"go":"[]string","v":null}`:                            []string(nil),
		`{"go":"map[string]int","v":null}`:                      map[string]int(nil),
		`{"go":"main.Nested","v":{"A":{"go":"int8","v":"4"}}}`:  Nested{A: 4},
		`{"go":"time.Time","unix":"7"}`:                         time.Unix(7, 0).UTC(),
		`{"go":"time.Time","v":"1970-01-01T00:00:07Z"}`:         time.Unix(7, 0).UTC(),
		`{"go":"time.Time","unix":"0","loc":"UTC","other":"x"}`: time.Unix(0, 0).UTC(),
	} {
		if got, err := Build(parse(t, text)); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %#v (%v), want %#v", text, got, err, want)
		}
	}
	got, err := Build(parse(t, `{"go":"time.Time","v":"2024-01-02T03:04:05+01:00"}`))
	if err != nil || !got.(time.Time).Equal(instant) {
		t.Errorf("got %v (%v), want %v", got, err, instant)
	}
}

func TestBuildRefusesInvalidTrees(t *testing.T) {
	for _, text := range []string{
		`{}`,
		`{"go":"main.Nobody","v":{}}`,
		`{"go":"interface {}","v":1}`,
		`{"go":"int","v":1}`,
		`{"go":"int"}`,
		`{"go":"int8","v":"128"}`,
		`{"go":"uint","v":"-1"}`,
		`{"go":"float64","v":"many"}`,
		`{"go":"complex128","re":"0"}`,
		`{"go":"[]uint8","v":"x"}`,
		`{"go":"[]uint8","hex":"0"}`,
		`{"go":"[]string","v":[{"go":"int","v":"1"}]}`,
		`{"go":"[]string","v":[{"go":"nil"}]}`,
		`{"go":"[2]int","v":[{"go":"int","v":"1"}]}`,
		`{"go":"[999999]int","v":[]}`,
		`{"go":"[-1]int","v":[]}`,
		`{"go":"map[[]int]int","v":[]}`,
		`{"go":"map[string]int","v":[[{"go":"string","v":"k"},{"go":"string","v":"v"}]]}`,
		`{"go":"map[interface {}]interface {}","v":[[{"go":"[]uint8","hex":""},{"go":"nil"}]]}`,
		`{"go":"main.Nested","v":{"B":{"go":"int8","v":"1"}}}`,
		`{"go":"main.user","v":{"secret":{"go":"int","v":"1"}}}`,
		`{"go":"main.user","v":{"ID":{"go":"int","v":"1"}}}`,
		`{"go":"main.mark","hex":"000102"}`,
		`{"go":"*big.Int","v":"0x1"}`,
		`{"go":"*url.URL","v":":"}`,
		`{"go":"time.Time","v":"yesterday"}`,
		`{"go":"[]int]","v":[]}`,
	} {
		if built, err := Build(parse(t, text)); err == nil {
			t.Errorf("%s: built %#v", text, built)
		}
	}
}

func TestOfRefusesTypesThatGobCannotSend(t *testing.T) {
	for _, value := range []any{func() {}, make(chan int), []any{make(chan int)}} {
		if tree, err := Of(value); err == nil {
			t.Errorf("%T: got %s", value, jsonOf(tree))
		}
	}
}

func TestDiff(t *testing.T) {
	for _, c := range []struct {
		want, got any
		diff      string
	}{
		{1, 1, ""},
		{math.NaN(), math.Float64frombits(0x7ff8000000000000), ""},
		{[]int{}, []int(nil), ""},
		{1, int64(1), `$.go: want "int", got "int64"`},
		{0.0, math.Copysign(0, -1), `$.bits: want "0000000000000000", got "8000000000000000"`},
		{map[string]int{"a": 1}, map[string]int{"a": 2}, `$.v[0][1].v: want "1", got "2"`},
		{[]any{nil}, []any{}, `$.v: want [{"go":"nil"}], got []`},
		{time.Unix(0, 0).UTC(), time.Unix(0, 0).In(time.FixedZone("", 0)), `$.is_utc: want true, got false`},
	} {
		want, wantErr := Of(c.want)
		got, gotErr := Of(c.got)
		diff, err := Diff(want, got)
		if err := errors.Join(wantErr, gotErr, err); err != nil || diff != c.diff {
			t.Errorf("%#v, %#v: got %q (%v), want %q", c.want, c.got, diff, err, c.diff)
		}
	}
}

func parse(t *testing.T, text string) (tree Tree) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &tree); err != nil {
		t.Fatal(err)
	}
	return tree
}
