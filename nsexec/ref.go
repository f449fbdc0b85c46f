//go:build linux

package nsexec

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
)

// Ref names a network namespace. It is comparable, so it serves as a map key;
// the zero Ref is the namespace that the program was started in.
type Ref struct {
	Kind RefKind
	Name string // RefName, RefPath, RefDocker, RefPodman
	PID  int    // RefProcess, RefThread
	TID  int    // RefThread; the number of a RefAnonymous
}
