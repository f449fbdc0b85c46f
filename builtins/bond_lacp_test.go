//go:build linux

package builtins_test

import (
	"encoding/hex"
	"fmt"
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/nstest"
)

// TestBond_lacp reads what a bond says of itself to the other end of its port: the
// kernel shows it to root of the whole system only.
func TestBond_lacp(t *testing.T) {
	nstest.NeedKind(t, "bond")
	told := func(options string) string {
		ns, err := runIn(t, "bond b1 mode 802.3ad miimon 50 lacp_rate fast hw 02:00:00:00:00:77 "+options+" up; down eth0; master eth0 b1")
		if err != nil {
			t.Fatalf("%s: %v", options, err)
		}
		defer drop(t, ns)
		return actor(t, ns)
	}
	bare, full := told(""), told("ad_actor_sys_prio 9 ad_actor_system 02:00:00:00:00:09 ad_user_port_key 7")
	for item, want := range map[string]string{
		"bond ad_actor_sys_prio": "0009",
		"bond ad_actor_system":   "....020000000009",
		"bond ad_user_port_key":  "................01", // 7<<6, with what the kernel adds below
	} {
		if !matches(full, want) || matches(bare, want) {
			t.Errorf("%s: the bond says %s, without it %s", item, full, bare)
			continue
		}
		see(t, item)
	}
}

// matches compares hexadecimal digits, of which a . is any.
func matches(got, want string) bool {
	for i := range want {
		if i >= len(got) || want[i] != '.' && want[i] != got[i] {
			return false
		}
	}
	return true
}

// actor is how the next LACPDU that comes in at eth1 describes its sender: the
// priority of its system, its address and its key.
func actor(t *testing.T, ns nsexec.Ref) string {
	t.Helper()
	const slow = 0x8809 // ETH_P_SLOW
	var fd int
	err := nsexec.Do(nsexec.NPName(ns.Name), nsexec.NAGeneric("listen", func() (err error) {
		link, err := net.InterfaceByName("eth1")
		if err != nil {
			return err
		}
		if fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0); err != nil {
			return err
		}
		return unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: slow>>8 | slow&0xff<<8, Ifindex: link.Index})
	}))
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	tv := unix.NsecToTimeval(int64(20 * time.Second))
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &tv); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 200)
	n, err := unix.Read(fd, b)
	const at = 14 + 2 + 2 // behind Ethernet's header, the subtype and version, and the head of the actor's part
	if err != nil || n < at+10 {
		return fmt.Sprint(err)
	}
	return hex.EncodeToString(b[at : at+10])
}
