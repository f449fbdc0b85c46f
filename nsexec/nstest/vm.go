package nstest

import "os"

// InVM reports whether the tests run in the virtual machine of scripts/vmtest,
// which has every kind of link, and a tenth of the speed.
func InVM() bool { return os.Getenv("NESCRIPT_VM") != "" }
