package nstest

import (
	"os"
	"testing"
)

// Thorough is the environment variable that has tests which try many things do
// all of them, rather than a sample.
const Thorough = "NESCRIPT_THOROUGH"

// IsThorough reports whether [Thorough] is set.
func IsThorough() bool { return os.Getenv(Thorough) != "" }

// Sample chooses how many of them: all where Thorough is set, few in short mode
// and some otherwise.
func Sample(all, some, few int) int {
	switch {
	case IsThorough():
		return all
	case testing.Short():
		return few
	}
	return some
}
