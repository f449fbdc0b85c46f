//go:build linux

package nstest

import (
	"fmt"
	"os"
	"sync/atomic"
	"testing"

	"github.com/nescript/nescript/nsexec"
)

const netdevsim = "/sys/bus/netdevsim/"

// HasNetdevsim reports whether the kernel has links with what otherwise only
// hardware has, those of the module netdevsim: in a VM of scripts/vmtest/run -b.
func HasNetdevsim() bool {
	_, err := os.Stat(netdevsim + "new_device")
	return err == nil
}

var netdevsims atomic.Int32

// Netdevsim makes a device with two such links in a namespace, where they have the
// first names of eth0, eth1 and so on that are free. What it returns takes it away,
// which is to be done before the namespace goes.
func Netdevsim(t testing.TB, ns nsexec.Ref) (remove func()) {
	t.Helper()
	id := fmt.Sprint(os.Getpid()*1000 + int(netdevsims.Add(1))) // those of all namespaces are on one bus
	tell := func(file, text string) {
		t.Helper()
		err := nsexec.Do(nsexec.NPName(ns.Name), nsexec.NAGeneric("netdevsim", func() error {
			return os.WriteFile(netdevsim+file, []byte(text), 0)
		}))
		if err != nil {
			t.Fatal(err)
		}
	}
	tell("new_device", id+" 2")
	return func() { t.Helper(); tell("del_device", id) }
}
