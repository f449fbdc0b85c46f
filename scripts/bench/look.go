//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/nsexec"
)

// look tells what is in the named namespaces, in the words of plan.lines.
func look() (lines []string, err error) {
	entries, err := os.ReadDir(netnsDir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	for _, e := range entries {
		var seen []string
		err := nsexec.Do(nsexec.NPName(e.Name()), nsexec.NAGeneric("look", func() (err error) {
			seen, err = lookHere()
			return err
		}))
		if err != nil {
			return nil, fmt.Errorf("look at %s: %w", e.Name(), err)
		}
		for _, line := range seen {
			lines = append(lines, e.Name()+": "+line)
		}
	}
	slices.Sort(lines)
	return lines, nil
}

// lookHere tells what is in the thread's namespace: by its IPv4 addresses and
// routes, but for the loopback's and those that come of themselves.
func lookHere() (lines []string, err error) {
	links, err := netlink.LinkList()
	if err != nil {
		return nil, err
	}
	names := map[int]string{}
	for _, l := range links {
		names[l.Attrs().Index] = l.Attrs().Name
	}
	for _, l := range links {
		lines = append(lines, seenLink(l, names))
	}
	addrs, err := netlink.AddrList(nil, unix.AF_INET)
	if err != nil {
		return nil, err
	}
	for _, a := range addrs {
		if name := names[a.LinkIndex]; name != "lo" {
			lines = append(lines, fmt.Sprintf("addr %s %s", name, a.IPNet))
		}
	}
	routes, err := netlink.RouteList(nil, unix.AF_INET)
	if err != nil {
		return nil, err
	}
	for _, r := range routes {
		if r.Protocol == unix.RTPROT_KERNEL {
			continue
		}
		lines = append(lines, fmt.Sprintf("route %s via %s dev %s", r.Dst, r.Gw, names[r.LinkIndex]))
	}
	return lines, nil
}

func seenLink(l netlink.Link, names map[int]string) string {
	attrs := l.Attrs()
	kind := l.Type()
	if attrs.RawFlags&unix.IFF_LOOPBACK != 0 {
		kind = ""
	}
	line := linkLine(attrs.Name, kind, names[attrs.MasterIndex])
	if attrs.RawFlags&unix.IFF_UP == 0 {
		line = strings.Replace(line, " up", " down", 1)
	}
	return line
}

// compare says how what is there differs from what was to be built.
func compare(want, got []string) error {
	var wrong []string
	add := func(mark string, lines, others []string) {
		for _, line := range lines {
			if _, found := slices.BinarySearch(others, line); !found {
				wrong = append(wrong, mark+" "+line)
			}
		}
	}
	add("missing", want, got)
	add("not asked for", got, want)
	if len(wrong) == 0 && len(want) != len(got) {
		wrong = append(wrong, fmt.Sprintf("%d objects instead of %d", len(got), len(want)))
	}
	if len(wrong) == 0 {
		return nil
	}
	const most = 5
	shown := wrong[:min(most, len(wrong))]
	return fmt.Errorf("built a wrong thing, by %d lines:\n  %s", len(wrong), strings.Join(shown, "\n  "))
}
