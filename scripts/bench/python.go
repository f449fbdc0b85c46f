//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// needsPython says that a tool needs a module of Python, from a package of PyPI,
// and some programs. The module is the machine's own, or is installed into a
// virtual environment in the user's cache, where that can be done.
func needsPython(module, pkg string, programs ...string) func(*config) error {
	return func(cfg *config) error {
		for _, p := range programs {
			if _, err := exec.LookPath(p); err != nil {
				return err
			}
		}
		python, err := pythonWith(module, pkg)
		if err != nil {
			return err
		}
		if cfg.Python == nil {
			cfg.Python = map[string]string{}
		}
		cfg.Python[module] = python
		return nil
	}
}

// pythonWith is an interpreter that has a module.
func pythonWith(module, pkg string) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	venv := filepath.Join(cache, "nescript-bench", "venv")
	own := filepath.Join(venv, "bin", "python")
	for _, python := range []string{own, "python3", "/usr/bin/python3"} {
		if exec.Command(python, "-c", "import "+module).Run() == nil {
			return python, nil
		}
	}
	if _, err := os.Stat(own); errors.Is(err, os.ErrNotExist) {
		if err := quietly("python3", "-m", "venv", venv); err != nil {
			return "", err
		}
	}
	if err := quietly(own, "-m", "pip", "install", "--quiet", "--retries", "0", pkg); err != nil {
		return "", err
	}
	return own, quietly(own, "-c", "import "+module)
}

// quietly runs a program; what it wrote is in the error.
func quietly(name string, args ...string) error {
	out, err := exec.Command(name, args...).CombinedOutput()
	if err == nil {
		return nil
	}
	lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	return fmt.Errorf("%s: %w: %s", name, err, lines[len(lines)-1])
}

// pythonPeer returns a function that runs a script over the plan.
func pythonPeer(module, script string) func(*job) ([]string, error) {
	return func(j *job) ([]string, error) {
		text, err := j.plan.json()
		if err != nil {
			return nil, err
		}
		plan, err := j.write("plan.json", string(text))
		if err != nil {
			return nil, err
		}
		path, err := j.write("build.py", script)
		return []string{j.Python[module], path, plan}, err
	}
}
