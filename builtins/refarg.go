//go:build linux

package builtins

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/nescript/nescript/nsexec"
)

// refWord is one word of a namespace's naming: `ns`, `h1`.
var refWord = ofText("ns NAME|pid N|thread PID TID|path FILE|docker NAME|podman NAME|host", func(s string) (string, error) {
	if s == "" {
		return "", errors.New("must not be empty")
	}
	return s, nil
})

// refOf reads the words of a namespace's naming.
func refOf(words []string) (nsexec.Ref, error) {
	takes := map[string]int{"host": 0, "thread": 2}
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
	return nsexec.Ref{}, fmt.Errorf("%q does not say which kind of namespace: ns, pid, thread, path, docker, podman or host", words[0])
}

func processNumber(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%q is not the number of a process", s)
	}
	return n, nil
}
