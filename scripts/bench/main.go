//go:build linux

// Command bench measures how long NEScript and other tools take to build the
// same things, and to take them down, in turn: each build in a fresh mount and
// network namespace with a /run of its own, the kernel given time to dismantle
// the last one, and to be done with that, before the next. Each round begins with
// another tool. What each has built is looked at; a wrong thing is an error. It
// needs root.
//
//	go run ./scripts/bench [--rounds N] [--only RE] [--tools a,b] [--once a,b] [--nescript PATH] [--cpu] [--json] [WORKLOAD…]
//
// A workload is a family and a size, as star-300.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
)

func main() {
	if err := dispatch(os.Args[1:]); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "bench:", err)
		}
		os.Exit(1)
	}
}

// parts are what the program does in processes of its own that it starts.
func parts() map[string]func(args []string) error {
	return map[string]func([]string) error{
		"inside":     insideMain,
		"floor":      floorMain,
		"go-netlink": goNetlinkMain,
	}
}

func dispatch(args []string) error {
	if len(args) > 1 {
		if part, ok := parts()[args[0]]; ok {
			return part(args[1:])
		}
	}
	return runMain(args)
}
