//go:build linux

package nsexec

import (
	"context"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// TestTenants has the number of a namespace that is gone be that of another, where
// this process is: it was none of the first's.
func TestTenants(t *testing.T) {
	fd, err := openNetns("/proc/self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	cookie, err := cookieOf(fd)
	if err != nil {
		t.Fatal(err)
	}
	for gone, want := range []bool{true, false} {
		var tenants Tenants
		meetTenants(tenants.Context(context.Background()), fd, "h1", cookie+uint64(gone))
		found := false
		for _, h := range tenants.Processes() {
			found = found || h.PID == os.Getpid() && h.NS == "h1"
		}
		if found != want {
			t.Errorf("cookie + %d: this process is found: %t", gone, found)
		}
	}
}
