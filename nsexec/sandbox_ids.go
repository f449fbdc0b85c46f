//go:build linux

package nsexec

import (
	"bufio"
	"fmt"
	"os"
	"syscall"
)

// sandboxAttr says how to start a process into a sandbox. An ordinary user
// becomes user 0 inside, alone; root keeps all the users it knows.
func sandboxAttr() (*syscall.SysProcAttr, error) {
	attr := &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS | syscall.CLONE_NEWNET,
		Pdeathsig:  syscall.SIGKILL,
	}
	if os.Geteuid() != 0 {
		attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}}
		attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}}
		return attr, nil
	}
	var err error
	if attr.UidMappings, err = sameIDs("/proc/self/uid_map"); err != nil {
		return nil, err
	}
	if attr.GidMappings, err = sameIDs("/proc/self/gid_map"); err != nil {
		return nil, err
	}
	attr.GidMappingsEnableSetgroups = true
	return attr, nil
}

// sameIDs maps each user or group that exists here to itself.
func sameIDs(path string) ([]syscall.SysProcIDMap, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var ids []syscall.SysProcIDMap
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var here, above, size int
		if _, err := fmt.Sscan(lines.Text(), &here, &above, &size); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		ids = append(ids, syscall.SysProcIDMap{ContainerID: here, HostID: here, Size: size})
	}
	if len(ids) == 0 {
		return nil, fmt.Errorf("%s is empty", path)
	}
	return ids, nil
}
