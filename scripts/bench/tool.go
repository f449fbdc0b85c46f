//go:build linux

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// tool is one that is compared. Its functions run where the workload is to be
// built; what they do themselves, such as writing files, is not timed.
type tool struct {
	name  string
	about string
	// missing says why the tool can't be used; nil is that it can.
	missing func(cfg *config) error
	// does has, for each task that the tool is asked to do, a function that
	// returns the program to run, with its arguments.
	does map[task]func(j *job) ([]string, error)
	// waits says that when it has taken something down, the kernel has let go.
	// Otherwise the time until it has is added.
	waits bool
	only  []string // the families that it builds; empty for all
	// stays says that what it has built ends with it: it tells when it is done,
	// and goes on until it is told to stop.
	stays bool
}

// can reports whether a tool is asked to do a workload.
func (t tool) can(w workload) bool {
	return t.does[w.does] != nil && (len(t.only) == 0 || slices.Contains(t.only, w.name))
}

// tools are all there are, in the order of the table. Each is in a file of its
// own.
func tools() []tool {
	return []tool{floorTool, nescriptTool, goNetlinkTool, batchTool, shellTool, pyroute2Tool, mininetTool}
}

func findTool(name string) (tool, error) {
	var names []string
	for _, t := range tools() {
		if t.name == name {
			return t, nil
		}
		names = append(names, t.name)
	}
	return tool{}, fmt.Errorf("no tool %q; there are %s", name, strings.Join(names, ", "))
}

// findTools are those with these names, which commas part; of no names none.
func findTools(names string) (found []tool, err error) {
	if names == "" {
		return nil, nil
	}
	for name := range strings.SplitSeq(names, ",") {
		t, err := findTool(name)
		if err != nil {
			return nil, err
		}
		found = append(found, t)
	}
	return found, nil
}

// self is the program again, in one of its other parts.
func self(args ...string) []string { return append([]string{"/proc/self/exe"}, args...) }

// job is a workload that is to be built in this process's namespaces.
type job struct {
	config
	workload workload
	plan     *plan
	dir      string // for files
}

// write writes a file of the job's and returns its path.
func (j *job) write(name, text string) (string, error) {
	path := filepath.Join(j.dir, name)
	return path, os.WriteFile(path, []byte(text), 0o644)
}
