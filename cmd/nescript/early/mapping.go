//go:build linux

package early

import (
	"bytes"
	"iter"
	"strconv"
)

// mapping is a part of a file that is mapped.
type mapping struct {
	from, to             uintptr
	writable, executable bool
}

// mappings are those of files in the lines of a /proc/PID/maps
// (proc_pid_maps(5)), which look like
//
//	00400000-00b19000 r-xp 00001000 fe:00 1234    /usr/bin/nescript
func mappings(text []byte) iter.Seq[mapping] {
	return func(yield func(mapping) bool) {
		for line := range bytes.Lines(text) {
			f := bytes.Fields(line)
			if len(f) < 6 || f[5][0] != '/' || len(f[1]) < 3 {
				continue
			}
			from, to, _ := bytes.Cut(f[0], []byte("-"))
			m := mapping{from: address(from), to: address(to), writable: f[1][1] == 'w', executable: f[1][2] == 'x'}
			if m.from < m.to && !yield(m) {
				return
			}
		}
	}
}

// address is 0 where there is none.
func address(hex []byte) uintptr {
	n, err := strconv.ParseUint(string(hex), 16, strconv.IntSize)
	if err != nil {
		return 0
	}
	return uintptr(n)
}
