//go:build linux

package nsexec

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Holder is a process that is in a namespace: that lives as long as it does,
// with or without a name.
type Holder struct {
	NS      string `json:"namespace"` // the name that it had
	PID     int    `json:"pid"`
	Command string `json:"command"` // as comm of proc_pid_comm(5) has it
}

// Tenants knows namespaces, to find the processes in them once they have lost
// their names. The zero Tenants knows none; it is for one goroutine at a time.
type Tenants struct{ names map[uint64]string } // by inode

type tenantsKey struct{}

// Context returns a context in which each [UnmakeNS] has it know the namespace
// that it takes the name from.
func (t *Tenants) Context(ctx context.Context) context.Context {
	return context.WithValue(ctx, tenantsKey{}, t)
}

// meetTenants takes note of an open namespace with a name, for the Tenants of a context,
// if there are any.
func meetTenants(ctx context.Context, name string, fd int) {
	t, _ := ctx.Value(tenantsKey{}).(*Tenants)
	if t == nil {
		return
	}
	id, err := idOf(fd)
	if err != nil {
		return // nothing is lost but a warning
	}
	if t.names == nil {
		t.names = map[uint64]string{}
	}
	t.names[id.ino] = name
}

// Processes are those that are in the namespaces, by number. Of others' processes
// only root can tell.
func (t *Tenants) Processes() []Holder {
	if len(t.names) == 0 {
		return nil
	}
	links, _ := filepath.Glob("/proc/[0-9]*/ns/net")
	var out []Holder
	for _, link := range links {
		var st unix.Stat_t
		if unix.Stat(link, &st) != nil {
			continue
		}
		name, ok := t.names[st.Ino]
		if !ok {
			continue
		}
		dir := filepath.Dir(filepath.Dir(link))
		pid, _ := strconv.Atoi(filepath.Base(dir))
		comm, _ := os.ReadFile(dir + "/comm")
		out = append(out, Holder{name, pid, strings.TrimSpace(string(comm))})
	}
	return out
}
