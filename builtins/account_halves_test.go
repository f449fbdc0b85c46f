//go:build linux

package builtins_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// halvesEnv names a folder where the two halves meet in which scripts/vmtest runs
// the tests of a package at once, each a process of its own.
const halvesEnv = "NESCRIPT_HALVES"

// half is what one of them has entered into the account.
type half struct {
	Seen, Used []string
	Same       int
}

// joinHalves adds to the account what the other half has entered, if that has
// ended; otherwise it leaves what this one has for it, and returns false.
func joinHalves(dir string) (bool, error) {
	mine := half{slices.Collect(maps.Keys(account.seen)), slices.Collect(maps.Keys(account.used)), account.same}
	text, err := json.Marshal(mine)
	if err != nil {
		return false, err
	}
	f, err := os.CreateTemp(dir, "half")
	if err != nil {
		return false, err
	}
	_, err = f.Write(text)
	if err := errors.Join(err, f.Close()); err != nil {
		return false, err
	}
	// In one step, so that of two that end at once one is the second.
	first := filepath.Join(dir, "first")
	if err := os.Link(f.Name(), first); !errors.Is(err, fs.ErrExist) {
		return false, err
	}
	if text, err = os.ReadFile(first); err != nil {
		return false, err
	}
	var other half
	if err := json.Unmarshal(text, &other); err != nil {
		return false, err
	}
	for _, item := range other.Seen {
		account.seen[item] = true
	}
	for _, item := range other.Used {
		account.used[item] = true
	}
	account.same += other.Same
	return true, nil
}
