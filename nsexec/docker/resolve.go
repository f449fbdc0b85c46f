//go:build linux

package docker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/moby/moby/client"

	"github.com/nescript/nescript/nsexec"
)

// Resolvers has an engine find the containers that [nsexec.Docker] and
// [nsexec.Podman] refs name. Nothing is connected to before such a ref is used.
//
// Docker is asked where its own client would ask: at DOCKER_HOST, or its usual
// socket. Podman is asked at CONTAINER_HOST or its own socket, root's or the
// user's, and where none listens by running podman.
func Resolvers() nsexec.Option {
	docker := nsexec.Resolver(nsexec.RefDocker, dockerPID)
	podman := nsexec.Resolver(nsexec.RefPodman, podmanPID)
	return func(e *nsexec.Engine) { docker(e); podman(e) }
}

func dockerPID(ctx context.Context, name string) (int, error) {
	return ask(ctx, nsexec.Docker(name), client.FromEnv)
}

func podmanPID(ctx context.Context, name string) (int, error) {
	if host := os.Getenv("CONTAINER_HOST"); host != "" {
		return ask(ctx, nsexec.Podman(name), client.WithHost(host))
	}
	socket := "/run/podman/podman.sock"
	if os.Geteuid() != 0 {
		socket = filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), "podman/podman.sock")
	}
	if _, err := os.Stat(socket); !errors.Is(err, fs.ErrNotExist) {
		return ask(ctx, nsexec.Podman(name), client.WithHost("unix://"+socket))
	}
	return runPodman(ctx, name)
}

// ask asks whoever speaks docker's API at a place.
func ask(ctx context.Context, ref nsexec.Ref, at client.Opt) (int, error) {
	cli, err := client.New(at)
	if err != nil {
		return 0, err
	}
	defer cli.Close()
	return PID(ctx, cli, ref)
}

func runPodman(ctx context.Context, name string) (int, error) {
	cmd := exec.CommandContext(ctx, "podman", "container", "inspect", "--format", "{{.State.Pid}}", "--", name)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if bytes.Contains(stderr.Bytes(), []byte("no such container")) {
		return 0, &nsexec.NoNamespaceError{Ref: nsexec.Podman(name)}
	}
	if err != nil {
		return 0, fmt.Errorf("podman %s: %w: %s", name, err, bytes.TrimSpace(stderr.Bytes()))
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(out)))
	if err != nil {
		return 0, fmt.Errorf("podman %s: it answered %q", name, out)
	}
	if pid <= 0 { // it is not running
		return 0, &nsexec.NoNamespaceError{Ref: nsexec.Podman(name)}
	}
	return pid, nil
}
