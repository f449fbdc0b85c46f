//go:build linux

package nsexec

import (
	"testing"

	"golang.org/x/sys/unix"
)

// TestCookieOf: the cookie is what a socket in the namespace says, and no other's.
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
		if got, err := cookieOf(fd); err != nil || got != want {
			t.Errorf("got %d, %v, want %d", got, err, want)
		}
		if id, err := namespaceID(fd); idsAreCookies() != (err == nil && id == want) {
			t.Errorf("the ID is %d, %v, the cookie %d: known to be the same: %t", id, err, want, idsAreCookies())
		}
	}
}
