package main

import (
	"errors"
	"math/big"
	"net"
	"net/url"
	"time"

	"silverback/interop/internal/tree"
)

type (
	UserID int64
	Role   string
	Level  uint8
	Ratio  float32
	Flag   bool
	Empty  struct{}
)

// UUID implements BinaryMarshaler, so its bytes are opaque to gob.
type UUID [16]byte

func (u UUID) MarshalBinary() ([]byte, error) { return u[:], nil }

func (u *UUID) UnmarshalBinary(b []byte) error {
	if len(b) != len(u) {
		return errors.New("a UUID has 16 bytes")
	}
	copy(u[:], b)
	return nil
}

type Person struct {
	Name  string
	Age   int
	Email *string
	Tags  []string
}

type Point struct{ X, Y int }

// Node is recursive through a pointer, a slice and a map.
type Node struct {
	Value    int
	Next     *Node
	Children []Node
	ByName   map[string]*Node
}

// Account embeds a struct and a pointer to a struct. gob sends each as a field
// with the name of its type.
type Account struct {
	Person
	*Point
	ID   UserID
	Role Role
}

// Outer has a field of every kind.
type Outer struct {
	Bool       bool
	Int        int
	Int8       int8
	Int16      int16
	Int32      int32
	Int64      int64
	Uint       uint
	Uint8      uint8
	Uint16     uint16
	Uint32     uint32
	Uint64     uint64
	Uintptr    uintptr
	Float32    float32
	Float64    float64
	Complex64  complex64
	Complex128 complex128
	String     string
	Bytes      []byte

	ID       UserID
	Level    Level
	Ratio    Ratio
	Flag     Flag
	Duration time.Duration
	Time     time.Time
	Times    []time.Time
	UUID     UUID
	Big      *big.Int
	Link     *url.URL

	Ints    []int
	Grid    [][]int
	Pair    [2]int
	Corners [2]Point
	Digest  [4]byte
	Anys    []any
	People  []Person
	Points  []*Point

	Counts map[string]int
	Object map[string]any
	Mixed  map[any]any
	ByID   map[UserID]Person

	Any     any
	Person  Person
	Owner   *Person
	Expires *time.Time
	Deep    **int
	Tree    *Node
	Account Account
	Empty   Empty
}

// registered lists the types that a session may contain in addition to those
// that gob and gorilla/sessions register. The names are those that
// gob.Register would use in package main. They are given explicitly because the
// import path of a test binary differs.
var registered = []struct {
	name   string
	sample any
}{
	{"main.UserID", UserID(0)},
	{"main.Role", Role("")},
	{"main.Level", Level(0)},
	{"main.Ratio", Ratio(0)},
	{"main.Flag", Flag(false)},
	{"main.Empty", Empty{}},
	{"main.UUID", UUID{}},
	{"main.Person", Person{}},
	{"*main.Point", &Point{}},
	{"*main.Node", &Node{}},
	{"main.Account", Account{}},
	{"main.Outer", Outer{}},

	{"time.Time", time.Time{}},
	{"time.Duration", time.Duration(0)},
	{"*big.Int", &big.Int{}},
	{"*url.URL", &url.URL{}},
	{"net.IP", net.IP{}},
	{"net/url.Values", url.Values{}},

	{"map[string]interface {}", map[string]any{}},
	{"map[string]string", map[string]string{}},
	{"map[string]int", map[string]int{}},
	{"map[string]bool", map[string]bool{}},
	{"map[string]float64", map[string]float64{}},
	{"map[string][]string", map[string][]string{}},
	{"map[int]string", map[int]string{}},
	{"map[interface {}]interface {}", map[any]any{}},
	{"map[string]main.Person", map[string]Person{}},
	{"map[main.UserID]*main.Point", map[UserID]*Point{}},

	{"[][]int", [][]int{}},
	{"[][]string", [][]string{}},
	{"[][]uint8", [][]byte{}},
	{"[]time.Time", []time.Time{}},
	{"[]map[string]interface {}", []map[string]any{}},
	{"[]main.Person", []Person{}},
	{"[]*main.Point", []*Point{}},
	{"[2]int", [2]int{}},
	{"[2]string", [2]string{}},
	{"[2][2]int", [2][2]int{}},
	{"[4]uint8", [4]byte{}},
	{"[2]interface {}", [2]any{}},
}

func init() {
	for _, r := range registered {
		tree.Register(r.name, r.sample)
	}
}
