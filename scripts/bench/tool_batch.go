//go:build linux

package main

import (
	"fmt"
	"strings"
)

// batchTool is ip as someone who knows it well would have it: one process makes
// the namespaces, and one for each namespace makes all that is in it, both ends
// of a pair by one command.
var batchTool = tool{
	name: "ip-batch", about: "ip -batch, grouped by namespace",
	missing: needs("ip"),
	does: map[task]func(*job) ([]string, error){
		build: (*job).batches,
		down: func(j *job) ([]string, error) {
			var b strings.Builder
			for _, name := range j.plan.spaces {
				fmt.Fprintf(&b, "netns del %s\n", name)
			}
			path, err := j.write("down.batch", b.String())
			return []string{"ip", "-batch", path}, err
		},
	},
}

// batches writes the batches, and a script that runs ip over them.
func (j *job) batches() ([]string, error) {
	var all, script strings.Builder
	for _, name := range j.plan.spaces {
		fmt.Fprintf(&all, "netns add %s\n", name)
	}
	path, err := j.write("all.batch", all.String())
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(&script, "set -e\nip -batch %s\n", path)
	for i, r := range j.plan.rooms() {
		name := j.plan.spaces[i]
		path, err := j.write(name+".batch", strings.Join(j.plan.batch(i, r), "\n")+"\n")
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&script, "ip -n %s -batch %s\n", name, path)
	}
	path, err = j.write("build.sh", script.String())
	return []string{"sh", path}, err
}

// batch is what makes the contents of a namespace.
func (p *plan) batch(i int, r room) []string {
	lines := []string{"link set lo up"}
	say := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	for _, l := range r.links {
		say("link add name %s up type %s", l.name, l.kind)
		for _, a := range l.addrs {
			say("addr add %s dev %s", a, l.name)
		}
	}
	for _, pr := range r.near {
		far := ""
		if pr.far.space != i {
			far = " netns " + p.spaces[pr.far.space]
		}
		say("link add name %s up%s type veth peer name %s%s", pr.near.name, inMaster(pr.near), pr.far.name, far)
		for _, a := range pr.near.addrs {
			say("addr add %s dev %s", a, pr.near.name)
		}
	}
	for _, e := range r.far {
		say("link set dev %s up%s", e.name, inMaster(e))
		for _, a := range e.addrs {
			say("addr add %s dev %s", a, e.name)
		}
	}
	for _, t := range r.routes {
		say("route add %s via %s dev %s", t.dst(), t.via, t.dev)
	}
	return lines
}

func inMaster(e end) string {
	if e.master == "" {
		return ""
	}
	return " master " + e.master
}
