package nstest

import "os"

// vmEnv is set in the virtual machine of scripts/vmtest.
const vmEnv = "NESCRIPT_VM"

// InVM reports whether the tests run in the virtual machine of scripts/vmtest,
// which has every kind of link, and a tenth of the speed.
func InVM() bool { return os.Getenv(vmEnv) != "" }

// OnlyNeeded reports whether they run there for what other machines lack only, so
// that a test of many things leaves out what any machine has.
func OnlyNeeded() bool { return os.Getenv(vmEnv) == "needed" }

// OnlyRest reports whether they run there, on a newer kernel, for what Debian's own
// lacks.
func OnlyRest() bool { return os.Getenv(vmEnv) == "rest" }
