//go:build linux

package nsexec

import "time"

// poll looks again and again, a step apart, for what the kernel does in its own
// time and tells nobody of. It reports whether that was there within most.
func poll(most, step time.Duration, look func() (there bool, err error)) (bool, error) {
	for end := time.Now().Add(most); ; time.Sleep(step) {
		if there, err := look(); there || err != nil || time.Now().After(end) {
			return there, err
		}
	}
}
