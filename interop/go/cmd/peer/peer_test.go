package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"silverback/interop/internal/tree"
)

const (
	key      = "3031323334353637383961626364656630313233343536373839616263646566"
	blockKey = "30313233343536373839616263646566"
)

// reply is a response that can hold the result of any method.
type reply struct {
	ID     json.RawMessage
	Error  *responseError
	Result struct {
		loadResult
		SetCookie string
		Value     json.RawMessage
		File      string
		Encoded   string
		Flashes   []json.RawMessage
		Hex       string
		Tree      json.RawMessage
		Equal     bool
		Diff      string
		Sessions  []struct {
			Tree   json.RawMessage
			Gob    string
			Cookie string
		}
	}
}

// ask sends one request through serve.
func ask(t *testing.T, method, params string) (r reply) {
	t.Helper()
	line := fmt.Sprintf(`{"id":1,"method":%q,"params":%s}`+"\n", method, params)
	var out bytes.Buffer
	if err := serve(strings.NewReader(line), &out); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatalf("%v in %s", err, out.String())
	}
	return r
}

// must sends a request that has to succeed.
func must(t *testing.T, method, params string) reply {
	t.Helper()
	r := ask(t, method, params)
	if r.Error != nil {
		t.Fatalf("%s %s: %s: %s", method, params, r.Error.Kind, r.Error.Message)
	}
	return r
}

// values returns the tree of session values with one string.
func values(name, text string) string {
	return fmt.Sprintf(`{"go":"map[interface {}]interface {}","v":[[{"go":"string","v":%q},{"go":"string","v":%q}]]}`, name, text)
}

