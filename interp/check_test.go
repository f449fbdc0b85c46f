//go:build linux

package interp_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/nescript/nescript/interp"
	"github.com/nescript/nescript/lang"
)

// TestCheck reads the scripts of testdata/check, which are divided by ---. A
// line that is wrong says so after ###, in a pattern for each error on it.
func TestCheck(t *testing.T) {
	files, err := filepath.Glob("testdata/check/*.nes")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		line := 1
		for _, chunk := range strings.Split(string(src), "---\n") {
			t.Run(fmt.Sprintf("%s:%d", filepath.Base(file), line), func(t *testing.T) { checkChunk(t, chunk) })
			line += strings.Count(chunk, "\n") + 1
		}
	}
}

func checkChunk(t *testing.T, chunk string) {
	in, r := newTest(t)
	got := map[int][]string{}
	for _, d := range interp.Diagnose(in.CheckString("t.nes", chunk)) {
		text := strings.Join(append(append([]string{d.Message, d.Label}, d.Help...), d.Notes...), " | ")
		got[int(d.Start.Line)] = append(got[int(d.Start.Line)], text)
	}
	for i, line := range strings.Split(chunk, "\n") {
		wants := strings.Split(line, "###")[1:]
		have := got[i+1]
		if len(have) != len(wants) {
			t.Errorf("line %d, %q: %d errors, want %d:\n%s", i+1, line, len(have), len(wants), strings.Join(have, "\n"))
			continue
		}
		for j, want := range wants {
			if !regexp.MustCompile(strings.TrimSpace(want)).MatchString(have[j]) {
				t.Errorf("line %d: %q does not match %q", i+1, have[j], want)
			}
		}
	}
	if len(r.log) > 0 {
		t.Errorf("the check ran %q", r.log)
	}
}

// FuzzCheck looks for a script that makes the checker panic.
func FuzzCheck(f *testing.F) {
	files, err := filepath.Glob("testdata/check/*.nes")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, chunk := range strings.Split(string(src), "---\n") {
			f.Add(chunk)
		}
	}
	for _, test := range evalTests {
		f.Add(test.src)
	}
	f.Fuzz(func(t *testing.T, src string) {
		in, _ := newTest(t)
		err := in.CheckString("t.nes", src)
		for _, d := range interp.Diagnose(err) {
			if d.Message == "" {
				t.Errorf("an error without a message in %q", src)
			}
		}
		var diags lang.Diagnostics
		if err != nil && !errors.As(err, &diags) {
			t.Errorf("the error of %q is a %T", src, err)
		}
	})
}
