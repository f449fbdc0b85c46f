//go:build linux

package main

import (
	"fmt"
	"os"
	"time"
)

// downOf is taking away what another family has built. It is over when the
// kernel has let go of the namespaces, which is long after their names are gone.
func downOf(f family, sizes ...int) family {
	f.name, f.about, f.does, f.sizes = "down-"+f.name, "taking "+f.name+" down, until the kernel has let go", down, sizes
	return f
}

// takeDown takes away what is there, and waits for the kernel where the tool
// does not. What there is to wait for still when the tool says that it is done
// is After.
func (j *job) takeDown(t tool, built result) (result, error) {
	res, err := j.timed(t.does[down])
	if err != nil {
		return res, err
	}
	res.Answer = built.Answer
	start := time.Now()
	if err := letGo(); err != nil {
		return res, err
	}
	after := time.Since(start).Seconds()
	if t.waits {
		res.After = after
	} else {
		res.Seconds += after
	}
	entries, err := os.ReadDir(netnsDir)
	if err == nil && len(entries) > 0 {
		err = fmt.Errorf("%d namespaces are still there, as %s", len(entries), entries[0].Name())
	}
	return res, err
}
