//go:build linux

package nsexec

import (
	"errors"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

func TestAttrs(t *testing.T) {
	body := []byte{0xaa, 0xbb, 0xcc, 0xdd} // a header
	body = appendAttr(body, Attr{Type: 1, Data: []byte{7}})
	body = appendAttr(body, Attr{Type: 2, Data: []byte{}})
	body = appendAttr(body, Attr{Type: 3 | unix.NLA_F_NESTED, Nested: []Attr{{Type: 4, Data: []byte("in\x00")}}})
	body = appendAttr(body, Attr{Type: 1, Data: []byte{8}})
	a, err := parseAttrs(body, 4)
	if err != nil {
		t.Fatal(err)
	}
	if got := a.int(1); got != 8 {
		t.Errorf("of two the value is %d, want that of the last", got)
	}
	if v, ok := a.find(2); !ok || v == nil || len(v) != 0 {
		t.Errorf("an empty one is %v, %t", v, ok)
	}
	if a.has(5) || a.get(5) != nil || a.nested(5) == nil || a.nested(5).has(1) {
		t.Error("there is what is missing")
	}
	if got := a.nested(3).text(4); got != "in" {
		t.Errorf("the nested one is %q", got)
	}
	var kinds []uint16
	for kind := range a.all() {
		kinds = append(kinds, kind)
	}
	if want := []uint16{1, 2, 3, 1}; !slices.Equal(kinds, want) || a.count() != len(want) {
		t.Errorf("they are %v and %d, want %v", kinds, a.count(), want)
	}
	for _, value := range a.all() {
		_ = append(value, 0xff)
	}
	if a.count() != len(kinds) || a.nested(3).text(4) != "in" {
		t.Error("what is appended to a value is written over the next")
	}
}

// What is cut off or says a wrong length has no attributes.
func TestParseAttrs_wrong(t *testing.T) {
	whole := appendAttr(nil, Attr{Type: 1, Data: []byte{1, 2, 3, 4}})
	for _, c := range []struct {
		name   string
		msg    []byte
		header int
		want   error
	}{
		{"shorter than its header", whole, len(whole) + 1, unix.EBADMSG},
		{"cut off", whole[:len(whole)-1], 0, unix.EINVAL},
		{"shorter than itself", []byte{3, 0, 1, 0}, 0, unix.EINVAL},
		{"nothing", nil, 0, nil},
		{"less than one", whole[:3], 0, nil},
		{"not aligned", []byte{5, 0, 1, 0, 9}, 0, nil},
	} {
		a, err := parseAttrs(c.msg, c.header)
		if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
		if c.want != nil && a != nil {
			t.Errorf("%s: it has %v", c.name, a)
		}
		if c.name == "not aligned" && a.int(1) != 9 {
			t.Errorf("%s: %d, want 9", c.name, a.int(1))
		}
	}
}
