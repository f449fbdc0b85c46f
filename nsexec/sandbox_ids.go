//go:build linux

package nsexec

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// sandboxAttrs are the ways to start a process into a sandbox, the best first.
// Root keeps all the users it knows, if it may hand them on (CAP_SETUID); others
// become user 0 inside, alone.
func sandboxAttrs() ([]*syscall.SysProcAttr, error) {
	alone := sandboxAttr()
	alone.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}}
	alone.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}}
	if os.Geteuid() != 0 {
		return []*syscall.SysProcAttr{alone}, nil
	}
	all := sandboxAttr()
	var err error
	if all.UidMappings, err = sameIDs("/proc/self/uid_map"); err != nil {
		return nil, err
	}
	if all.GidMappings, err = sameIDs("/proc/self/gid_map"); err != nil {
		return nil, err
	}
	// In a sandbox of an ordinary user setgroups is denied, and stays so within.
	setgroups, err := os.ReadFile("/proc/self/setgroups")
	all.GidMappingsEnableSetgroups = err == nil && strings.TrimSpace(string(setgroups)) == "allow"
	return []*syscall.SysProcAttr{all, alone}, nil
}

func sandboxAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS | syscall.CLONE_NEWNET,
		Pdeathsig:  syscall.SIGKILL,
	}
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
