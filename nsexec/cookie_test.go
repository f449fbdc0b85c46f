//go:build linux

package nsexec

import (
	"testing"

	"golang.org/x/sys/unix"
)

// TestCookieOf: whatever is known of the kernel's IDs, the cookie is what a socket in
// the namespace says, and no other's.
func TestCookieOf(t *testing.T) {
	seen := map[uint64]bool{}
	for range 3 {
		fd, err := newNamespace(nil)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(fd)
		want, err := enterForCookie(fd)
		if err != nil || seen[want] {
			t.Fatalf("cookie %d, %v", want, err)
		}
		seen[want] = true
		id, noID := namespaceID(fd)
		for _, known := range []int32{0, -1} {
			idsAreCookies.Store(known)
			for range 2 { // the second time by what the first has found out
				if got, err := cookieOf(fd); err != nil || got != want {
					t.Errorf("known %d: got %d, %v, want %d", known, got, err, want)
				}
			}
			if is := idsAreCookies.Load() > 0; known == 0 && is != (noID == nil && id == want) {
				t.Errorf("the ID is %d, %v, the cookie %d: known %t", id, noID, want, is)
			}
		}
	}
	idsAreCookies.Store(0)
}
