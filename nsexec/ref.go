//go:build linux

package nsexec

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
)

// DefaultMountPath is the folder that named namespaces are bound in, the one
// that `ip netns` uses.
const DefaultMountPath string = "/run/netns"

// RefKind says how a Ref names its namespace.
type RefKind uint8

// How a Ref names its namespace.
const (
	RefHost      RefKind = iota // where the program was started
	RefName                     // bound under DefaultMountPath, as `ip netns` does
	RefProcess                  // of a process
	RefThread                   // of a thread
	RefPath                     // of a file
	RefDocker                   // of a docker container
	RefPodman                   // of a podman container
	RefAnonymous                // made by this engine, without a name
	RefCookie                   // of the kernel's number for it, by whatever name
)

// Ref names a network namespace. It is comparable, so it serves as a map key;
// the zero Ref is the namespace that the program was started in.
type Ref struct {
	Kind RefKind
	Name string // RefName, RefPath, RefDocker, RefPodman; where to look first for a RefCookie
	PID  int    // RefProcess, RefThread
	TID  int    // RefThread; the number of a RefAnonymous, the cookie of a RefCookie
}

// Host is the namespace that the program was started in.
func Host() Ref { return Ref{} }

// Named is the namespace bound to name under [DefaultMountPath].
func Named(name string) Ref { return Ref{Kind: RefName, Name: name} }

// Process is the namespace of the process pid.
func Process(pid int) Ref { return Ref{Kind: RefProcess, PID: pid} }

// Thread is the namespace of the thread tid of the process pid.
func Thread(pid, tid int) Ref { return Ref{Kind: RefThread, PID: pid, TID: tid} }

// Path is the namespace of a file: one that a namespace is bound to, or one
// such as /proc/1/ns/net.
func Path(path string) Ref { return Ref{Kind: RefPath, Name: path} }

// Docker is the namespace of the running docker container of that name or ID.
// The engine needs a [Resolver] for it.
func Docker(name string) Ref { return Ref{Kind: RefDocker, Name: name} }

// Podman is the namespace of the running podman container of that name or ID.
// The engine needs a [Resolver] for it.
func Podman(name string) Ref { return Ref{Kind: RefPodman, Name: name} }

// Cookie is the namespace that the kernel has numbered so (SO_NETNS_COOKIE,
// since Linux 5.14), by whatever name it can be reached: no two namespaces have
// the same cookie from one boot to the next, unlike an inode. The hint, which
// may be empty, is the name that it is likely to have, or "host".
func Cookie(cookie uint64, hint string) Ref {
	return Ref{Kind: RefCookie, Name: hint, TID: int(cookie)}
}

// String is the ref as the language writes it: `ns h1`, `pid 3`, `host`.
func (r Ref) String() string {
	switch r.Kind {
	case RefHost:
		return "host"
	case RefName:
		return "ns " + r.Name
	case RefProcess:
		return "pid " + strconv.Itoa(r.PID)
	case RefThread:
		return fmt.Sprintf("thread %d %d", r.PID, r.TID)
	case RefPath:
		return "path " + r.Name
	case RefDocker:
		return "docker " + r.Name
	case RefPodman:
		return "podman " + r.Name
	case RefAnonymous:
		return "new"
	case RefCookie:
		return fmt.Sprintf("cookie %d %s", r.TID, hintText(r.Name))
	}
	return fmt.Sprintf("namespace of kind %d", r.Kind)
}

// hintText is where to look first, as the language writes it; "-" is nowhere.
func hintText(hint string) string {
	if hint == "" {
		return "-"
	}
	return quote(hint)
}

// phrase is the ref within an error's sentence.
func (r Ref) phrase() string {
	switch r.Kind {
	case RefHost:
		return "the host's namespace"
	case RefName:
		return fmt.Sprintf("namespace %q", r.Name)
	case RefProcess:
		return fmt.Sprintf("the namespace of process %d", r.PID)
	case RefThread:
		return fmt.Sprintf("the namespace of thread %d of process %d", r.TID, r.PID)
	case RefPath:
		return fmt.Sprintf("the namespace at %q", r.Name)
	case RefDocker, RefPodman:
		return fmt.Sprintf("the namespace of %s container %q", strings.Fields(r.String())[0], r.Name)
	case RefAnonymous:
		return "the unnamed namespace"
	case RefCookie:
		if r.Name == "" {
			return fmt.Sprintf("the namespace with cookie %d", r.TID)
		}
		return fmt.Sprintf("the namespace with cookie %d, which was %q", r.TID, r.Name)
	}
	return r.String()
}

// path is the file that names the namespace. Docker, podman and unnamed ones
// have none: the engine knows them.
func (r Ref) path() (string, error) {
	switch r.Kind {
	case RefHost:
		return "/proc/self/ns/net", nil
	case RefName:
		return namedPath(DefaultMountPath, r.Name)
	case RefProcess:
		return fmt.Sprintf("/proc/%d/ns/net", r.PID), nil
	case RefThread:
		return fmt.Sprintf("/proc/%d/task/%d/ns/net", r.PID, r.TID), nil
	case RefPath:
		if r.Name == "" || strings.ContainsRune(r.Name, 0) {
			return "", fmt.Errorf("%q is not a path", r.Name)
		}
		return r.Name, nil
	}
	return "", fmt.Errorf("only the engine that knows %s can open it", r.phrase())
}

// namedPath is the file of a name in a folder of named namespaces. The name
// comes from a user, so it must be nothing but a file's name.
func namedPath(dir, name string) (string, error) {
	if err := CheckNSName(name); err != nil {
		return "", err
	}
	return filepath.Join(dir, name), nil
}

// CheckNSName returns an error unless name can be that of a named namespace:
// one plain file's name of 1 to 255 bytes.
func CheckNSName(name string) error {
	switch {
	case name == "":
		return fmt.Errorf("a namespace's name must not be empty")
	case name == "." || name == "..", strings.ContainsAny(name, "/\x00"):
		return fmt.Errorf("%q is not the name of a namespace: it must be the plain name of a file", name)
	case len(name) > 255:
		return fmt.Errorf("a namespace's name has 255 bytes at most, this has %d", len(name))
	}
	return nil
}
