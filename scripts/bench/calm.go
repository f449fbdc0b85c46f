//go:build linux

package main

import (
	"fmt"
	"os"
	"time"
)

// calm waits until the machine has little to do. When the kernel has dismantled the
// namespaces of a build it is not done with it: it frees their memory later, which
// of a thousand namespaces takes seconds, and would be counted to who comes next.
// A machine that is never calm is waited for no longer than a few seconds.
func calm() error {
	const (
		step = 250 * time.Millisecond
		most = 15 * time.Second
		busy = 0.04 // of all CPUs
		runs = 3    // that have to be calm, one after the other
	)
	before, err := readTicks()
	if err != nil {
		return err
	}
	for end, calmFor := time.Now().Add(most), 0; calmFor < runs && time.Now().Before(end); calmFor++ {
		time.Sleep(step)
		now, err := readTicks()
		if err != nil {
			return err
		}
		if now.busySince(before) > busy {
			calmFor = -1
		}
		before = now
	}
	return nil
}

// ticks are how long the machine's CPUs have been at work, and in all.
type ticks struct{ work, all uint64 }

// readTicks reads proc_stat(5).
func readTicks() (ticks, error) {
	f, err := os.Open("/proc/stat")
	if err != nil {
		return ticks{}, err
	}
	defer f.Close()
	var user, nice, system, idle, iowait, irq, softirq uint64 // steal is others' work
	_, err = fmt.Fscanf(f, "cpu %d %d %d %d %d %d %d", &user, &nice, &system, &idle, &iowait, &irq, &softirq)
	if err != nil {
		return ticks{}, fmt.Errorf("/proc/stat: %w", err)
	}
	work := user + nice + system + irq + softirq
	return ticks{work: work, all: work + idle + iowait}, nil
}

// busySince is the share of the time since then that was work.
func (t ticks) busySince(then ticks) float64 {
	if t.all <= then.all {
		return 0
	}
	return float64(t.work-then.work) / float64(t.all-then.all)
}
