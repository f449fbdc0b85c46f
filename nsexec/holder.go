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
type Tenants struct{ met map[uint64]tenancy } // by inode

// tenancy is a namespace that may have some. Its inode may be another's once it is
// gone, its cookie is nobody else's.
type tenancy struct {
	name   string
	cookie uint64
}

type tenantsKey struct{}

// Context returns a context in which each [UnmakeNS] has it know the namespace
// that it takes the name from.
func (t *Tenants) Context(ctx context.Context) context.Context {
	return context.WithValue(ctx, tenantsKey{}, t)
}

// meetTenants takes note of an open namespace with a name and a cookie, for the
// Tenants of a context, if there are any.
func meetTenants(ctx context.Context, fd int, name string, cookie uint64) {
	t, _ := ctx.Value(tenantsKey{}).(*Tenants)
	if t == nil {
		return
	}
	id, err := idOf(fd)
	if err != nil {
		return // nothing is lost but a warning
	}
	if t.met == nil {
		t.met = map[uint64]tenancy{}
	}
	t.met[id.ino] = tenancy{name, cookie}
}

// Processes are those that are in the namespaces, by number. Of others' processes
// only root can tell.
func (t *Tenants) Processes() []Holder {
	if len(t.met) == 0 {
		return nil
	}
	var out []Holder
	for _, link := range processNetns() {
		var st unix.Stat_t
		if unix.Stat(link, &st) != nil {
			continue
		}
		met, ok := t.met[st.Ino]
		if !ok || !met.isAt(link) {
			continue
		}
		dir := filepath.Dir(filepath.Dir(link))
		pid, _ := strconv.Atoi(filepath.Base(dir))
		comm, _ := os.ReadFile(dir + "/comm")
		out = append(out, Holder{met.name, pid, strings.TrimSpace(string(comm))})
	}
	return out
}

// isAt reports whether the namespace is the one that a file stands for.
func (t tenancy) isAt(path string) bool {
	fd, err := openNetns(path)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	cookie, err := cookieOf(fd)
	return err == nil && cookie == t.cookie
}

// processNetns are the files of the namespaces that processes are in, which may have
// ended since. [filepath.Glob] lists all that /proc tells of each, which takes ten
// times as long.
func processNetns() []string {
	proc, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer proc.Close()
	names, _ := proc.Readdirnames(-1)
	var out []string
	for _, name := range names {
		if _, err := strconv.Atoi(name); err == nil {
			out = append(out, "/proc/"+name+"/ns/net")
		}
	}
	return out
}
