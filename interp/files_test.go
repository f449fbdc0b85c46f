//go:build linux

package interp_test

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/nescript/nescript/interp"
)

// TestFiles: what a verb reads is looked for in the folder of the script that the
// statement stands in, whoever includes it, and before the run.
func TestFiles(t *testing.T) {
	object, err := os.ReadFile("../builtins/testdata/bpf/progs.o")
	if err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{
		"labs/lib/l.nes": {Data: []byte("def drops(l) < set $l xdp obj x.o sec xdp_drop >\nset eth1 xdp obj x.o sec xdp")},
		"labs/lib/x.o":   {Data: object},
		"labs/y.o":       {Data: object},
	}
	in, err := interp.New(interp.FS(files))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	for script, want := range map[string]string{
		"include lib/l.nes; drops eth0; set eth0 xdp obj y.o":                      "",
		"include lib/l.nes; set eth0 xdp obj x.o":                                  `can't read "labs/x.o": file does not exist`,
		"set eth0 xdp obj lib/x.o; set eth0 xdp obj lib/../lib/x.o sec nothing":    `no section "nothing"`,
		"set eth0 xdp obj /labs/y.o":                                               `can't read "/labs/y.o"`,
		"route 10.0.0.0/8 dev eth0 encap bpf in obj lib/l.nes":                     "no object of BPF programs",
		"exec make; set eth0 xdp obj x.o":                                          "",
		"let name = 'x.o'; set eth0 xdp obj $name":                                 `can't read "labs/x.o"`,
		"let name = env('HOME'); set eth0 xdp obj $name":                           "",
		"filter eth0 bpf da obj y.o":                                               "",
		"filter eth0 bpf da obj y.o sec xdp pref 5; filter eth0 bpf obj y.o sec n": `no section "n"`,
	} {
		err := in.CheckString("labs/a.nes", script)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", script, err, want)
		}
	}
}
