//go:build linux

package docker_test

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/moby/moby/client"

	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/docker"
	"github.com/nescript/nescript/nsexec/nstest"
)

func TestMain(m *testing.M) { nstest.Main(m) }

// daemon answers on a socket of its own as dockerd does: it knows the
// containers of the map, with their processes.
func daemon(t *testing.T, containers map[string]int) (socket string) {
	t.Helper()
	mux := http.NewServeMux()
	answer := func(w http.ResponseWriter, status int, v any) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Api-Version", "1.44")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(v)
	}
	mux.HandleFunc("/_ping", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "OK") })
	mux.HandleFunc("/{version}/containers/{name}/json", func(w http.ResponseWriter, r *http.Request) {
		pid, ok := containers[r.PathValue("name")]
		if !ok {
			answer(w, http.StatusNotFound, map[string]string{"message": "No such container: " + r.PathValue("name")})
			return
		}
		answer(w, http.StatusOK, map[string]any{"Id": "0123", "State": map[string]any{"Running": pid != 0, "Pid": pid}})
	})
	mux.HandleFunc("/{version}/containers/json", func(w http.ResponseWriter, _ *http.Request) {
		list := []map[string]any{}
		for name, pid := range containers {
			if pid != 0 {
				list = append(list, map[string]any{"Id": "0123", "Names": []string{"/" + name}})
			}
		}
		answer(w, http.StatusOK, list)
	})
	socket = filepath.Join(t.TempDir(), "docker.sock")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: mux}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { server.Close() })
	return socket
}

// container starts a process in a namespace that holds a bridge br0.
func container(t *testing.T) int {
	t.Helper()
	ns := nstest.NS(t)
	cmd := exec.Command("sleep", "60")
	err := nsexec.Do(nsexec.NPName(ns.Name), nsexec.LANewBridge("br0"), nsexec.NAGeneric("start", cmd.Start))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return cmd.Process.Pid
}

func hasBridge(_ context.Context, c *nsexec.Conn) error {
	_, err := c.Index(nsexec.ByName("br0"))
	return err
}

func TestProviders(t *testing.T) {
	socket := daemon(t, map[string]int{"web": container(t), "stopped": 0})
	cli, err := client.New(client.WithHost("unix://" + socket))
	if err != nil {
		t.Fatal(err)
	}
	defer cli.Close()
	look := nsexec.ActionFunc("look", "", false, hasBridge)
	for _, p := range []nsexec.NsProvider{docker.NPName(cli, "web"), docker.NPID(cli, "web")} {
		if err := nsexec.Do(p, look); err != nil {
			t.Error(err)
		}
	}
	for _, name := range []string{"stopped", "missing"} {
		err := nsexec.Do(docker.NPName(cli, name), look)
		var none *nsexec.NoNamespaceError
		if !errors.As(err, &none) || none.Ref != nsexec.Docker(name) || !slices.Equal(none.Have, []string{"web"}) || !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if err := nsexec.Do(docker.NPName(cli, ""), look); err == nil || !strings.Contains(err.Error(), "name") {
		t.Errorf("got %v", err)
	}
}

func TestResolvers(t *testing.T) {
	pid := container(t)
	t.Setenv("DOCKER_HOST", "unix://"+daemon(t, map[string]int{"web": pid}))
	t.Setenv("CONTAINER_HOST", "unix://"+daemon(t, map[string]int{"pod": pid}))
	e, err := nsexec.NewEngine(docker.Resolvers())
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	look := nsexec.ActionFunc("look", "", false, hasBridge)
	for range 2 { // the second time it is open already
		err = e.Run(t.Context(), nsexec.Step{NS: nsexec.Docker("web"), Action: look}, nsexec.Step{NS: nsexec.Podman("pod"), Action: look})
		if err != nil {
			t.Fatal(err)
		}
	}
	var none *nsexec.NoNamespaceError
	if err := e.Run(t.Context(), nsexec.Step{NS: nsexec.Podman("web"), Action: look}); !errors.As(err, &none) || none.Ref != nsexec.Podman("web") {
		t.Errorf("got %v", err)
	}
}

// TestResolvers_nobody: that no daemon answers is not that a container is
// missing.
func TestResolvers_nobody(t *testing.T) {
	t.Setenv("DOCKER_HOST", "unix:///no/such.sock")
	e, err := nsexec.NewEngine(docker.Resolvers())
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	err = e.Run(t.Context(), nsexec.Step{NS: nsexec.Docker("web"), Action: nsexec.NAGeneric("", func() error { return nil })})
	var none *nsexec.NoNamespaceError
	if err == nil || errors.As(err, &none) || !strings.Contains(err.Error(), "/no/such.sock") {
		t.Errorf("got %v", err)
	}
}

// TestResolvers_podman stands a script in for podman.
func TestResolvers_podman(t *testing.T) {
	dir := t.TempDir()
	script := "#!/bin/sh\nfor name; do :; done\ncase $name in\npod) cat " + dir + "/pid;;\nstopped) echo 0;;\n*) echo 'Error: no such container' >&2; exit 125;;\nesac\n"
	if err := os.WriteFile(dir+"/podman", []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	pid, _ := json.Marshal(container(t))
	if err := os.WriteFile(dir+"/pid", pid, 0o644); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	t.Setenv("XDG_RUNTIME_DIR", dir)
	e, err := nsexec.NewEngine(docker.Resolvers())
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	look := nsexec.ActionFunc("look", "", false, hasBridge)
	if err := e.Run(t.Context(), nsexec.Step{NS: nsexec.Podman("pod"), Action: look}); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"stopped", "missing"} {
		var none *nsexec.NoNamespaceError
		if err := e.Run(t.Context(), nsexec.Step{NS: nsexec.Podman(name), Action: look}); !errors.As(err, &none) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
