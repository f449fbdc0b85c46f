//go:build linux

package early

import (
	"os"
	"reflect"
	"slices"
	"testing"
)

func TestMappings(t *testing.T) {
	text := []byte(`00400000-00b19000 r-xp 00000000 fe:00 1234                       /usr/bin/nescript
00b19000-0129a000 r--p 00719000 fe:00 1234                       /usr/bin/nescript
0129a000-0131d000 rw-p 00e9a000 fe:00 1234                       /usr/bin/nescript (deleted)
0131d000-03363000 rw-p 00000000 00:00 0
c000000000-c000400000 rw-p 00000000 00:00 0                      [anon: Go: heap]
not-a-number r-xp 00000000 fe:00 1234                            /usr/bin/nescript
00500000-00400000 r-xp 00000000 fe:00 1234                       /usr/bin/nescript

7fff4cdf3000-7fff4cdf`)
	want := []mapping{
		{from: 0x400000, to: 0xb19000, executable: true},
		{from: 0xb19000, to: 0x129a000},
		{from: 0x129a000, to: 0x131d000, writable: true},
	}
	if got := slices.Collect(mappings(text)); !slices.Equal(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// The kernel's own lines are understood: this function is in one of them.
func TestMappings_own(t *testing.T) {
	text, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	here := reflect.ValueOf(TestMappings_own).Pointer()
	for m := range mappings(text) {
		if m.from <= here && here < m.to {
			if !m.executable || m.writable {
				t.Errorf("code is in %+v", m)
			}
			return
		}
	}
	t.Errorf("%x is in none of\n%s", here, text)
}
