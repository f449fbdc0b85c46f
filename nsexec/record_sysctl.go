//go:build linux

package nsexec

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// linkSysctlDirs are the folders of /proc/sys/net that have one folder for each
// link. A link that goes to another namespace loses what is set there.
var linkSysctlDirs = []string{"ipv4/conf", "ipv6/conf", "ipv4/neigh", "ipv6/neigh", "mpls/conf"}

// sysctlsOf reads all sysctls of a link, in the namespace of the connection, as those
// of a name. If it has got another name meanwhile, the folders that were read from
// went away, and it reads anew.
func (c *Conn) sysctlsOf(index int, name string) ([]sysctlValue, error) {
	const tries = 10
	now := name
	for try := 1; ; try++ {
		values, err := c.linkSysctls(now, name)
		if err != nil {
			return nil, err
		}
		is, err := c.linkState(ByIndex(index))
		if err != nil || is.name() == now || try == tries { // one that is gone has what was read
			return values, nil
		}
		now = is.name()
	}
}

// linkSysctls reads the sysctls of a link by its name, as those of another name.
func (c *Conn) linkSysctls(name, as string) (out []sysctlValue, err error) {
	err = inNamespace(c.nsfd, func(*thread) error {
		for _, dir := range linkSysctlDirs {
			base := filepath.Join("net", dir, name)
			entries, err := os.ReadDir(sysctlRoot + base) // none where the family is not there
			if err != nil {
				continue
			}
			for _, e := range entries {
				if e.Name() == "addr_gen_mode" {
					continue // an attribute of the link: to write it makes an address
				}
				if v, ok := readSysctl(base + "/" + e.Name()); ok {
					out = append(out, sysctlValue{filepath.Join("net", dir, as, e.Name()), v})
				}
			}
		}
		return nil
	})
	return out, err
}

// readSysctl reads a sysctl, given by its path under /proc/sys. Some can't be
// read, such as a secret that has not been set.
func readSysctl(path string) (string, bool) {
	// There are 150 for each link, so not what os.ReadFile does beside reading.
	fd, err := unix.Open(sysctlRoot+path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return "", false
	}
	defer unix.Close(fd)
	buf := make([]byte, 256)
	n, err := unix.Read(fd, buf)
	for err == nil && n == len(buf) && n < 1<<16 { // it gives all or a part at once, never the rest
		buf = make([]byte, 4*len(buf))
		n, err = unix.Pread(fd, buf, 0)
	}
	if err != nil {
		return "", false
	}
	return strings.Join(strings.Fields(string(buf[:n])), " "), true
}

// reach are the sysctls that change along with one: those of all links with
// conf/all and conf/default, and those of forwarding with ip_forward.
func reach(path string) []string {
	out := []string{path}
	add := func(pattern string) {
		more, _ := filepath.Glob(sysctlRoot + pattern)
		for _, m := range more {
			if m = strings.TrimPrefix(m, sysctlRoot); !slices.Contains(out, m) {
				out = append(out, m)
			}
		}
	}
	if path == "net/ipv4/ip_forward" {
		path = "net/ipv4/conf/all/forwarding"
		add("net/ipv4/ip_forward")
		add(path)
	}
	parts := strings.Split(path, "/")
	if len(parts) != 5 || parts[2] != "conf" {
		return out
	}
	if parts[4] == "stable_secret" {
		add(strings.Join(append(parts[:4:4], "addr_gen_mode"), "/"))
	}
	if parts[3] != "all" && parts[3] != "default" {
		return out
	}
	add("net/" + parts[1] + "/conf/*/" + parts[4])
	if parts[4] == "forwarding" {
		if parts[1] == "ipv4" {
			add("net/ipv4/ip_forward")
		}
		add("net/ipv4/conf/*/accept_redirects")
	}
	return out
}

// restoreSysctls writes what differs, in order, and once more what a later one
// has changed again.
func (c *Conn) restoreSysctls(values []sysctlValue) error {
	if len(values) == 0 {
		return nil
	}
	return inNamespace(c.nsfd, func(*thread) error {
		var errs []error
		for range 2 {
			errs = errs[:0]
			for _, v := range values {
				if now, ok := readSysctl(v.key); ok && now == v.value {
					continue
				}
				err := os.WriteFile(sysctlRoot+v.key, []byte(v.value+"\n"), 0)
				if err != nil && !errors.Is(err, os.ErrNotExist) && !errors.Is(err, unix.EACCES) {
					errs = append(errs, err)
				}
			}
		}
		return errors.Join(errs...)
	})
}
