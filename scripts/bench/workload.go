//go:build linux

package main

import (
	"fmt"
	"strconv"
	"strings"
)

// workload is something to build, of a family and of a size: star-300.
type workload struct {
	family
	n int
}

// family is a kind of workload.
type family struct {
	name  string
	about string
	does  task
	sizes []int // those that are run unless others are asked for
	most  int   // the largest that works
	step  int   // sizes are multiples of it; 0 is 1
	unit  string
	units func(n int) int // how many of unit there are
	plan  func(n int) *plan
	// script is one in NEScript that builds the plan, with its parameters. Where
	// scripts are checked, it is what is checked.
	script func(n int) (src string, params []string)
}

// task is what is measured.
type task string

const (
	build task = "build"
	down  task = "down"  // take away what has been built, until the kernel has let go
	check task = "check" // a script, and run nothing
)

// families are all there are. Each is in a file of its own.
func families() []family {
	return []family{star, grid, fatTree, addrs, routes, links, mixed, checking, downOf(star, 300), downOf(grid, 33)}
}

func (w workload) String() string { return fmt.Sprintf("%s-%d", w.name, w.n) }

// count is how many units the workload has.
func (w workload) count() int { return w.units(w.n) }

// parseWorkload reads a name such as star-300.
func parseWorkload(name string) (workload, error) {
	var known []string
	for _, f := range families() {
		known = append(known, f.name+"-N")
		size, ok := strings.CutPrefix(name, f.name+"-")
		if !ok {
			continue
		}
		n, err := strconv.Atoi(size)
		step := max(f.step, 1)
		if err != nil || n < step || n > f.most || n%step != 0 {
			return workload{}, fmt.Errorf("workload %q: its size is from %d to %d, a multiple of %d", name, step, f.most, step)
		}
		return workload{f, n}, nil
	}
	return workload{}, fmt.Errorf("no workload %q; there are %s", name, strings.Join(known, ", "))
}

// allWorkloads are those that are run if none is named.
func allWorkloads() []workload {
	var all []workload
	for _, f := range families() {
		for _, n := range f.sizes {
			all = append(all, workload{f, n})
		}
	}
	return all
}

func itself(n int) int { return n }
