//go:build linux

// Package docker finds the network namespaces of containers: as providers for
// [nsexec.Do], by [NPName] and [NPID], and for an engine's refs, by [Resolvers].
package docker

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"

	"github.com/nescript/nescript/nsexec"
)

// NPName provides the namespace of the running container of that name.
func NPName(cli *client.Client, containerName string) nsexec.NsProvider {
	return provider("docker-container-name", cli, containerName)
}

// NPID provides the namespace of the running container with that ID, or the
// beginning of one.
func NPID(cli *client.Client, containerID string) nsexec.NsProvider {
	return provider("docker-container-id", cli, containerID)
}

func provider(what string, cli *client.Client, container string) nsexec.NsProvider {
	return nsexec.NPGeneric(what, func() (nsexec.Namespace, error) {
		pid, err := PID(context.Background(), cli, nsexec.Docker(container))
		if err != nil {
			return "", err
		}
		return nsexec.NPProcess(pid).Provide()
	})
}

// PID returns the process of a running container, whose name or ID is that of
// the ref. Without one the error is a *nsexec.NoNamespaceError.
func PID(ctx context.Context, cli *client.Client, ref nsexec.Ref) (int, error) {
	if ref.Name == "" {
		return 0, fmt.Errorf("a container needs a name")
	}
	found, err := cli.ContainerInspect(ctx, ref.Name, client.ContainerInspectOptions{})
	switch {
	case errdefs.IsNotFound(err):
		return 0, noContainer(ctx, cli, ref)
	case err != nil:
		return 0, fmt.Errorf("%s: %w", ref, err)
	case found.Container.State == nil || found.Container.State.Pid <= 0: // it is not running
		return 0, noContainer(ctx, cli, ref)
	}
	return found.Container.State.Pid, nil
}

// noContainer says which containers do run.
func noContainer(ctx context.Context, cli *client.Client, ref nsexec.Ref) error {
	none := &nsexec.NoNamespaceError{Ref: ref}
	running, err := cli.ContainerList(ctx, client.ContainerListOptions{})
	if err != nil {
		return none
	}
	for _, c := range running.Items {
		for _, name := range c.Names {
			none.Have = append(none.Have, strings.TrimPrefix(name, "/"))
		}
	}
	slices.Sort(none.Have)
	return none
}
