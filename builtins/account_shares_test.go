//go:build linux

package builtins_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// sharesEnv says, as N:FOLDER, that scripts/vmtest runs the tests of this package
// at once in N processes, and where these meet.
const sharesEnv = "NESCRIPT_SHARES"

// share is what one of them has entered into the account.
type share struct {
	Seen, Used []string
	Same       int
}

// joinShares leaves what this process has entered into the account. The last that
// ends adds to its own what the others have left; for it alone it returns true.
func joinShares(meet string) (bool, error) {
	number, dir, _ := strings.Cut(meet, ":")
	n, err := strconv.Atoi(number)
	if err != nil {
		return false, err
	}
	at, err := leaveShare(dir)
	if err != nil || at < n-1 {
		return false, err
	}
	for i := range at {
		if err := addShare(sharePath(dir, i)); err != nil {
			return false, err
		}
	}
	return true, nil
}

func sharePath(dir string, i int) string { return filepath.Join(dir, fmt.Sprintf("share%d", i)) }

// shareText is the share as it is left.
func shareText() ([]byte, error) {
	return json.Marshal(share{slices.Collect(maps.Keys(account.seen)), slices.Collect(maps.Keys(account.used)), account.same})
}

// leaveShareIn writes the share to a file.
func leaveShareIn(path string) error {
	text, err := shareText()
	if err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o600)
}

// leaveShare writes the share to the first name that is free, and returns which.
func leaveShare(dir string) (int, error) {
	text, err := shareText()
	if err != nil {
		return 0, err
	}
	f, err := os.CreateTemp(dir, "new")
	if err != nil {
		return 0, err
	}
	_, err = f.Write(text)
	if err := errors.Join(err, f.Close()); err != nil {
		return 0, err
	}
	for i := 0; ; i++ {
		// In one step, so that those that end at once get different names.
		if err := os.Link(f.Name(), sharePath(dir, i)); !errors.Is(err, fs.ErrExist) {
			return i, err
		}
	}
}

// addShare adds to the account what another process has left.
func addShare(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var other share
	if err := json.Unmarshal(text, &other); err != nil {
		return err
	}
	for _, item := range other.Seen {
		account.seen[item] = true
	}
	for _, item := range other.Used {
		account.used[item] = true
	}
	account.same += other.Same
	return nil
}
