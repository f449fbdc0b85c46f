//go:build linux

package early

import "iter"

// mapping is a part of a file that is mapped.
type mapping struct {
	from, to             uintptr
	writable, executable bool
}

// mappings are those of files in the lines of a /proc/PID/maps
// (proc_pid_maps(5)), which look like
//
//	00400000-00b19000 r-xp 00001000 fe:00 1234    /usr/bin/nescript
//
// It does without packages bytes and strconv, before which half of all packages
// initialize.
func mappings(text []byte) iter.Seq[mapping] {
	return func(yield func(mapping) bool) {
		var line, addresses, perms, path []byte
		for len(text) > 0 {
			line, text = cut(text, '\n')
			addresses, line = field(line)
			perms, line = field(line)
			for range 4 { // after the offset, the device and the inode
				path, line = field(line)
			}
			if len(perms) < 3 || len(path) == 0 || path[0] != '/' {
				continue
			}
			from, to := cut(addresses, '-')
			m := mapping{from: address(from), to: address(to), writable: perms[1] == 'w', executable: perms[2] == 'x'}
			if m.from < m.to && !yield(m) {
				return
			}
		}
	}
}

// field cuts the first of the fields off a line.
func field(line []byte) (first, rest []byte) {
	for len(line) > 0 && line[0] == ' ' {
		line = line[1:]
	}
	return cut(line, ' ')
}

// cut is what is before the first of a character, and what is after it.
func cut(text []byte, at byte) (before, after []byte) {
	for i, c := range text {
		if c == at {
			return text[:i], text[i+1:]
		}
	}
	return text, nil
}

// address reads a hexadecimal number, and is 0 where there is none.
func address(hex []byte) uintptr {
	var n uintptr
	for _, c := range hex {
		switch {
		case '0' <= c && c <= '9':
			n = n<<4 | uintptr(c-'0')
		case 'a' <= c && c <= 'f':
			n = n<<4 | uintptr(c-'a'+10)
		default:
			return 0
		}
	}
	return n
}
