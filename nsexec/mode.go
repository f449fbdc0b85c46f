//go:build linux

package nsexec

// Mode is what is to become of an object that an action is about.
type Mode int

// The modes.
const (
	ModeAdd     Mode = iota // it must not be there
	ModeReplace             // as said, and nothing else, whether it is there or not
	ModeEnsure              // as said; what is not said stays
	ModeDel                 // it must be there
)
