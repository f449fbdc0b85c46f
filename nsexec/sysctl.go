//go:build linux

package nsexec

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// NoSysctlError says that there is no such sysctl in the namespace.
type NoSysctlError struct {
	Key  string
	Have []string // the keys beside it
}

func (e *NoSysctlError) Error() string { return fmt.Sprintf("no sysctl %q", e.Key) }

// Unwrap returns ENOENT.
func (e *NoSysctlError) Unwrap() error { return unix.ENOENT }

// sysctlRoot is where the kernel shows the sysctls of the reading thread's
// namespace.
const sysctlRoot = "/proc/sys/"

// SysctlPath is the file of a sysctl of a network namespace. Keys are written
// with dots or with slashes; the first of either is what separates, so that a
// link's dot can be written: net/ipv4/conf/eth0.1/forwarding, or
// net.ipv4.conf.eth0/1.forwarding (see sysctl.d(5)).
func SysctlPath(key string) (string, error) {
	path := key
	if i := strings.IndexAny(key, "./"); i >= 0 && key[i] == '.' {
		path = strings.Map(func(r rune) rune {
			switch r {
			case '.':
				return '/'
			case '/':
				return '.'
			}
			return r
		}, key)
	}
	for part := range strings.SplitSeq(path, "/") {
		if part == "" || part == "." || part == ".." || strings.ContainsRune(part, 0) {
			return "", fmt.Errorf("%q is no name of a sysctl", key)
		}
	}
	if !strings.HasPrefix(path, "net/") {
		return "", fmt.Errorf("%q is not of a network namespace: only net.… is", key)
	}
	return sysctlRoot + path, nil
}

// SetSysctl writes a sysctl of the namespace. It runs on a thread in the
// namespace and needs CAP_NET_ADMIN over it.
func SetSysctl(key, value string) NsAction {
	return threadAction("sysctl", sysctlOp{key, value, false})
}

// EnsureSysctl writes a sysctl of the namespace unless it has the value.
func EnsureSysctl(key, value string) NsAction {
	return threadAction("ensure-sysctl", sysctlOp{key, value, true})
}

type sysctlOp struct {
	key, value string
	ensure     bool
}

func (o sysctlOp) String() string { return "sysctl " + o.key + " " + o.value }

// prepare notes the value that there is, and those that change along with it.
func (o sysctlOp) prepare(ctx context.Context, c *Conn, u *Undo) (operation, error) {
	path, err := SysctlPath(o.key)
	if err != nil || u.owns(c.id) {
		return o, err
	}
	key := strings.TrimPrefix(path, sysctlRoot)
	r := &Record{}
	err = inNamespace(c.nsfd, func(*thread) error {
		for _, k := range reach(key) {
			if v, ok := readSysctl(k); ok {
				r.sysctls = append(r.sysctls, sysctlValue{k, v})
			}
		}
		return nil
	})
	if err != nil || len(r.sysctls) == 0 || r.sysctls[0].key != key {
		return o, err // there is none, or none that can be read: the write will say
	}
	if strings.HasPrefix(key, "net/ipv6/conf/") && strings.HasSuffix(key, "/disable_ipv6") {
		if err := u.noteIPv6(ctx, c, strings.Split(key, "/")[3]); err != nil {
			return nil, err
		}
	}
	if strings.HasPrefix(key, "net/ipv6/conf/") && strings.HasSuffix(key, "/forwarding") {
		if err := c.awaitNoDAD(); err != nil {
			return nil, err
		}
	}
	return o, u.note(ctx, c.cookieRef(), restoreOp{RestoreConfig{Text: o.key, Record: r}})
}

func (o sysctlOp) act(context.Context, *Conn) error {
	path, err := SysctlPath(o.key)
	if err != nil {
		return err
	}
	if o.ensure {
		if now, err := os.ReadFile(path); err == nil && sameWords(string(now), o.value) {
			return nil
		}
	}
	return o.write(path)
}

func (o sysctlOp) write(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if errors.Is(err, os.ErrNotExist) {
		return noSysctl(o.key, path)
	}
	if err != nil {
		return bareErrno(err)
	}
	defer f.Close()
	if _, err := f.WriteString(o.value + "\n"); err != nil {
		return bareErrno(err)
	}
	return nil
}

// bareErrno is an error without the path, which the statement has said.
func bareErrno(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

func noSysctl(key, path string) error {
	out := &NoSysctlError{Key: key}
	entries, _ := os.ReadDir(filepath.Dir(path)) // only for the hint
	for _, e := range entries {
		out.Have = append(out.Have, strings.ReplaceAll(strings.TrimPrefix(filepath.Join(filepath.Dir(path), e.Name()), sysctlRoot), "/", "."))
	}
	return out
}

// sameWords compares values as the kernel prints lists: apart from white space.
func sameWords(a, b string) bool {
	return strings.Join(strings.Fields(a), " ") == strings.Join(strings.Fields(b), " ")
}

// Forward switches forwarding in the namespace, for both families: of one link,
// or where that is "" of all. A kernel without IPv6 is fine.
func Forward(link string, on bool) NsAction {
	return threadAction("forward", forwardOp{link, on})
}

type forwardOp struct {
	link string
	on   bool
}

func (o forwardOp) String() string {
	s := "forward off"
	if o.on {
		s = "forward on"
	}
	if o.link != "" {
		s += " " + o.link
	}
	return s
}

// prepare notes nothing: the operations that it consists of do.
func (o forwardOp) prepare(context.Context, *Conn, *Undo) (operation, error) { return o, nil }

func (o forwardOp) act(ctx context.Context, c *Conn) error {
	value := "0"
	if o.on {
		value = "1"
	}
	v4, v6 := "net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding"
	if o.link != "" {
		if _, err := c.Index(LinkRef{Name: o.link}); err != nil {
			return err
		}
		v4, v6 = "net/ipv4/conf/"+o.link+"/forwarding", "net/ipv6/conf/"+o.link+"/forwarding"
	}
	if err := perform(ctx, c, sysctlOp{v4, value, false}); err != nil {
		return err
	}
	err := perform(ctx, c, sysctlOp{v6, value, false})
	if _, none := os.Stat(sysctlRoot + "net/ipv6"); errors.Is(none, os.ErrNotExist) {
		return nil
	}
	return err
}
