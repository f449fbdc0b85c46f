//go:build linux

package builtins

import (
	"os"
	"path/filepath"
)

// Files are what verbs read by the names that a script gives, which are relative
// to the script's folder.
type Files interface {
	// Path is where a name leads to.
	Path(name string) string
	// ReadFile reads the file of a name. Its error does not repeat the name.
	ReadFile(name string) ([]byte, error)
}

// files are those of the environment; without, the machine's own, from Dir.
func (e *Env) files() Files {
	if e.Files != nil {
		return e.Files
	}
	return dirFiles(e.Dir)
}

// dirFiles are the machine's files, from a folder.
type dirFiles string

func (d dirFiles) Path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(string(d), name)
}

func (d dirFiles) ReadFile(name string) ([]byte, error) { return os.ReadFile(d.Path(name)) }
