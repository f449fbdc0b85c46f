//go:build linux

package nsexec

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// sources calls f with each Go file of the repository.
func sources(t *testing.T, f func(path string, file *ast.File)) {
	t.Helper()
	root := ".."
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		f(rel, file)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestThreadsInOneFile: nothing but worker.go holds threads or moves them.
func TestThreadsInOneFile(t *testing.T) {
	only := []string{"LockOSThread", "UnlockOSThread", "Setns", "Unshare"}
	found := 0
	sources(t, func(path string, file *ast.File) {
		ast.Inspect(file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok || !slices.Contains(only, sel.Sel.Name) {
				return true
			}
			if path == "nsexec/worker.go" {
				found++
			} else {
				t.Errorf("%s uses %s", path, sel.Sel.Name)
			}
			return true
		})
	})
	if found < 4 {
		t.Errorf("worker.go uses them %d times", found)
	}
}

// TestImportsNothingOfOurs: this package knows neither the language nor docker.
func TestImportsNothingOfOurs(t *testing.T) {
	sources(t, func(path string, file *ast.File) {
		if filepath.Dir(path) != "nsexec" || strings.HasSuffix(path, "_test.go") {
			return
		}
		for _, imp := range file.Imports {
			name, _ := strconv.Unquote(imp.Path.Value)
			if strings.HasPrefix(name, "github.com/nescript/") || strings.Contains(name, "moby") {
				t.Errorf("%s imports %s", path, name)
			}
		}
	})
}
