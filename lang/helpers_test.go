package lang

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// chunk is a script and what is expected of it.
type chunk struct {
	line      int // where the script starts in its file
	src, want string
}

const (
	chunkEnd  = "\n---\n"
	chunkWant = "\n=>\n"
)

// goldenChunks runs got over every script of the chunked files that match
// pattern, and compares, or with -update writes, what it returns. A file is
// chunks with a line --- after each; a chunk is a script, a line => and what
// is expected.
func goldenChunks(t *testing.T, pattern string, got func(src string) string) {
	t.Helper()
	for _, name := range glob(t, pattern) {
		t.Run(filepath.Base(name), func(t *testing.T) {
			var out strings.Builder
			for _, c := range chunks(t, name) {
				have := got(c.src)
				if have != c.want && !*update {
					t.Errorf("%s:%d: %q\ngot:\n%s\nwant:\n%s", name, c.line, c.src, have, c.want)
				}
				out.WriteString(c.src + chunkWant + have + strings.TrimPrefix(chunkEnd, "\n"))
			}
			if *update {
				if err := os.WriteFile(name, []byte(out.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func chunks(t testing.TB, name string) []chunk {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var list []chunk
	line := 1
	for c := range strings.SplitSeq("\n"+string(data), chunkEnd) {
		c = strings.TrimPrefix(c, "\n")
		if c == "" {
			continue
		}
		src, want, _ := strings.Cut("\n"+c+"\n", chunkWant)
		list = append(list, chunk{line: line, src: strings.TrimPrefix(src, "\n"), want: want})
		line += strings.Count(c, "\n") + 2
	}
	return list
}

func glob(t testing.TB, pattern string) []string {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		t.Fatalf("no file matches %q: %v", pattern, err)
	}
	return names
}

// corpus is every script that the tests know, good or bad.
func corpus(t testing.TB) []string {
	t.Helper()
	var list []string
	for _, pattern := range []string{"testdata/errors/*.txt", "testdata/tree/*.txt"} {
		for _, name := range glob(t, pattern) {
			for _, c := range chunks(t, name) {
				list = append(list, c.src)
			}
		}
	}
	for _, pattern := range []string{"testdata/fmt/*.nes", "../scripts/*.nes"} {
		for _, name := range glob(t, pattern) {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, string(data))
		}
	}
	return list
}

// dump is a tree as nested brackets, without places.
func dump(n Node) string {
	var b strings.Builder
	dumpValue(&b, reflect.ValueOf(n))
	return b.String()
}

func dumpValue(b *strings.Builder, v reflect.Value) {
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if v.IsNil() {
			b.WriteString("-")
			return
		}
		dumpValue(b, v.Elem())
	case reflect.Slice:
		b.WriteString("[")
		for i := range v.Len() {
			if i > 0 {
				b.WriteString(" ")
			}
			dumpValue(b, v.Index(i))
		}
		b.WriteString("]")
	case reflect.Struct:
		if v.Type().PkgPath() != reflect.TypeFor[File]().PkgPath() {
			fmt.Fprint(b, v.Interface())
			return
		}
		dumpStruct(b, v)
	case reflect.String:
		fmt.Fprintf(b, "%q", v.String())
	default:
		fmt.Fprint(b, v.Interface())
	}
}

func dumpStruct(b *strings.Builder, v reflect.Value) {
	t := v.Type()
	b.WriteString("(" + t.Name())
	for i := range t.NumField() {
		f := t.Field(i)
		switch {
		case !f.IsExported(), f.Type == reflect.TypeFor[Pos](), t == reflect.TypeFor[File]() && f.Name != "Body":
			continue
		case t == reflect.TypeFor[Bad]():
			continue
		}
		b.WriteString(" ")
		dumpValue(b, v.Field(i))
	}
	b.WriteString(")")
}

// mustParse parses a good script.
func mustParse(t testing.TB, src string) *File {
	t.Helper()
	f, err := Parse("test.nes", []byte(src))
	if err != nil {
		t.Fatalf("%q: %v", src, err)
	}
	return f
}
