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
	sizes []int // those that are run unless others are asked for
	most  int   // the largest that works
	unit  string
	// plan is what is built. units is how many of unit that are.
	plan  func(n int) *plan
	units func(n int) int
	// script is a script in NEScript that builds it, with its parameters.
	script func(n int) (src string, params []string)
}

// families are all there are. Each is in a file of its own.
func families() []family {
	return []family{star, grid}
}

func (w workload) String() string { return fmt.Sprintf("%s-%d", w.name, w.n) }

// perUnit is how many units the workload has.
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
		if err != nil || n < 1 || n > f.most {
			return workload{}, fmt.Errorf("workload %q: its size is from 1 to %d", name, f.most)
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
