//go:build linux

package builtins

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/nescript/nescript/nsexec"
)

// refWord is one word of a namespace's naming: `ns`, `h1`.
var refWord = ofText("ns NAME|pid N|thread PID TID|path FILE|docker NAME|podman NAME|cookie N NAME|host", func(s string) (string, error) {
	if s == "" {
		return "", errors.New("must not be empty")
	}
	return s, nil
})

// refOf reads the words of a namespace's naming.
func refOf(words []string) (nsexec.Ref, error) {
	takes := map[string]int{"host": 0, "thread": 2, "cookie": 2}
	n, ok := takes[words[0]]
	if !ok {
		n = 1
	}
	if len(words) != n+1 {
		return nsexec.Ref{}, fmt.Errorf("%q takes %d further words, this has %d", words[0], n, len(words)-1)
	}
	switch words[0] {
	case "host":
		return nsexec.Host(), nil
	case "ns":
		return nsexec.Named(words[1]), nsexec.CheckNSName(words[1])
	case "path":
		return nsexec.Path(words[1]), nil
	case "cookie":
		return CookieRef(words[1], words[2])
	case "docker":
		return nsexec.Docker(words[1]), nil
	case "podman":
		return nsexec.Podman(words[1]), nil
	case "pid":
		pid, err := processNumber(words[1])
		return nsexec.Process(pid), err
	case "thread":
		pid, err := processNumber(words[1])
		tid, err2 := processNumber(words[2])
		return nsexec.Thread(pid, tid), errors.Join(err, err2)
	}
	return nsexec.Ref{}, fmt.Errorf("%q does not say which kind of namespace: ns, pid, thread, path, docker, podman, cookie or host", words[0])
}

// CookieRef is the namespace with a cookie, and the name that it is likely to
// have; "-" is none.
func CookieRef(number, hint string) (nsexec.Ref, error) {
	n, err := strconv.ParseUint(number, 10, 63)
	if err != nil || n == 0 {
		return nsexec.Ref{}, fmt.Errorf("%q is not the cookie of a namespace", number)
	}
	if hint == "-" {
		hint = ""
	}
	return nsexec.Cookie(n, hint), nil
}

func processNumber(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%q is not the number of a process", s)
	}
	return n, nil
}
