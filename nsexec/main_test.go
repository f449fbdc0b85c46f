//go:build linux

package nsexec_test

import (
	"testing"

	"github.com/nescript/nescript/nsexec/nstest"
)

func TestMain(m *testing.M) { nstest.Main(m) }
