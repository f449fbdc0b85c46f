//go:build linux

package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

func newVersion(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "say which build this is",
		Args:  needArgs(0, 0, "no arguments"),
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(a.out, version())
			return err
		},
	}
}

// version is as `nescript v0.2.0 (3f2a9c1d7e55, 2026-01-02T15:04:05Z) go1.26.0 linux/amd64`.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "nescript (built without module support)"
	}
	release := info.Main.Version
	if release == "" {
		release = "(devel)"
	}
	out := "nescript " + release
	if source := sourceOf(info.Settings); source != "" {
		out += " (" + source + ")"
	}
	return fmt.Sprintf("%s %s %s/%s", out, info.GoVersion, runtime.GOOS, runtime.GOARCH)
}

// sourceOf says which commit a build is from, when that was made, and whether
// the files had changed since.
func sourceOf(settings []debug.BuildSetting) string {
	var parts []string
	for _, s := range settings {
		switch {
		case s.Key == "vcs.revision" && len(s.Value) > 12:
			parts = append(parts, s.Value[:12])
		case s.Key == "vcs.revision", s.Key == "vcs.time":
			parts = append(parts, s.Value)
		case s.Key == "vcs.modified" && s.Value == "true":
			parts = append(parts, "modified")
		}
	}
	return strings.Join(parts, ", ")
}
