//go:build linux

package nsexec

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// furnish sets up a sandbox from within: a /run of its own, a /sys that shows
// its own links, a loopback that is up.
func furnish() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make the mounts private: %w", err)
	}
	if err := unix.Mount("tmpfs", "/run", "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=755"); err != nil {
		return fmt.Errorf("mount a tmpfs on /run: %w", err)
	}
	if err := os.MkdirAll(DefaultMountPath, 0o755); err != nil {
		return err
	}
	// The kernel refuses a new sysfs where parts of the present one are hidden,
	// as in many containers. Then /sys/class/net goes on showing other links,
	// which nothing here reads.
	_ = unix.Mount("sysfs", "/sys", "sysfs", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "")
	// With this, ping needs no privilege inside. Some kernels lack ping sockets.
	_ = os.WriteFile("/proc/sys/net/ipv4/ping_group_range", []byte("0 0"), 0)
	return loopbackUp()
}
