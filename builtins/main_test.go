//go:build linux

package builtins_test

import (
	"testing"

	"github.com/nescript/nescript/nsexec/nstest"
)

func TestMain(m *testing.M) { nstest.Main(m) }
