//go:build linux

package nsexec

import (
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
// their names.
type Tenants struct{ names map[uint64]string } // by inode

// Add has it know the namespace that an [UnmakeNS] is about to take the name
// from, if that is there. Of other actions it takes no notice.
func (t *Tenants) Add(a Action) {
	ns, _ := a.(NsAction)
	o, ok := ns.op.(unmakeNSOp)
	if !ok {
		return
	}
	path, err := namedPath(o.dir, o.name)
	if err != nil {
		return
	}
	var st unix.Stat_t
	if there, err := o.isThere(path); err != nil || !there || unix.Stat(path, &st) != nil {
		return
	}
	if t.names == nil {
		t.names = map[uint64]string{}
	}
	t.names[st.Ino] = o.name
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