func text(t *testing.T, value any) string {
	t.Helper()
	out, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestResponsesKeepOrderAndIDs(t *testing.T) {
	in := `{"id":"a","method":"nothing"}
not json

{"id":[2],"method":"gob.decode","params":{"hex":"00"}}
{"id":3,"method":"gob.encode","params":{"tree":{"go":"int","v":"43"}}}`
	var out bytes.Buffer
	if err := serve(strings.NewReader(in), &out); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 4 {
		t.Fatalf("want 4 responses, got %q", lines)
	}
	for i, want := range []string{`{"id":"a","error":`, `{"id":null,"error":`, `{"id":[2],`, `{"id":3,"result":{"hex":"03040056"}}`} {
		if !strings.HasPrefix(lines[i], want) {
			t.Errorf("response %d: want %s…, got %s", i, want, lines[i])
		}
	}
}

func TestSessionsInBothStores(t *testing.T) {
	for _, c := range []struct{ prefix, keyPairs, dir string }{
		{"cookie", fmt.Sprintf(`[%q]`, key), ""},
		{"cookie", fmt.Sprintf(`[%q,%q,%q,null]`, key, blockKey, "00"+key), ""},
		{"fs", fmt.Sprintf(`[%q]`, key), t.TempDir()},
		{"fs", fmt.Sprintf(`[%q,%q]`, key, blockKey), t.TempDir()},
	} {
		store := fmt.Sprintf(`"name":"s","keyPairs":%s,"dir":%q`, c.keyPairs, c.dir)
		saved := must(t, c.prefix+".save", fmt.Sprintf(`{%s,"values":%s}`, store, values("user", "ann")))
		cookie := fmt.Sprintf(`%s,"cookie":%s`, store, saved.Result.Value)
		if !strings.HasPrefix(saved.Result.SetCookie, "s=") {
			t.Errorf("Set-Cookie: %q", saved.Result.SetCookie)
		}

		loaded := must(t, c.prefix+".load", fmt.Sprintf(`{%s}`, cookie))
		if got := text(t, loaded.Result.Values); got != values("user", "ann") || loaded.Result.IsNew {
			t.Errorf("%s: loaded %s, new %v", c.prefix, got, loaded.Result.IsNew)
		}
		if (loaded.Result.ID != "") != (c.prefix == "fs") || loaded.Result.ID != saved.Result.ID {
			t.Errorf("%s: loaded id %q, saved %q", c.prefix, loaded.Result.ID, saved.Result.ID)
		}

		updated := must(t, c.prefix+".update", fmt.Sprintf(
			`{%s,"set":%s,"delete":[{"go":"string","v":"user"}]}`, cookie, values("theme", "dark")))
		again := must(t, c.prefix+".load", fmt.Sprintf(`{%s,"header":"x=y; s=%s"}`, store, unquote(t, updated.Result.Value)))
		if got := text(t, again.Result.Values); got != values("theme", "dark") {
			t.Errorf("%s: updated to %s", c.prefix, got)
		}

		removed := must(t, c.prefix+".delete", fmt.Sprintf(`{%s}`, cookie))
		if !strings.Contains(removed.Result.SetCookie, "Max-Age=0") || removed.Result.File != "" {
			t.Errorf("%s: deleted with %q, file %q", c.prefix, removed.Result.SetCookie, removed.Result.File)
		}
	}
}

func TestSessionFiles(t *testing.T) {
	dir := t.TempDir()
	store := fmt.Sprintf(`"name":"s","keyPairs":[%q],"dir":%q`, key, dir)
	saved := must(t, "fs.save", fmt.Sprintf(`{%s,"id":"ABC","values":%s}`, store, values("a", "b")))
	if saved.Result.ID != "ABC" || saved.Result.File != dir+"/session_ABC" {
		t.Errorf("id %q, file %q", saved.Result.ID, saved.Result.File)
	}
	if err := os.Remove(saved.Result.File); err != nil {
		t.Fatal(err)
	}
	// The library keeps the id of a missing file.
	lost := ask(t, "fs.load", fmt.Sprintf(`{%s,"cookie":%s}`, store, saved.Result.Value))
	if lost.Error == nil || lost.Error.Kind != "other" || lost.Result.ID != "ABC" || !lost.Result.IsNew {
		t.Errorf("error %+v, id %q, new %v", lost.Error, lost.Result.ID, lost.Result.IsNew)
	}
}

func TestSettingsAndOptions(t *testing.T) {
	past := time.Now().Unix() - 1000
	store := fmt.Sprintf(`"name":"s","keyPairs":[%q],"hash":"sha512-256"`, key)
	saved := must(t, "cookie.save", fmt.Sprintf(
		`{%s,"timestamp":%d,"options":{"path":"/x","domain":"example.com","maxAge":0,"secure":false,"httpOnly":true,"sameSite":"strict"},"values":%s}`,
		store, past, values("a", "b")))
	want := "s=" + unquote(t, saved.Result.Value) + "; Path=/x; Domain=example.com; HttpOnly; SameSite=Strict"
	if saved.Result.SetCookie != want {
		t.Errorf("got %s\nwant %s", saved.Result.SetCookie, want)
	}
	cookie := fmt.Sprintf(`%s,"cookie":%s`, store, saved.Result.Value)
	must(t, "cookie.load", fmt.Sprintf(`{%s,"maxAge":1100}`, cookie))
	must(t, "cookie.load", fmt.Sprintf(`{%s,"maxAge":10,"timestamp":%d}`, cookie, past+10))
	for _, wrong := range []string{`"maxAge":900`, `"minAge":1100`, `"maxLength":10`, `"timestamp":99999999999`} {
		if r := ask(t, "cookie.load", fmt.Sprintf(`{%s,%s}`, cookie, wrong)); r.Error == nil || !r.Result.IsNew {
			t.Errorf("%s: %+v", wrong, r)
		}
	}
}

func TestFlashes(t *testing.T) {
	store := fmt.Sprintf(`"name":"s","keyPairs":[%q],"dir":%q`, key, t.TempDir())
	first := must(t, "flash.add", fmt.Sprintf(`{%s,"message":{"go":"string","v":"hello"}}`, store))
	cookie := fmt.Sprintf(`%s,"cookie":%s`, store, first.Result.Value)
	must(t, "flash.add", fmt.Sprintf(`{%s,"message":{"go":"int","v":"7"}}`, cookie))
	must(t, "flash.add", fmt.Sprintf(`{%s,"key":"other","message":{"go":"nil"}}`, cookie))

	read := must(t, "flash.read", fmt.Sprintf(`{%s}`, cookie))
	if got := text(t, read.Result.Flashes); got != `[{"go":"string","v":"hello"},{"go":"int","v":"7"}]` {
		t.Errorf("flashes %s", got)
	}
	if again := must(t, "flash.read", fmt.Sprintf(`{%s}`, cookie)); len(again.Result.Flashes) != 0 {
		t.Errorf("read twice: %s", text(t, again.Result.Flashes))
	}
	other := must(t, "flash.read", fmt.Sprintf(`{%s,"key":"other"}`, cookie))
	if got := text(t, other.Result.Flashes); got != `[{"go":"nil"}]` {
		t.Errorf("other flashes %s", got)
	}
}

func TestCodec(t *testing.T) {
	for _, c := range []struct{ options, typ, value, want string }{
		{``, `map[string]string`, `{"go":"map[string]string","v":[[{"go":"string","v":"a"},{"go":"string","v":"b"}]]}`, ``},
		{`,"blockKey":"` + blockKey + `"`, `main.Person`, `{"go":"main.Person","v":{"Name":{"go":"string","v":"Ann"},"Age":{"go":"int","v":"3"},"Email":{"go":"*string","v":null},"Tags":{"go":"[]string","v":[]}}}`, ``},
		{`,"serializer":"json"`, ``, `{"go":"[]int","v":[{"go":"int","v":"1"}]}`, `{"go":"[]interface {}","v":[{"go":"float64","v":"1","bits":"3ff0000000000000"}]}`},
		{`,"serializer":"nop","hash":"sha1"`, ``, `{"go":"[]uint8","hex":"00ff"}`, ``},
	} {
		codec := fmt.Sprintf(`"hashKey":%q,"name":"n"%s`, key, c.options)
		encoded := must(t, "codec.encode", fmt.Sprintf(`{%s,"value":%s}`, codec, c.value)).Result.Encoded
		decoded := must(t, "codec.decode", fmt.Sprintf(`{%s,"encoded":%q,"type":%q}`, codec, encoded, c.typ))
		if c.want == "" {
			c.want = c.value
		}
		if string(decoded.Result.Value) != c.want {
			t.Errorf("got %s, want %s", decoded.Result.Value, c.want)
		}
	}
}

func TestCodecWritesTheTimestamp(t *testing.T) {
	got := must(t, "codec.encode", fmt.Sprintf(`{"hashKey":%q,"name":"session-name","timestamp":1700000000,"value":%s}`, key, `{"go":"string","v":"hello"}`))
	if want := "MTcwMDAwMDAwMHxDQXdBQldobGJHeHZ8"; !strings.HasPrefix(got.Result.Encoded, want) {
		t.Errorf("got %s, want %s…", got.Result.Encoded, want)
	}
}

func TestErrorKinds(t *testing.T) {
	store := fmt.Sprintf(`"name":"s","keyPairs":[%q]`, key)
	for _, c := range []struct{ method, params, kind string }{
		{"cookie.save", `{` + store + `}`, "request"},
		{"cookie.save", `{` + store + `,"value":1}`, "request"},
		{"cookie.load", `{` + store + `,"dir":"x"}`, "request"},
		{"fs.load", `{` + store + `}`, "request"},
		{"cookie.load", `{"name":"s","keyPairs":[],"cookie":"x"}`, "usage"},
		{"cookie.load", `{"name":"s","keyPairs":[""],"cookie":"x"}`, "usage"},
		{"cookie.load", `{"name":"s","keyPairs":["01",""],"cookie":"x"}`, "usage"},
		{"cookie.load", `{` + store + `,"cookie":"x"}`, "decode"},
		{"cookie.load", `{"name":"a b","keyPairs":["01"]}`, "other"},
		{"codec.encode", `{"name":"n","hashKey":"01","maxLength":9,"value":{"go":"int","v":"1"}}`, "other"},
		{"codec.encode", `{"name":"n","hashKey":"01","hash":"md5","value":{"go":"int","v":"1"}}`, "request"},
		{"codec.decode", `{"name":"n","hashKey":"01","encoded":"x","type":"main.None"}`, "request"},
		{"gob.decode", `{"hex":"01"}`, "decode"},
		{"gob.decode", `{"hex":"0"}`, "request"},
		{"gob.encode", `{"tree":{"go":"*int","v":null}}`, "panic"},
		{"gob.encode", `{"tree":{"go":"[]interface {}","v":[{"go":"[3]int","v":[{"go":"int","v":"1"},{"go":"int","v":"2"},{"go":"int","v":"3"}]}]}}`, "usage"},
		// The decoder panics on a []uint8 as a map key.
		{"gob.decode", `{"hex":"0d7f040102ff800001100110000012ff800001075b5d75696e74380a0300016100"}`, "panic"},
	} {
		r := ask(t, c.method, c.params)
		if r.Error == nil || r.Error.Kind != c.kind {
			t.Errorf("%s %s: want %s, got %+v", c.method, c.params, c.kind, r.Error)
		}
	}
}

func TestFailedDecodeReturnsThePartBefore(t *testing.T) {
	good := must(t, "gob.encode", fmt.Sprintf(`{"tree":%s}`, values("a", "b"))).Result.Hex
	r := ask(t, "gob.decode", fmt.Sprintf(`{"hex":%q}`, good[:len(good)-2]))
	if r.Error == nil || r.Error.Kind != "decode" || r.Result.Tree == nil {
		t.Errorf("error %+v, tree %s", r.Error, r.Result.Tree)
	}
}

func TestCompare(t *testing.T) {
	encoded := must(t, "gob.encode", fmt.Sprintf(`{"tree":%s}`, values("a", "b"))).Result.Hex
	same := must(t, "gob.compare", fmt.Sprintf(`{"hex":%q,"tree":%s}`, encoded, values("a", "b")))
	if !same.Result.Equal || same.Result.Diff != "" {
		t.Errorf("%+v", same.Result)
	}
	other := must(t, "gob.compare", fmt.Sprintf(`{"hex":%q,"tree":%s}`, encoded, values("a", "c")))
	if other.Result.Equal || other.Result.Diff != `$.v[0][1].v: want "c", got "b"` {
		t.Errorf("%+v", other.Result)
	}
}

func TestRandomSessionsSurviveEveryPath(t *testing.T) {
	for depth := range 5 {
		params := fmt.Sprintf(`{"seed":%d,"count":60,"depth":%d}`, depth+1, depth)
		made := must(t, "random", params)
		if len(made.Result.Sessions) != 60 {
			t.Fatalf("want 60 sessions, got %d", len(made.Result.Sessions))
		}
		repeated := must(t, "random", params)
		for i, s := range made.Result.Sessions {
			if string(repeated.Result.Sessions[i].Tree) != string(s.Tree) {
				t.Fatalf("the same seed gave\n%s and\n%s", s.Tree, repeated.Result.Sessions[i].Tree)
			}
			same := must(t, "gob.compare", fmt.Sprintf(`{"hex":%q,"tree":%s}`, s.Gob, s.Tree))
			if !same.Result.Equal {
				t.Fatalf("depth %d: %s\n%s", depth, same.Result.Diff, s.Tree)
			}
			again := must(t, "gob.encode", fmt.Sprintf(`{"tree":%s}`, s.Tree))
			same = must(t, "gob.compare", fmt.Sprintf(`{"hex":%q,"tree":%s}`, again.Result.Hex, s.Tree))
			if !same.Result.Equal {
				t.Fatalf("depth %d, re-encoded: %s\n%s", depth, same.Result.Diff, s.Tree)
			}
			loaded := must(t, "cookie.load", fmt.Sprintf(`{"name":"session","keyPairs":[%q],"maxLength":0,"cookie":%q}`, key, s.Cookie))
			if got := text(t, loaded.Result.Values); got != compact(t, s.Tree) {
				t.Fatalf("depth %d: the cookie holds\n%s, not\n%s", depth, got, s.Tree)
			}
		}
	}
}

func TestRandomSessionsUseEveryType(t *testing.T) {
	made := text(t, must(t, "random", `{"seed":7,"count":1500,"depth":3}`).Result)
	for _, typ := range append(scalarTypes, compoundTypes...) {
		if name := tree.NameOf(typ); !strings.Contains(made, `{"go":"`+name+`"`) {
			t.Errorf("no %s", name)
		}
	}
}

func unquote(t *testing.T, quoted json.RawMessage) (value string) {
	t.Helper()
	if err := json.Unmarshal(quoted, &value); err != nil {
		t.Fatal(err)
	}
	return value
}

func compact(t *testing.T, text json.RawMessage) string {
	t.Helper()
	var out bytes.Buffer
	if err := json.Compact(&out, text); err != nil {
		t.Fatal(err)
	}
	return out.String()
}
